"""One response in the making: from `response.created` to `response.done`, in the API's order."""

import base64
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from rtstart.core.realtime.actions import EndPlay, Outbox, Play
from rtstart.core.realtime.answers import Failure, Question
from rtstart.core.realtime.conversation import (
    Audio,
    Conversation,
    FunctionCall,
    Item,
    Message,
    Status,
    Text,
    item_wire,
)
from rtstart.core.realtime.settings import BYTES_PER_MS
from rtstart.core.realtime.usage import ASSISTANT_MS_PER_TOKEN, response_usage, text_tokens
from rtstart.core.realtime.wire import Json

Medium: TypeAlias = Literal["socket", "track"]
"""Where sound goes: as events over the WebSocket, or over a WebRTC media track."""

_ARGUMENT_PIECE = 12


@dataclass(slots=True)
class _Open:
    """The message that is being said."""

    item_id: str
    index: int
    previous_id: str | None
    words: list[str] = field(default_factory=list)
    sound: bytearray = field(default_factory=bytearray)
    cut_ms: int | None = None


class Speaking:
    """Turns the parts of an answer into events, and into items of the conversation.

    `conversation` is None for a response out of band. The caller ends it with exactly one of
    `complete`, `cancel`, `fail` and `stop_at_limit`.
    """

    def __init__(
        self,
        question: Question,
        *,
        conversation: Conversation | None,
        metadata: Json,
        medium: Medium,
        outbox: Outbox,
    ) -> None:
        self.id = question.response_id
        self.first_sound_at: float | None = None
        self.sounding_item_id: str | None = None
        self._question = question
        self._settings = question.settings
        self._conversation = conversation
        self._metadata = metadata
        self._medium = medium
        self._format = question.format
        self._box = outbox
        self._done: list[Item] = []
        self._open: _Open | None = None
        self._words = 0
        self._spoken_bytes = 0
        self._box.send("response.created", response=self._wire("in_progress", None, None))

    @property
    def spoken_ms(self) -> int:
        """How much sound the answer has so far."""
        return self._spoken_bytes // BYTES_PER_MS[self._format]

    @property
    def is_over_limit(self) -> bool:
        """Whether the answer has more tokens than it may have."""
        limit = self._settings.max_output_tokens
        return limit != "inf" and self.tokens > limit

    @property
    def tokens(self) -> int:
        """How many tokens the answer has so far."""
        return self._words + self.spoken_ms // ASSISTANT_MS_PER_TOKEN

    @property
    def said_ms(self) -> int:
        """How much sound the message being said has so far."""
        rate = BYTES_PER_MS[self._format]
        return 0 if self._open is None else len(self._open.sound) // rate

    def is_saying(self, item_id: str) -> bool:
        """Whether this item is the message that is being said now."""
        return self._open is not None and self._open.item_id == item_id

    def words(self, text: str) -> None:
        """Say more words, or more of the transcript of what is heard."""
        message = self._message()
        message.words.append(text)
        self._words += text_tokens(text)
        kind = "text" if self._settings.output_modality == "text" else "audio_transcript"
        padding = "x" * (-len(text) % 16)
        self._part(f"response.output_{kind}.delta", message, delta=text, obfuscation=padding)

    def sound(self, audio: bytes, *, now: float) -> None:
        """Let more be heard."""
        message = self._message()
        message.sound += audio
        self._spoken_bytes += len(audio)
        if self.first_sound_at is None:
            self.first_sound_at = now
        if self._medium == "track":
            self.sounding_item_id = message.item_id
            self._box.put(Play(self.id, audio))
        else:
            delta = base64.b64encode(audio).decode("ascii")
            self._part("response.output_audio.delta", message, delta=delta)

    def call(self, name: str, arguments: str) -> None:
        """Ask for a tool to be run; a whole item of its own."""
        self._close("completed")
        self._words += text_tokens(name + arguments)
        ids = self._box.ids
        call = FunctionCall(ids("item"), ids("call"), name, "", "in_progress")
        index = len(self._done)
        previous = self._add(call, index)
        place: dict[str, Json] = {
            "response_id": self.id,
            "item_id": call.id,
            "output_index": index,
            "call_id": call.call_id,
        }
        for piece in _pieces(arguments):
            self._box.send("response.function_call_arguments.delta", **place, delta=piece)
        self._box.send(
            "response.function_call_arguments.done", **place, name=name, arguments=arguments
        )
        self._finish(replace(call, arguments=arguments, status="completed"), index, previous)

    def truncate(self, audio_end_ms: int) -> None:
        """Remember how much of the message being said was heard; the rest will be dropped."""
        if self._open is not None:
            self._open.cut_ms = audio_end_ms

    def close_items(self) -> None:
        """End the message being said before its time."""
        self._close("incomplete")

    def complete(self) -> None:
        """The answer is whole."""
        self._close("completed")
        self._end("completed", None)

    def cancel(self, reason: str) -> None:
        """The answer was stopped: `turn_detected` or `client_cancelled`."""
        self._close("incomplete")
        self._end("cancelled", {"type": "cancelled", "reason": reason})

    def stop_at_limit(self) -> None:
        """The answer may not be longer."""
        self._close("incomplete")
        self._end("incomplete", {"type": "incomplete", "reason": "max_output_tokens"})

    def fail(self, failure: Failure) -> None:
        """The answer failed."""
        self._close("incomplete")
        error: dict[str, Json] = {
            "type": failure.type,
            "code": failure.code,
            "message": failure.message,
        }
        self._end("failed", {"type": "failed", "error": error})

    def _message(self) -> _Open:
        if self._open is not None:
            return self._open
        item = Message(self._box.ids("item"), "assistant", (), "in_progress")
        index = len(self._done)
        previous = self._add(item, index)
        self._open = _Open(item.id, index, previous)
        self._part("response.content_part.added", self._open, part=self._content_part(""))
        return self._open

    def _content_part(self, words: str) -> dict[str, Json]:
        if self._settings.output_modality == "text":
            return {"type": "text", "text": words}
        return {"type": "audio", "transcript": words}

    def _part(self, type: str, message: _Open, **fields: Json) -> None:
        self._box.send(
            type,
            response_id=self.id,
            item_id=message.item_id,
            output_index=message.index,
            content_index=0,
            **fields,
        )

    def _add(self, item: Item, index: int) -> str | None:
        """Announce an item that has just begun; gives the id of the one before it."""
        previous = None
        self._box.send(
            "response.output_item.added",
            response_id=self.id,
            output_index=index,
            item=item_wire(item),
        )
        if self._conversation is not None:
            previous = self._conversation.last_id
            self._conversation.add(item)
            self._box.send(
                "conversation.item.added", previous_item_id=previous, item=item_wire(item)
            )
        return previous

    def _close(self, status: Status) -> None:
        message, self._open = self._open, None
        if message is None:
            return
        words = "".join(message.words)
        if self._settings.output_modality == "text":
            self._part("response.output_text.done", message, text=words)
            content: Text | Audio = Text(words)
        else:
            self._part("response.output_audio.done", message)
            self._part("response.output_audio_transcript.done", message, transcript=words)
            content = Audio.of(bytes(message.sound), self._format, words)
            if message.cut_ms is not None:
                content = cut(content, message.cut_ms)
        self._part("response.content_part.done", message, part=self._content_part(words))
        item = Message(message.item_id, "assistant", (content,), status)
        self._finish(item, message.index, message.previous_id)

    def _finish(self, item: Item, index: int, previous: str | None) -> None:
        self._done.append(item)
        if self._conversation is not None:
            self._conversation.replace(item)
            self._box.send(
                "conversation.item.done", previous_item_id=previous, item=item_wire(item)
            )
        self._box.send(
            "response.output_item.done",
            response_id=self.id,
            output_index=index,
            item=item_wire(item),
        )

    def _end(self, status: str, details: Json) -> None:
        usage = response_usage(
            self._settings.instructions,
            self._question.history,
            text_out=self._words,
            spoken_ms=self.spoken_ms,
        )
        if status == "failed":
            usage = response_usage("", (), text_out=0, spoken_ms=0)
        self._box.send("response.done", response=self._wire(status, details, usage))
        if self._medium == "track" and self.first_sound_at is not None:
            self._box.put(EndPlay(self.id))

    def _wire(self, status: str, details: Json, usage: Json) -> dict[str, Json]:
        settings = self._settings
        conversation = self._conversation
        return {
            "object": "realtime.response",
            "id": self.id,
            "status": status,
            "status_details": details,
            "output": [item_wire(item) for item in self._done],
            "conversation_id": None if conversation is None else conversation.id,
            "output_modalities": [settings.output_modality],
            "max_output_tokens": settings.max_output_tokens,
            "audio": {"output": settings.output_wire()},
            "usage": usage,
            "metadata": self._metadata,
        }


def cut(sound: Audio, end_ms: int) -> Audio:
    """The part of a spoken answer that was heard, with the words that belong to it.

    The words are cut in proportion, at a blank: where each was said is not known.
    """
    if end_ms >= sound.duration_ms:
        return sound
    words = sound.transcript or ""
    length = len(words) * end_ms // sound.duration_ms
    heard = words[:length]
    if words[length : length + 1] not in ("", " "):
        heard = heard.rpartition(" ")[0]
    kept = sound.audio[: end_ms * BYTES_PER_MS[sound.format]]
    return Audio(kept, sound.format, heard, end_ms)


def _pieces(text: str) -> Iterator[str]:
    for start in range(0, len(text), _ARGUMENT_PIECE):
        yield text[start : start + _ARGUMENT_PIECE]
