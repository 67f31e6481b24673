"""Client events: every valid one is typed, every invalid one refused in the API's own words."""

import base64
import json

import pytest

from rtstart.core.realtime.messages import (
    MAX_AUDIO_BYTES,
    AppendAudio,
    CancelResponse,
    ClearAudio,
    ClearOutput,
    ClientEvent,
    CommitAudio,
    CreateItem,
    CreateResponse,
    DeleteItem,
    Refused,
    RetrieveItem,
    SessionUpdate,
    TruncateItem,
    parse,
)
from rtstart.core.realtime.wire import Fault, Json

ITEM: dict[str, Json] = {
    "type": "message",
    "role": "user",
    "content": [{"type": "input_text", "text": "Hi"}],
}


@pytest.mark.parametrize(
    ("message", "event"),
    [
        (
            {"type": "session.update", "event_id": "e1", "session": {"type": "realtime"}},
            SessionUpdate("e1", {"type": "realtime"}),
        ),
        ({"type": "input_audio_buffer.append", "audio": "AAEC"}, AppendAudio(None, b"\0\1\2")),
        ({"type": "input_audio_buffer.commit"}, CommitAudio(None)),
        ({"type": "input_audio_buffer.clear"}, ClearAudio(None)),
        (
            {"type": "conversation.item.create", "item": ITEM, "previous_item_id": "root"},
            CreateItem(None, ITEM, "root"),
        ),
        ({"type": "conversation.item.create", "item": ITEM}, CreateItem(None, ITEM, None)),
        ({"type": "conversation.item.retrieve", "item_id": "i"}, RetrieveItem(None, "i")),
        (
            {
                "type": "conversation.item.truncate",
                "item_id": "i",
                "content_index": 0,
                "audio_end_ms": 900,
            },
            TruncateItem(None, "i", 0, 900),
        ),
        ({"type": "conversation.item.delete", "item_id": "i"}, DeleteItem(None, "i")),
        ({"type": "response.create"}, CreateResponse(None, {})),
        ({"type": "response.create", "response": None}, CreateResponse(None, {})),
        (
            {"type": "response.create", "response": {"metadata": {"a": "b"}}},
            CreateResponse(None, {"metadata": {"a": "b"}}),
        ),
        ({"type": "response.cancel", "response_id": "r"}, CancelResponse(None, "r")),
        ({"type": "response.cancel"}, CancelResponse(None, None)),
        ({"type": "output_audio_buffer.clear"}, ClearOutput(None)),
    ],
)
def test_an_event_is_typed_when_valid(message: dict[str, object], event: ClientEvent) -> None:
    assert parse(json.dumps(message)) == event


def _session(**fields: object) -> dict[str, object]:
    return {"type": "session.update", "session": {"type": "realtime", **fields}}


def _item(**fields: object) -> dict[str, object]:
    return {"type": "conversation.item.create", "item": {**ITEM, **fields}}


def _nested(levels: int) -> object:
    value: object = []
    for _ in range(levels):
        value = [value]
    return value


def _content(role: str, kind: str) -> dict[str, object]:
    return _item(role=role, content=[{"type": kind, "text": "x"}])


TRANSCRIBERS = (
    "'gpt-live-transcribe', 'gpt-transcribe', 'gpt-realtime-whisper', 'gpt-4o-transcribe', "
    "'gpt-4o-mini-transcribe', 'gpt-4o-mini-transcribe-2025-12-15', 'gpt-4o-transcribe-diarize', "
    "and 'whisper-1'"
)
VOICES = (
    "'alloy', 'ash', 'ballad', 'coral', 'echo', 'sage', 'shimmer', 'verse', 'marin', and 'cedar'"
)


