"""The eleven events a client may send, parsed once into types that cannot be wrong.

`parse` gives the event, or the refusal that the API would send with the client's own event id.
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from rtstart.core.realtime import shapes
from rtstart.core.realtime.rules import (
    Choice,
    Rule,
    Shape,
    Text,
    Whole,
    missing_parameter,
    nullable,
)
from rtstart.core.realtime.wire import Fault, Fields, as_fields, as_text, as_whole, parse_json

MAX_EVENT_ID = 512
MAX_AUDIO_BYTES = 15 * 1024 * 1024
"""The most audio one append may carry, decoded (API reference, seen 2026-11)."""


@dataclass(frozen=True, slots=True)
class SessionUpdate:
    """Change the fields that are present in `session`."""

    event_id: str | None
    session: Fields


@dataclass(frozen=True, slots=True)
class AppendAudio:
    """More audio for the input buffer, in the session's input format."""

    event_id: str | None
    audio: bytes


@dataclass(frozen=True, slots=True)
class CommitAudio:
    """Make a user message of the input buffer."""

    event_id: str | None


@dataclass(frozen=True, slots=True)
class ClearAudio:
    """Forget the input buffer."""

    event_id: str | None


@dataclass(frozen=True, slots=True)
class CreateItem:
    """Put an item into the conversation, after another one, first (`root`) or last (None)."""

    event_id: str | None
    item: Fields
    previous_item_id: str | None


@dataclass(frozen=True, slots=True)
class RetrieveItem:
    """Send an item back with its audio."""

    event_id: str | None
    item_id: str


@dataclass(frozen=True, slots=True)
class TruncateItem:
    """Forget what the listener has not heard of an answer."""

    event_id: str | None
    item_id: str
    content_index: int
    audio_end_ms: int


@dataclass(frozen=True, slots=True)
class DeleteItem:
    """Take an item out of the conversation."""

    event_id: str | None
    item_id: str


@dataclass(frozen=True, slots=True)
class CreateResponse:
    """Answer now; `response` overrides the session for this one answer."""

    event_id: str | None
    response: Fields


@dataclass(frozen=True, slots=True)
class CancelResponse:
    """Stop an answer, the running one if none is named."""

    event_id: str | None
    response_id: str | None


@dataclass(frozen=True, slots=True)
class ClearOutput:
    """Stop playing (WebRTC only)."""

    event_id: str | None


Request: TypeAlias = (
    SessionUpdate
    | CommitAudio
    | ClearAudio
    | CreateItem
    | RetrieveItem
    | TruncateItem
    | DeleteItem
    | CreateResponse
    | CancelResponse
    | ClearOutput
)
"""Every event but appended audio, which has to be listened to before the machine takes it."""

ClientEvent: TypeAlias = Request | AppendAudio


@dataclass(frozen=True, slots=True)
class Refused:
    """A message that is no valid event; `event_id` is the client's, when it could be read."""

    event_id: str | None
    fault: Fault


BINARY_FRAME = Refused(
    None,
    Fault(
        "invalid_event",
        "Expected a text WebSocket message; binary frames are not supported.",
    ),
)
"""The answer to a binary WebSocket frame; the socket stays open (captured 2026-09-18)."""

