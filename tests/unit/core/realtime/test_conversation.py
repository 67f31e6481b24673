"""Items: from the wire, to the wire, kept and forgotten."""

import base64

import pytest

from rtstart.core.realtime import conversation
from rtstart.core.realtime.conversation import (
    Audio,
    Conversation,
    FunctionCall,
    FunctionOutput,
    Image,
    Item,
    McpTools,
    Message,
    Text,
    item_of,
    item_wire,
    text_of,
    with_transcript,
)
from rtstart.core.realtime.speaking import cut
from rtstart.core.realtime.usage import response_usage
from rtstart.core.realtime.wire import Fault, Fields

SOUND = base64.b64encode(bytes(4800)).decode("ascii")
IMAGE: Fields = {"type": "input_image", "image_url": "data:image/png;base64,AA==", "detail": "low"}


def _item(fields: Fields) -> Item | Fault:
    return item_of(fields, item_id="item_1", call_id="call_1", format="audio/pcm")


@pytest.mark.parametrize(
    ("fields", "item"),
    [
        (
            {
                "type": "message",
                "role": "system",
                "content": [{"type": "input_text", "text": "Be kind"}],
            },
            Message("item_1", "system", (Text("Be kind"),)),
        ),
        (
            {
                "type": "message",
                "id": "mine",
                "role": "user",
                "content": [
                    {"type": "input_audio", "audio": SOUND, "transcript": "hello"},
                    {"type": "input_audio", "audio": SOUND},
                    IMAGE,
                ],
            },
            Message(
                "mine",
                "user",
                (
                    Audio(bytes(4800), "audio/pcm", "hello", 100),
                    Audio(bytes(4800), "audio/pcm", None, 100),
                    Image(IMAGE),
                ),
            ),
        ),
        (
            {
                "type": "message",
                "role": "assistant",
                "content": [{"type": "output_text", "text": "Yes"}],
            },
            Message("item_1", "assistant", (Text("Yes"),)),
        ),
        (
            {"type": "function_call", "name": "f", "arguments": "{}"},
            FunctionCall("item_1", "call_1", "f", "{}"),
        ),
        (
            {"type": "function_call_output", "call_id": "call_7", "output": "42"},
            FunctionOutput("item_1", "call_7", "42"),
        ),
    ],
)
def test_an_item_is_typed(fields: Fields, item: Item) -> None:
    assert _item(fields) == item


def test_the_tools_of_an_mcp_server_have_no_words_of_anybody() -> None:
    assert text_of(McpTools("a", "shop")) == ""


def test_an_mcp_item_is_refused_in_words() -> None:
    fault = _item({"type": "mcp_approval_response", "approval_request_id": "x", "approve": True})

    assert isinstance(fault, Fault)
    assert fault.message.startswith("The emulator has no MCP servers")


@pytest.mark.parametrize(
    ("item", "wire"),
    [
        (
            Message("i", "user", (Text("Hi"), Image(IMAGE))),
            {
                "type": "message",
                "status": "completed",
                "role": "user",
                "content": [{"type": "input_text", "text": "Hi"}, dict(IMAGE)],
            },
        ),
        (
            Message("i", "assistant", (Audio.of(bytes(48), "audio/pcm", "Hi"),), "incomplete"),
            {
                "type": "message",
                "status": "incomplete",
                "role": "assistant",
                "content": [{"type": "output_audio", "transcript": "Hi"}],
            },
        ),
        (
            FunctionCall("i", "c", "f", "{}"),
            {
                "type": "function_call",
                "status": "completed",
                "name": "f",
                "call_id": "c",
                "arguments": "{}",
            },
        ),
        (
            FunctionOutput("i", "c", "42"),
            {
                "type": "function_call_output",
                "status": "completed",
                "call_id": "c",
                "output": "42",
            },
        ),
    ],
)
def test_an_item_goes_over_the_wire_without_its_sound(item: Item, wire: Fields) -> None:
    assert item_wire(item) == {"id": "i", "object": "realtime.item", **wire}


def test_words_of_items_are_counted() -> None:
    items = (
        Message("a", "user", (Text("12345678"), Audio.of(bytes(48 * 250), "audio/pcm", None))),
        Message("b", "assistant", (Audio.of(bytes(48 * 250), "audio/pcm", "spoken"),)),
        Message("e", "user", (Image(IMAGE),)),
        FunctionCall("c", "c", "f", "{}"),
        FunctionOutput("d", "c", "42"),
    )

    usage = response_usage("1234", items, text_out=2, spoken_ms=120)

    assert [text_of(item) for item in items] == ["12345678", "", "", "f {}", "42"]
    assert usage["input_token_details"] == {
        "text_tokens": 1 + 2 + 0 + 0 + 1 + 1,
        "audio_tokens": 3 + 5,
        "image_tokens": 85,
        "cached_tokens": 0,
        "cached_tokens_details": {"text_tokens": 0, "audio_tokens": 0, "image_tokens": 0},
    }
    assert usage["output_token_details"] == {"text_tokens": 2, "audio_tokens": 3}


def test_a_transcript_belongs_to_the_first_sound() -> None:
    message = Message("i", "user", (Text("a"), Audio.of(b"", "audio/pcm", None)))

    assert with_transcript(message, "hello") == Message(
        "i", "user", (Text("a"), Audio.of(b"", "audio/pcm", "hello"))
    )
    assert with_transcript(Message("i", "user", (Text("a"),)), "x").content == (Text("a"),)


def test_old_sound_is_forgotten_and_its_length_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversation, "KEPT_AUDIO_BYTES", 10_000)
    talk = Conversation("conv_1")
    talk.add(FunctionCall("call", "c", "f", "{}"))

    for name in ("a", "b", "c"):
        talk.add(Message(name, "user", (Audio.of(bytes(4800), "audio/pcm", name), Text("x"))))

    kept = [part for item in talk.items if isinstance(item, Message) for part in item.content[:1]]
    assert kept == [
        Audio(b"", "audio/pcm", "a", 100),
        Audio(bytes(4800), "audio/pcm", "b", 100),
        Audio(bytes(4800), "audio/pcm", "c", 100),
    ]


def test_sound_larger_than_all_there_is_room_for_is_forgotten_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(conversation, "KEPT_AUDIO_BYTES", 100)
    talk = Conversation("conv_1")

    talk.add(Message("a", "user", (Audio.of(bytes(4800), "audio/pcm", None),)))

    assert talk.items == (Message("a", "user", (Audio(b"", "audio/pcm", None, 100),)),)


def test_an_item_that_is_gone_is_not_replaced() -> None:
    talk = Conversation("conv_1")

    talk.replace(Message("a", "user", ()))

    assert (talk.items, talk.last_id, talk.find("a")) == ((), None, None)


@pytest.mark.parametrize(
    ("end_ms", "words", "heard"),
    [
        (100, "one two", "one two"),
        (50, "one two", "one"),
        (50, "incomprehensible", ""),
        (0, "one two", ""),
        (50, "", ""),
    ],
)
def test_an_answer_is_cut_at_a_blank(end_ms: int, words: str, heard: str) -> None:
    sound = Audio.of(bytes(4800), "audio/pcm", words)

    assert cut(sound, end_ms) == Audio(bytes(48 * end_ms), "audio/pcm", heard, end_ms)
