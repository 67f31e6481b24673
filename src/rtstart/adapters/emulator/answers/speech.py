"""`speech`: what you said is written down and said back to you, by programs on this machine."""

import asyncio
import logging
from collections.abc import AsyncIterator

from rtstart.adapters.emulator.answers import Said, Speaker
from rtstart.adapters.emulator.answers.words import forced_tool, pieces, written_answer
from rtstart.adapters.emulator.audio.samples import encoded
from rtstart.adapters.emulator.speech.listening import Recogniser
from rtstart.core.realtime.answers import Call, Question, Sound, Words
from rtstart.core.realtime.conversation import Audio
from rtstart.core.realtime.wire import Fields

_log = logging.getLogger(__name__)
_KEPT = 200


class Listener:
    """What was said in one call: each item is listened to once, whoever asks."""

    def __init__(self, recogniser: Recogniser) -> None:
        self._recogniser = recogniser
        self._found: dict[str, asyncio.Future[str]] = {}

    async def words(self, item_id: str, sound: Audio) -> str:
        """The words of this item; none when nothing was understood."""
        if sound.transcript:
            return sound.transcript
        if item_id not in self._found:
            if len(self._found) >= _KEPT:
                del self._found[next(iter(self._found))]
            self._found[item_id] = asyncio.ensure_future(self._recogniser.write_down(sound))
        try:
            return await asyncio.shield(self._found[item_id])
        except EOFError:
            self._found.pop(item_id, None)
            _log.exception("the recogniser broke")
            raise


class Speech:
    """Says back what it understood."""

    def __init__(self, *, speaker: Speaker, listener: Listener) -> None:
        self._speaker = speaker
        self._listener = listener

    async def answer(self, question: Question) -> AsyncIterator[Said]:
        """One sentence with the caller's words in it; a call where one is forced."""
        tool = forced_tool(question.settings)
        if tool is not None and question.cause != "idle":
            yield Call(tool, "{}")
            return
        text = written_answer(question)
        if question.heard is not None:
            words = await self._listener.words(question.history[-1].id, question.heard)
            text = f"You said: {words}." if words else "I heard you, and understood no words."
        for piece in pieces(text):
            yield Words(piece)
        if question.settings.output_modality == "audio":
            sound = await self._speaker.speak(text, question.settings)
            yield Sound(encoded(sound, question.format))

    async def transcribe(self, item_id: str, sound: Audio, request: Fields) -> AsyncIterator[str]:
        """The words as they were understood."""
        del request
        for piece in pieces(await self._listener.words(item_id, sound)):
            yield piece