@pytest.mark.parametrize(
    ("message", "code", "param", "words"),
    [
        # Facts 5.8, word for word.
        (
            {"type": "session.update", "session": {"voice": "alloy"}},
            "missing_required_parameter",
            "session.type",
            "Missing required parameter: '{}'.",
        ),
        (
            _session(bogus_field=1),
            "unknown_parameter",
            "session.bogus_field",
            "Unknown parameter: '{}'.",
        ),
        (
            _session(modalities=["audio"]),
            "unknown_parameter",
            "session.modalities",
            "Unknown parameter: '{}'.",
        ),
        (
            _session(audio={"output": {"voice": "Puck"}}),
            "invalid_value",
            "session.audio.output.voice",
            f"Invalid value: 'Puck'. Supported values are: {VOICES}.",
        ),
        (
            {"type": "session.update", "session": {"type": "x"}},
            "invalid_value",
            "session.type",
            "Invalid value: 'x'. Supported values are: 'realtime' and 'transcription'.",
        ),
        (
            _session(audio={"input": {"format": "pcm16"}}),
            "invalid_type",
            "session.audio.input.format",
            "Invalid type for '{}': expected an object, but got a string instead.",
        ),
        (
            _session(audio={"input": {"format": {"type": "audio/pcm", "rate": 16000}}}),
            "integer_below_min_value",
            "session.audio.input.format.rate",
            (
                "Invalid '{}': integer below minimum value. Expected a value >= 24000, "
                "but got 16000 instead."
            ),
        ),
        # A capture of gpt-realtime-2.1-mini of 2026-08-19, word for word.
        (
            _content("user", "text"),
            "invalid_value",
            "item.content[0].type",
            (
                "Invalid value: 'text'. Supported values are: 'input_text', "
                "'input_audio', and 'input_image'."
            ),
        ),
        (
            _content("assistant", "text"),
            "invalid_value",
            "item.content[0].type",
            "Invalid value: 'text'. Value must be 'output_text'.",
        ),
        (
            _content("system", "output_text"),
            "invalid_value",
            "item.content[0].type",
            "Invalid value: 'output_text'. Value must be 'input_text'.",
        ),
        # Seen by projects of 2026: ids of a UUID and a prefix, tools with a dot, no model.
        (
            _item(id="x" * 33),
            "string_above_max_length",
            "item.id",
            (
                "Invalid '{}': string too long. Expected a string with maximum length 32, "
                "but got a string with length 33 instead."
            ),
        ),
        (
            _item(id=""),
            "empty_string",
            "item.id",
            (
                "Invalid '{}': empty string. Expected a string with minimum length 1, "
                "but got an empty string instead."
            ),
        ),
        (
            _session(tools=[{"type": "function", "name": "pos.add_item"}]),
            "invalid_value",
            "session.tools[0].name",
            (
                "Invalid '{}': string does not match pattern. "
                "Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'."
            ),
        ),
        (
            _session(audio={"input": {"transcription": {"language": "en"}}}),
            "missing_required_parameter",
            "session.audio.input.transcription.model",
            "Missing required parameter: '{}'.",
        ),
        (
            _session(audio={"input": {"transcription": {"model": "gpt-realtime-2.1"}}}),
            "invalid_value",
            "session.audio.input.transcription.model",
            f"Invalid value: 'gpt-realtime-2.1'. Supported values are: {TRANSCRIBERS}.",
        ),
        (
            _session(audio={"input": {"transcription": {"model": 5}}}),
            "invalid_type",
            "session.audio.input.transcription.model",
            "Invalid type for '{}': expected a string, but got an integer instead.",
        ),
        (
            _item(content=[{"type": "input_image", "image_url": "https://example.com/a.png"}]),
            "invalid_value",
            "item.content[0].image_url",
            (
                "Invalid '{}'. Expected a base64-encoded data URL with an image MIME type "
                "(image/png or image/jpeg), but got an invalid value."
            ),
        ),
        (
            _item(content=[{"type": "input_image", "image_url": None}]),
            "invalid_type",
            "item.content[0].image_url",
            "Invalid type for '{}': expected a string, but got null instead.",
        ),
        (
            {"type": "response.create", "response": {"input": [{"type": "item_reference"}]}},
            "missing_required_parameter",
            "response.input[0].id",
            "Missing required parameter: '{}'.",
        ),
        (
            _session(tools=[{"type": "function", "name": "f", "parameters": _nested(101)}]),
            "invalid_value",
            "session.tools[0].parameters",
            "Invalid '{}': nested more than 100 levels deep.",
        ),
        # The same rules elsewhere.
        ({}, "missing_required_parameter", "type", "Missing required parameter: '{}'."),
        (
            {"type": 3},
            "invalid_type",
            "type",
            "Invalid type for '{}': expected a string, but got an integer instead.",
        ),
        (
            {"type": "session.close"},
            "invalid_value",
            "type",
            "The event 'session.close' belongs to another API.",
        ),
        (
            {"type": "input_audio_buffer.append"},
            "missing_required_parameter",
            "audio",
            "Missing required parameter: '{}'.",
        ),
        (
            {"type": "input_audio_buffer.append", "audio": "no base64!"},
            "invalid_value",
            "audio",
            (
                "Invalid '{}'. Expected base64-encoded audio bytes (mono PCM16 at 24kHz) "
                "but got an invalid value."
            ),
        ),
        (
            {"type": "response.cancel", "event_id": "x" * 513},
            "string_above_max_length",
            "event_id",
            (
                "Invalid '{}': string too long. Expected a string with maximum length "
                "512, but got a string with length 513 instead."
            ),
        ),
        (
            _session(audio={"input": {"turn_detection": {"type": "server_vad", "threshold": 2}}}),
            "decimal_above_max_value",
            "session.audio.input.turn_detection.threshold",
            "Invalid '{}': decimal above maximum value. Expected a value <= 1, but got 2 instead.",
        ),
        (
            _session(audio={"input": {"turn_detection": "server_vad"}}),
            "invalid_type",
            "session.audio.input.turn_detection",
            "Invalid type for '{}': expected one of an object or null, but got a string instead.",
        ),
        (
            _session(max_output_tokens="many"),
            "invalid_type",
            "session.max_output_tokens",
            "Invalid type for '{}': expected one of an integer or 'inf', but got a string instead.",
        ),
        (
            _session(tools=[{"type": "function", "name": "f", "strict": True}]),
            "unknown_parameter",
            "session.tools[0].strict",
            "Unknown parameter: '{}'.",
        ),
        (
            _session(audio={"output": {"speed": True}}),
            "invalid_type",
            "session.audio.output.speed",
            "Invalid type for '{}': expected a decimal, but got a boolean instead.",
        ),
        (
            _session(parallel_tool_calls="yes"),
            "invalid_type",
            "session.parallel_tool_calls",
            "Invalid type for '{}': expected a boolean, but got a string instead.",
        ),
        (
            _session(instructions=["be", "kind"]),
            "invalid_type",
            "session.instructions",
            "Invalid type for '{}': expected a string, but got an array instead.",
        ),
        (
            _session(audio={"input": {"turn_detection": {"type": "server_vad", "threshold": {}}}}),
            "invalid_type",
            "session.audio.input.turn_detection.threshold",
            "Invalid type for '{}': expected a decimal, but got an object instead.",
        ),
        (
            _session(tools={"type": "function"}),
            "invalid_type",
            "session.tools",
            "Invalid type for '{}': expected an array of objects, but got an object instead.",
        ),
        (
            _session(tools=["get_time"]),
            "invalid_type",
            "session.tools[0]",
            "Invalid type for '{}': expected an object, but got a string instead.",
        ),
        (
            _session(tools=[{"name": "get_time"}]),
            "missing_required_parameter",
            "session.tools[0].type",
            "Missing required parameter: '{}'.",
        ),
        (
            {
                "type": "conversation.item.truncate",
                "item_id": "i",
                "content_index": 0,
                "audio_end_ms": 1.5,
            },
            "invalid_type",
            "audio_end_ms",
            "Invalid type for '{}': expected an integer, but got a decimal number instead.",
        ),
        (
            {"type": "conversation.item.delete", "item_id": None},
            "invalid_type",
            "item_id",
            "Invalid type for '{}': expected a string, but got null instead.",
        ),
        (
            {"type": "response.create", "response": {"metadata": {str(n): "" for n in range(17)}}},
            "object_above_max_properties",
            "response.metadata",
            (
                "Invalid '{}': too many properties. Expected an object with at most 16 "
                "properties, but got an object with 17 properties instead."
            ),
        ),
        (
            {"type": "response.create", "response": {"metadata": {"a": 1}}},
            "invalid_type",
            "response.metadata.a",
            "Invalid type for '{}': expected a string, but got an integer instead.",
        ),
        (
            {"type": "response.create", "response": {"metadata": "a"}},
            "invalid_type",
            "response.metadata",
            "Invalid type for '{}': expected one of an object or null, but got a string instead.",
        ),
    ],
)
def test_an_event_is_refused_in_words_when_invalid(
    message: dict[str, object], code: str, param: str, words: str
) -> None:
    event_id = message.get("event_id")
    kept = event_id if isinstance(event_id, str) and len(event_id) <= 512 else None

    assert parse(json.dumps(message)) == Refused(kept, Fault(code, words.format(param), param))


