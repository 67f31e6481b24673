"""What the user said, written down: the events that tell of a transcription."""

import re

from rtstart.core.realtime import facts
from rtstart.core.realtime.actions import Outbox
from rtstart.core.realtime.conversation import Audio, Conversation, Message, with_transcript
from rtstart.core.realtime.settings import Settings
from rtstart.core.realtime.usage import transcription_usage
from rtstart.core.realtime.wire import Fault, Json, as_list, as_text

_NAME = "conversation.item.input_audio_transcription"
_LOGPROBS = "item.input_audio_transcription.logprobs"


class Transcripts:
    """Puts transcripts into a conversation and tells of them as the model of that name does."""

    def __init__(self, conversation: Conversation, box: Outbox) -> None:
        self._conversation = conversation
        self._box = box

    def take(self, fact: facts.Transcribed, settings: Settings) -> None:
        """More words, or all of them."""
        place: dict[str, Json] = {"item_id": fact.item_id, "content_index": 0}
        sure: dict[str, Json] = {}
        if _LOGPROBS in as_list(settings.include or ()):
            sure["logprobs"] = _logprobs(fact.words)
        if not fact.is_whole:
            padding = "x" * (-len(fact.words) % 16)
            words: dict[str, Json] = {"delta": fact.words, "obfuscation": padding, **sure}
            self._box.send(f"{_NAME}.delta", **place, **words)
            return
        model = as_text((settings.transcription or {}).get("model", ""))
        duration_ms = self._write_down(fact)
        if "diarize" in model:
            self._segment(fact, place, duration_ms)
        if model == "gpt-transcribe":
            # Of this model only; empty says that no language could be told.
            sure["languages"] = []
        usage = transcription_usage(duration_ms, fact.words, model)
        self._box.send(f"{_NAME}.completed", **place, transcript=fact.words, usage=usage, **sure)

    def _write_down(self, fact: facts.Transcribed) -> int:
        item = self._conversation.find(fact.item_id)
        if not isinstance(item, Message):
            return 0
        self._conversation.replace(with_transcript(item, fact.words))
        return sum(part.duration_ms for part in item.content if isinstance(part, Audio))

    def _segment(self, fact: facts.Transcribed, place: dict[str, Json], duration_ms: int) -> None:
        """One speaker, from the beginning to the end: nobody here tells voices apart."""
        self._box.send(
            f"{_NAME}.segment",
            **place,
            id=self._box.ids("seg"),
            speaker="A",
            start=0.0,
            end=duration_ms / 1000,
            text=fact.words,
        )

    def fail(self, fact: facts.NotTranscribed) -> None:
        """There will be no words."""
        fault = Fault(fact.code, fact.message, "", "transcription_error")
        self._box.send(f"{_NAME}.failed", item_id=fact.item_id, content_index=0, error=fault.wire())


def _logprobs(words: str) -> list[Json]:
    """Word by word, and sure of each: nothing here has doubts to tell."""
    return [
        {"token": token, "logprob": 0.0, "bytes": list(token.encode())}
        for token in re.findall(r"\s*\S+", words)
    ]
