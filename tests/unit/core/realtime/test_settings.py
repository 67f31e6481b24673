"""Settings: defaults, partial updates, and the session object on the wire."""

import pytest

from rtstart.core.realtime.settings import (
    SemanticVad,
    ServerVad,
    Settings,
    modalities_fault,
    response_settings,
)
from rtstart.core.realtime.wire import Fault, Json

REALTIME: dict[str, Json] = {"type": "realtime"}


def test_a_session_has_the_documented_defaults_when_nothing_is_set() -> None:
    wire = Settings(model="gpt-realtime-2.1").wire(session_id="sess_1", expires_at=7)

    assert wire == {
        "object": "realtime.session",
        "id": "sess_1",
        "type": "realtime",
        "model": "gpt-realtime-2.1",
        "output_modalities": ["audio"],
        "instructions": Settings().instructions,
        "tools": [],
        "tool_choice": "auto",
        "max_output_tokens": "inf",
        "tracing": None,
        "truncation": "auto",
        "prompt": None,
        "expires_at": 7,
        "audio": {
            "input": {
                "format": {"type": "audio/pcm", "rate": 24000},
                "transcription": None,
                "noise_reduction": None,
                "turn_detection": {
                    "type": "server_vad",
                    "threshold": 0.5,
                    "prefix_padding_ms": 300,
                    "silence_duration_ms": 500,
                    "idle_timeout_ms": None,
                    "create_response": True,
                    "interrupt_response": True,
                },
            },
            "output": {
                "format": {"type": "audio/pcm", "rate": 24000},
                "voice": "alloy",
                "speed": 1.0,
            },
        },
        "include": None,
    }


def test_only_fields_that_are_present_change() -> None:
    before = Settings(instructions="a", voice="marin", speed=1.2)

    after = before.updated({**REALTIME, "audio": {"output": {"voice": "cedar"}}})

    assert after == Settings(instructions="a", voice="cedar", speed=1.2)


def test_everything_can_be_set() -> None:
    patch: dict[str, Json] = {
        **REALTIME,
        "model": "gpt-realtime-2",
        "instructions": "be kind",
        "output_modalities": ["text"],
        "tools": [{"type": "function", "name": "f"}],
        "tool_choice": "required",
        "parallel_tool_calls": True,
        "reasoning": {"effort": "low"},
        "max_output_tokens": 100,
        "truncation": "disabled",
        "tracing": "auto",
        "prompt": {"id": "p"},
        "include": ["item.input_audio_transcription.logprobs"],
        "audio": {
            "input": {
                "format": {"type": "audio/pcmu"},
                "transcription": {"model": "gpt-transcribe"},
                "noise_reduction": {"type": "near_field"},
                "turn_detection": {"type": "semantic_vad", "eagerness": "high"},
            },
            "output": {"format": {"type": "audio/pcma"}, "voice": {"id": "voice_1"}, "speed": 0.5},
        },
    }

    after = Settings().updated(patch)

    wire = after.wire(session_id="s", expires_at=0)
    assert after.turn_detection == SemanticVad("high")
    assert wire["audio"] == {
        "input": {
            "format": {"type": "audio/pcmu"},
            "transcription": {"model": "gpt-transcribe"},
            "noise_reduction": {"type": "near_field"},
            "turn_detection": {
                "type": "semantic_vad",
                "eagerness": "high",
                "create_response": True,
                "interrupt_response": True,
            },
        },
        "output": {"format": {"type": "audio/pcma"}, "voice": {"id": "voice_1"}, "speed": 0.5},
    }
    top = {name: value for name, value in patch.items() if name != "audio"}
    assert {name: wire[name] for name in top} == top


@pytest.mark.parametrize(
    ("given", "rule"),
    [
        (None, None),
        ({"type": "semantic_vad"}, SemanticVad("auto")),
        ({"type": "server_vad"}, ServerVad()),
        (
            {
                "type": "server_vad",
                "threshold": 0.7,
                "prefix_padding_ms": 100,
                "silence_duration_ms": 900,
                "create_response": False,
                "interrupt_response": False,
                "idle_timeout_ms": 6000,
            },
            ServerVad(0.7, 100, 900, False, False, 6000),
        ),
    ],
)
def test_a_turn_detection_is_taken_whole(given: Json, rule: ServerVad | SemanticVad | None) -> None:
    before = Settings(turn_detection=ServerVad(threshold=0.9))

    after = before.updated({**REALTIME, "audio": {"input": {"turn_detection": given}}})

    assert after.turn_detection == rule


def test_objects_are_taken_away_when_null() -> None:
    before = Settings(transcription={"model": "x"}, noise_reduction={"type": "far_field"})

    after = before.updated(
        {**REALTIME, "audio": {"input": {"transcription": None, "noise_reduction": None}}}
    )

    assert after == Settings()


def test_formats_can_be_set_back_to_pcm() -> None:
    before = Settings(input_format="audio/pcmu")

    after = before.updated(
        {**REALTIME, "audio": {"input": {"format": {"type": "audio/pcm", "rate": 24000}}}}
    )

    assert after.input_format == "audio/pcm"


def test_a_transcription_session_shows_only_its_input() -> None:
    settings = Settings().updated({"type": "transcription"})

    wire = settings.wire(session_id="sess_1", expires_at=7)

    assert set(wire) == {"object", "id", "type", "expires_at", "audio", "include"}
    assert wire["object"] == "realtime.transcription_session"


def test_a_response_overrides_the_session_for_itself() -> None:
    session = Settings(instructions="a", model="m")

    settings = response_settings(
        session,
        {
            "instructions": "b",
            "output_modalities": ["text"],
            "conversation": "none",
            "metadata": {"x": "y"},
            "input": [],
        },
    )

    assert settings == Settings(instructions="b", output_modality="text", model="m")


@pytest.mark.parametrize("given", [["text"], ["audio"], None])
def test_one_modality_is_accepted(given: list[str] | None) -> None:
    patch: dict[str, Json] = {} if given is None else {"output_modalities": given}

    assert modalities_fault(patch, "session") is None


def test_both_modalities_are_refused() -> None:
    assert modalities_fault({"output_modalities": ["audio", "text"]}, "session") == Fault(
        "invalid_value",
        "Invalid modalities: ['audio', 'text']. Supported combinations are: ['text'] and "
        "['audio'].",
        "session.output_modalities",
    )