def test_an_unknown_event_is_refused_with_the_list_of_known_ones() -> None:
    refused = parse('{"type": "nope", "event_id": "mine"}')

    assert isinstance(refused, Refused)
    assert (refused.event_id, refused.fault.code, refused.fault.param) == (
        "mine",
        "invalid_value",
        "type",
    )
    assert refused.fault.message.startswith(
        "Invalid value: 'nope'. Supported values are: 'session.update', "
    )
    assert refused.fault.message.endswith(", and 'response.cancel'.")


@pytest.mark.parametrize(
    "text", ["", "{", "[" * 100_000, '{"type": NaN}', '{"type": 1e999}', "\ud800{"]
)
def test_text_is_refused_when_it_is_no_json(text: str) -> None:
    refused = parse(text)

    assert isinstance(refused, Refused)
    assert refused.fault.code == "invalid_json"
    assert refused.fault.message.startswith("Invalid event: failed to parse JSON value. ")


@pytest.mark.parametrize("text", ["3", "null", '"session.update"', "[]"])
def test_json_is_refused_when_it_is_no_object(text: str) -> None:
    assert parse(text) == Refused(
        None, Fault("invalid_event", "Invalid event: expected a JSON object.")
    )


def test_audio_is_refused_when_larger_than_the_limit() -> None:
    audio = base64.b64encode(bytes(MAX_AUDIO_BYTES + 1)).decode("ascii")

    refused = parse(json.dumps({"type": "input_audio_buffer.append", "audio": audio}))

    assert refused == Refused(
        None, Fault("invalid_value", "Invalid 'audio': audio is larger than 15 MiB.", "audio")
    )


def test_the_first_fault_is_told_when_there_are_several() -> None:
    refused = parse(json.dumps(_session(voice="alloy", modalities=["audio"])))

    assert isinstance(refused, Refused)
    assert refused.fault.param == "session.voice"
