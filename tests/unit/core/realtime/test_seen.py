"""What an emulator saw of a call, as a test asks for it."""

from collections.abc import Mapping
from typing import Any

from rtstart.core.realtime.seen import SeenCall


def _call(*events: tuple[str, Mapping[str, Any]]) -> SeenCall:
    return SeenCall("websocket", "gpt-realtime-2.1", events)


def test_events_are_asked_for_by_their_sender_and_type() -> None:
    update = {"type": "session.update"}
    call = _call(("client", update), ("server", {"type": "session.updated"}), ("client", update))

    assert call.sent("session.update") == [update, update]
    assert call.received("session.update") == []
    assert call.received("session.updated") == [{"type": "session.updated"}]


def test_transcript_has_what_both_said_in_order() -> None:
    item = {
        "type": "message",
        "role": "user",
        "content": [{"type": "input_text", "text": "Hello"}, {"type": "input_text", "text": "you"}],
    }
    heard = "conversation.item.input_audio_transcription.completed"
    call = _call(
        ("client", {"type": "conversation.item.create", "item": item}),
        ("server", {"type": "response.output_text.done", "text": "Hi."}),
        ("server", {"type": heard, "transcript": "What time is it"}),
        ("server", {"type": "response.output_audio_transcript.done", "transcript": "Noon."}),
    )

    assert call.transcript == [
        ("user", "Hello you"),
        ("assistant", "Hi."),
        ("user", "What time is it"),
        ("assistant", "Noon."),
    ]


def test_transcript_leaves_out_what_was_not_said() -> None:
    output = {"type": "function_call_output", "call_id": "call_1", "output": "{}"}
    call = _call(
        ("client", {"type": "conversation.item.create", "item": output}),
        ("server", {"type": "response.created"}),
    )

    assert call.transcript == []
