"""`script`: answers from a scenario; where it has none, another answerer or nothing."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

from rtstart.adapters.emulator.answers import Answerer, Said, Speaker
from rtstart.adapters.emulator.answers.murmur import tone
from rtstart.adapters.emulator.answers.speech import Listener
from rtstart.adapters.emulator.answers.words import pieces
from rtstart.adapters.emulator.audio.files import read_sound
from rtstart.adapters.emulator.audio.samples import (
    RATE_HZ,
    decoded,
    encoded,
    resampled,
)
from rtstart.core.realtime.answers import Call, Failure, Question, Sound, Words
from rtstart.core.realtime.conversation import Audio
from rtstart.core.realtime.scenario import (
    CallTool,
    Fail,
    HangUp,
    Recorded,
    Reply,
    Say,
    Script,
    Tone,
    Wait,
)
from rtstart.core.realtime.wire import Fields


class Scripted:
    """Plays a scenario in one call. `sounds_dir` is where its sound files are.

    With a `listener`, conditions on what was heard go by what was really said.
    """

    def __init__(
        self,
        script: Script,
        *,
        otherwise: Answerer,
        speaker: Speaker,
        sounds_dir: Path,
        listener: Listener | None = None,
    ) -> None:
        self._script = script
        self._otherwise = otherwise
        self._speaker = speaker
        self._sounds_dir = sounds_dir
        self._listener = listener

    async def answer(self, question: Question) -> AsyncIterator[Said]:
        """The steps of the reply that fits."""
        reply = self._script.next(question, understood=await self._understood(question))
        if reply is not None:
            async for said in self._steps(reply, question):
                yield said
            return
        match self._script.scenario.otherwise:
            case "echo":
                async for said in self._otherwise.answer(question):
                    yield said
            case "silence":
                return
            case "error":
                yield Failure("server_error", None, "The scenario has no reply for this.")

    async def transcribe(self, item_id: str, sound: Audio, request: Fields) -> AsyncIterator[str]:
        """What the scenario says was said, word by word."""
        words = self._script.hears(item_id)
        if words is not None:
            for piece in pieces(words):
                yield piece
            return
        async for piece in self._otherwise.transcribe(item_id, sound, request):
            yield piece

    async def _understood(self, question: Question) -> str:
        """What was said, where somebody listens and the scenario does not say it itself."""
        heard = question.heard
        if heard is None or self._listener is None:
            return ""
        item_id = question.history[-1].id
        if self._script.hears(item_id) is not None:
            return ""
        return await self._listener.words(item_id, heard)

    async def _steps(self, reply: Reply, question: Question) -> AsyncIterator[Said]:
        for step in reply.steps:
            match step:
                case Wait():
                    await asyncio.sleep(step.seconds)
                case Say():
                    for piece in pieces(step.words):
                        yield Words(piece)
                    if question.settings.output_modality == "audio":
                        yield Sound(await self._sound(step, question))
                case CallTool():
                    yield Call(step.name, step.arguments)
                case Fail():
                    yield Failure(step.type, step.code, step.message)
                    return
                case HangUp():
                    yield step

    async def _sound(self, step: Say, question: Question) -> bytes:
        match step.sound:
            case str() as file:
                samples = await asyncio.to_thread(read_sound, self._sounds_dir / file)
            case Tone():
                samples = tone(step.sound.hz, step.sound.seconds)
            case Recorded():
                narrow, rate_hz = decoded(step.sound.audio, step.sound.format)
                samples = resampled(narrow, rate_hz, RATE_HZ)
            case None:
                samples = await self._speaker.speak(step.words, question.settings)
        return encoded(samples, question.format)