_ID: dict[str, Rule] = {"type": Text(), "event_id": Text(MAX_EVENT_ID)}
_SHAPES: dict[str, Shape] = {
    "session.update": Shape({**_ID, "session": shapes.SESSION}, required=("session",)),
    "input_audio_buffer.append": Shape({**_ID, "audio": Text()}, required=("audio",)),
    "input_audio_buffer.commit": Shape(_ID),
    "input_audio_buffer.clear": Shape(_ID),
    "conversation.item.create": Shape(
        {**_ID, "item": shapes.ITEM, "previous_item_id": nullable(Text())}, required=("item",)
    ),
    "conversation.item.retrieve": Shape({**_ID, "item_id": Text()}, required=("item_id",)),
    "conversation.item.truncate": Shape(
        {**_ID, "item_id": Text(), "content_index": Whole(0), "audio_end_ms": Whole(0)},
        required=("item_id", "content_index", "audio_end_ms"),
    ),
    "conversation.item.delete": Shape({**_ID, "item_id": Text()}, required=("item_id",)),
    "response.create": Shape({**_ID, "response": nullable(shapes.RESPONSE)}),
    "response.cancel": Shape({**_ID, "response_id": nullable(Text())}),
    "output_audio_buffer.clear": Shape(_ID),
}
EVENT_TYPES = (
    "session.update",
    "session.close",
    "session.input_audio_buffer.append",
    "input_audio_buffer.append",
    "input_audio_buffer.commit",
    "input_audio_buffer.clear",
    "conversation.item.create",
    "conversation.item.truncate",
    "conversation.item.delete",
    "conversation.item.retrieve",
    "output_audio_buffer.clear",
    "response.create",
    "response.cancel",
)
"""The accepted types as the server itself lists them, two of another API among them."""


def parse(text: str) -> ClientEvent | Refused:
    """One text message of a client as an event, or the refusal it earns."""
    try:
        message = parse_json(text)
    except ValueError as error:
        words = f"Invalid event: failed to parse JSON value. {error}"
        return Refused(None, Fault("invalid_json", words))
    if not isinstance(message, Mapping):
        words = "Invalid event: expected a JSON object."
        return Refused(None, Fault("invalid_event", words))
    given = message.get("event_id")
    event_id = given if isinstance(given, str) and len(given) <= MAX_EVENT_ID else None
    fault = _fault(message)
    if fault is not None:
        return Refused(event_id, fault)
    return _typed(message, event_id)


def _fault(message: Fields) -> Fault | None:
    if "type" not in message:
        return missing_parameter("type")
    kind = message["type"]
    shape = _SHAPES.get(kind) if isinstance(kind, str) else None
    if shape is None:
        return Choice(EVENT_TYPES).fault(kind, "type") or Fault(
            "invalid_value", f"The event '{kind}' belongs to another API.", "type"
        )
    return shape.fault(message, "")


def _typed(message: Fields, event_id: str | None) -> ClientEvent | Refused:
    match message["type"]:
        case "session.update":
            return SessionUpdate(event_id, as_fields(message["session"]))
        case "input_audio_buffer.append":
            audio = decode_audio(as_text(message["audio"]), "audio")
            if isinstance(audio, Fault):
                return Refused(event_id, audio)
            return AppendAudio(event_id, audio)
        case "input_audio_buffer.commit":
            return CommitAudio(event_id)
        case "input_audio_buffer.clear":
            return ClearAudio(event_id)
        case "conversation.item.create":
            return CreateItem(
                event_id, as_fields(message["item"]), _optional(message, "previous_item_id")
            )
        case "conversation.item.retrieve":
            return RetrieveItem(event_id, as_text(message["item_id"]))
        case "conversation.item.truncate":
            return TruncateItem(
                event_id,
                as_text(message["item_id"]),
                content_index=as_whole(message["content_index"]),
                audio_end_ms=as_whole(message["audio_end_ms"]),
            )
        case "conversation.item.delete":
            return DeleteItem(event_id, as_text(message["item_id"]))
        case "response.create":
            return CreateResponse(event_id, as_fields(message.get("response") or {}))
        case "response.cancel":
            return CancelResponse(event_id, _optional(message, "response_id"))
        case _:
            return ClearOutput(event_id)


def _optional(message: Fields, name: str) -> str | None:
    value = message.get(name)
    return None if value is None else as_text(value)


def decode_audio(text: str, param: str) -> bytes | Fault:
    """The bytes of a base64 string, or the fault that names `param`."""
    if len(text) > (MAX_AUDIO_BYTES + 2) // 3 * 4:
        words = f"Invalid '{param}': audio is larger than 15 MiB."
        return Fault("invalid_value", words, param)
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        words = (
            f"Invalid '{param}'. Expected base64-encoded audio bytes (mono PCM16 at 24kHz) "
            "but got an invalid value."
        )
        return Fault("invalid_value", words, param)
