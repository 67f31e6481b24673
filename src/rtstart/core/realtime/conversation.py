"""The items of a conversation and their order."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias, assert_never

from rtstart.core.realtime.messages import decode_audio
from rtstart.core.realtime.settings import BYTES_PER_MS, FormatName
from rtstart.core.realtime.wire import Fault, Fields, Json, as_fields, as_list, as_text

Status: TypeAlias = Literal["completed", "incomplete", "in_progress"]
Role: TypeAlias = Literal["system", "user", "assistant"]

KEPT_AUDIO_BYTES = 48 * 1024 * 1024
"""Audio of old items is forgotten beyond this, about 16 minutes of PCM; their text stays."""


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of text; on the wire `input_text` or `output_text`, by the message's role."""

    text: str


@dataclass(frozen=True, slots=True)
class Audio:
    """A piece of sound with its transcript, if there is one; `audio` may have been forgotten."""

    audio: bytes = field(repr=False)
    format: FormatName
    transcript: str | None
    duration_ms: int

    @classmethod
    def of(cls, audio: bytes, format: FormatName, transcript: str | None) -> "Audio":
        """This sound, with its length."""
        return cls(audio, format, transcript, len(audio) // BYTES_PER_MS[format])


@dataclass(frozen=True, slots=True)
class Image:
    """A picture that a user showed; kept as it came and not looked at."""

    fields: Fields


Content: TypeAlias = Text | Audio | Image


@dataclass(frozen=True, slots=True)
class Message:
    """Something that was said or written."""

    id: str
    role: Role
    content: tuple[Content, ...]
    status: Status = "completed"


@dataclass(frozen=True, slots=True)
class FunctionCall:
    """A tool that the model wants to be run; `arguments` is JSON text."""

    id: str
    call_id: str
    name: str
    arguments: str
    status: Status = "completed"


@dataclass(frozen=True, slots=True)
class FunctionOutput:
    """What a tool gave back."""

    id: str
    call_id: str
    output: str
    status: Status = "completed"


@dataclass(frozen=True, slots=True)
class McpTools:
    """The tools of an MCP server, of which there are none here."""

    id: str
    server_label: str


Item: TypeAlias = Message | FunctionCall | FunctionOutput | McpTools


def item_wire(item: Item, *, with_audio: bool = False) -> dict[str, Json]:
    """An item as events carry it; audio only where `conversation.item.retrieved` asks for it."""
    head: dict[str, Json] = {"id": item.id, "object": "realtime.item"}
    match item:
        case Message():
            content = [_content_wire(part, item.role, with_audio) for part in item.content]
            return {
                **head,
                "type": "message",
                "status": item.status,
                "role": item.role,
                "content": content,
            }
        case FunctionCall():
            return {
                **head,
                "type": "function_call",
                "status": item.status,
                "name": item.name,
                "call_id": item.call_id,
                "arguments": item.arguments,
            }
        case FunctionOutput():
            return {
                **head,
                "type": "function_call_output",
                "status": item.status,
                "call_id": item.call_id,
                "output": item.output,
            }
        case McpTools():
            return {
                **head,
                "type": "mcp_list_tools",
                "server_label": item.server_label,
                "tools": [],
            }
        case _:
            assert_never(item)


def _content_wire(part: Content, role: Role, with_audio: bool) -> dict[str, Json]:
    match part:
        case Text():
            return {
                "type": "output_text" if role == "assistant" else "input_text",
                "text": part.text,
            }
        case Audio():
            sound: dict[str, Json] = {}
            if with_audio:
                sound["audio"] = base64.b64encode(part.audio).decode("ascii")
            kind = "output_audio" if role == "assistant" else "input_audio"
            return {"type": kind, "transcript": part.transcript, **sound}
        case Image():
            return dict(part.fields)
        case _:
            assert_never(part)


def item_of(fields: Fields, *, item_id: str, call_id: str, format: FormatName) -> Item | Fault:
    """A valid item of a client as a typed one; ids are used where the client gave none."""
    chosen = as_text(fields.get("id", item_id))
    match fields["type"]:
        case "message":
            content = _contents(as_list(fields["content"]), format)
            if isinstance(content, Fault):
                return content
            role: Role = "user"
            if fields["role"] in ("system", "assistant"):
                role = "system" if fields["role"] == "system" else "assistant"
            return Message(chosen, role, content)
        case "function_call":
            return FunctionCall(
                chosen,
                call_id=as_text(fields.get("call_id", call_id)),
                name=as_text(fields["name"]),
                arguments=as_text(fields["arguments"]),
            )
        case "function_call_output":
            return FunctionOutput(
                chosen, call_id=as_text(fields["call_id"]), output=as_text(fields["output"])
            )
        case _:
            return Fault(
                "invalid_value",
                "The emulator has no MCP servers, so there is no approval request to answer. "
                "Use function tools, or the real API.",
                "item.type",
            )


def _contents(parts: Sequence[Json], format: FormatName) -> tuple[Content, ...] | Fault:
    content: list[Content] = []
    for index, part in enumerate(parts):
        fields = as_fields(part)
        match fields["type"]:
            case "input_audio":
                param = f"item.content[{index}].audio"
                audio = decode_audio(as_text(fields["audio"]), param)
                if isinstance(audio, Fault):
                    return audio
                transcript = fields.get("transcript")
                words = None if transcript is None else as_text(transcript)
                content.append(Audio.of(audio, format, words))
            case "input_image":
                content.append(Image(fields))
            case _:
                content.append(Text(as_text(fields["text"])))
    return tuple(content)


def with_transcript(message: Message, transcript: str) -> Message:
    """The message with the transcript of its first sound filled in."""
    content = list(message.content)
    for index, part in enumerate(content):
        if isinstance(part, Audio):
            content[index] = replace(part, transcript=transcript)
            break
    return replace(message, content=tuple(content))


class Conversation:
    """Items in order. Ids are unique; an order is changed only by adding and deleting."""

    def __init__(self, conversation_id: str) -> None:
        self.id = conversation_id
        self._items: dict[str, Item] = {}
        self._order: list[str] = []
        self._audio_bytes = 0

    @property
    def items(self) -> tuple[Item, ...]:
        """All items, oldest first."""
        return tuple(self._items[item_id] for item_id in self._order)

    def find(self, item_id: str) -> Item | None:
        """The item with this id."""
        return self._items.get(item_id)

    @property
    def last_id(self) -> str | None:
        """The id of the newest item."""
        return self._order[-1] if self._order else None

    def previous_id(self, item_id: str) -> str | None:
        """The id of the item before this one; None for the first."""
        place = self._order.index(item_id)
        return self._order[place - 1] if place else None

    def add(self, item: Item, after: str | None = None) -> Fault | None:
        """Put an item after another, first (`root`) or last (None)."""
        if item.id in self._items:
            words = f"Error adding item: an item with id '{item.id}' already exists."
            return Fault("item_create_duplicate_item_id", words)
        if isinstance(item, FunctionOutput) and not self._has_call(item.call_id):
            words = f"Tool call ID '{item.call_id}' not found in conversation."
            return Fault("invalid_tool_call_id", words)
        if after not in (None, "root") and after not in self._items:
            words = f"Error adding item: the previous item with id '{after}' does not exist."
            return Fault("item_create_invalid_previous_item_id", words)
        if after is None:
            self._order.append(item.id)
        else:
            place = 0 if after == "root" else self._order.index(after) + 1
            self._order.insert(place, item.id)
        self._put(item)
        return None

    def replace(self, item: Item) -> None:
        """Put a changed item in the place of the one with the same id; nothing if it is gone."""
        old = self._items.get(item.id)
        if old is not None:
            self._audio_bytes -= _audio_bytes(old)
            self._put(item)

    def remove(self, item_id: str) -> bool:
        """Take an item out; False if there is none with this id."""
        item = self._items.pop(item_id, None)
        if item is None:
            return False
        self._audio_bytes -= _audio_bytes(item)
        self._order.remove(item_id)
        return True

    def _has_call(self, call_id: str) -> bool:
        calls = (item for item in self._items.values() if isinstance(item, FunctionCall))
        return any(item.call_id == call_id for item in calls)

    def _put(self, item: Item) -> None:
        self._items[item.id] = item
        self._audio_bytes += _audio_bytes(item)
        if self._audio_bytes > KEPT_AUDIO_BYTES:
            self._forget_old_audio()

    def _forget_old_audio(self) -> None:
        for item_id in self._order:
            item = self._items[item_id]
            if self._audio_bytes <= KEPT_AUDIO_BYTES:
                return
            if isinstance(item, Message):
                self._audio_bytes -= _audio_bytes(item)
                silent = [
                    replace(part, audio=b"") if isinstance(part, Audio) else part
                    for part in item.content
                ]
                self._items[item_id] = replace(item, content=tuple(silent))


def _audio_bytes(item: Item) -> int:
    if not isinstance(item, Message):
        return 0
    return sum(len(part.audio) for part in item.content if isinstance(part, Audio))


def text_of(item: Item) -> str:
    """All words of an item, for counting tokens."""
    match item:
        case Message():
            return " ".join(part.text for part in item.content if isinstance(part, Text))
        case FunctionCall():
            return f"{item.name} {item.arguments}"
        case FunctionOutput():
            return item.output
        case McpTools():
            return ""
        case _:
            assert_never(item)
