"""`echo`: your own words come back in another pitch, and a line says what was measured.

It needs no model and proves the whole path: what you hear is what arrived.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from rtstart.adapters.emulator.answers import Said
from rtstart.adapters.emulator.answers.murmur import tone
from rtstart.adapters.emulator.answers.words import forced_tool, pieces, written_answer
from rtstart.adapters.emulator.audio.pitch import middle_hz, pitches_hz, shifted
from rtstart.adapters.emulator.audio.samples import (
    RATE_HZ,
    Samples,
    decoded,
    encoded,
    encoded_pieces,
    level_dbfs,
    resampled,
)
from rtstart.core.realtime.answers import Call, Question, Sound, Words
from rtstart.core.realtime.conversation import Audio
from rtstart.core.realtime.wire import Fields

SEMITONES = 3
_BEEP_HZ = 523.25
_BEEP_S = 0.3
_LOUD_DB = 35.0
"""What is this far below the loudest moment counts as a pause."""

_WINDOW = RATE_HZ // 50
_HEAD = RATE_HZ // 200
_TAIL = RATE_HZ // 20
_AT_ONCE = 20
_Made = TypeVar("_Made")


@dataclass(frozen=True, slots=True)
class Spoken:
    """A turn at the emulator's rate; `first` and `last` bound the samples that are not silence."""

    whole: Samples
    first: int
    last: int

    @property
    def sound(self) -> Samples:
        """What is said back: no silence before it, so that it is heard at once."""
        return self.whole[max(0, self.first - _HEAD) : self.last + _TAIL]

    async def measured(self) -> str:
        """Length, pitch and level in words. Takes some milliseconds for each second."""
        spoken = self.whole[self.first : self.last]
        hz = middle_hz([pitch async for pitch in _in_turns(pitches_hz(spoken), _AT_ONCE)])
        pitch = f", pitch about {hz:.0f} Hz" if hz else ""
        seconds = len(spoken) / RATE_HZ
        return f"{seconds:.1f} s{pitch}, level {level_dbfs(spoken):.0f} dBFS"


def spoken_part(heard: Audio) -> Spoken:
    """Find where in a turn somebody speaks. Fast: a millisecond for each second or less."""
    samples, rate_hz = decoded(heard.audio, heard.format)
    whole = resampled(samples, rate_hz, RATE_HZ) if rate_hz != RATE_HZ else samples
    return Spoken(whole, *_loud_part(whole))


async def measure(heard: Audio) -> str:
    """What a turn sounded like, in words."""
    return await spoken_part(heard).measured()


async def _in_turns(work: Iterator[_Made], at_once: int) -> AsyncIterator[_Made]:
    """What is made, with a pause after every few, so that other calls are not kept waiting.

    A thread would keep them waiting longer: it gives Python's lock back every 5 ms only.
    """
    for number, made in enumerate(work, start=1):
        yield made
        if number % at_once == 0:
            await asyncio.sleep(0)


def _loud_part(sound: Samples) -> tuple[int, int]:
    count = len(sound) // _WINDOW
    if count == 0:
        return 0, len(sound)
    windows = sound[: count * _WINDOW].reshape(count, _WINDOW).astype(np.float32)
    levels = 10 * np.log10(np.mean(windows**2, axis=1) + 1e-6)
    loud = np.flatnonzero(levels > levels.max() - _LOUD_DB)
    return int(loud[0]) * _WINDOW, (int(loud[-1]) + 1) * _WINDOW


class Echo:
    """Says back what was said."""

    async def answer(self, question: Question) -> AsyncIterator[Said]:
        """The caller's voice three semitones higher; text for text; a call where one is forced."""
        tool = forced_tool(question.settings)
        if tool is not None and question.cause != "idle":
            yield Call(tool, "{}")
            return
        heard = question.heard
        if heard is None or question.settings.output_modality == "text":
            text = written_answer(question)
            if heard is not None:
                text = f"You spoke for {await measure(heard)}."
            for piece in pieces(text):
                yield Words(piece)
            if question.settings.output_modality == "audio":
                yield Sound(encoded(tone(_BEEP_HZ, _BEEP_S), question.format))
            return
        spoken = spoken_part(heard)
        higher = encoded_pieces(shifted(spoken.sound, SEMITONES), question.format)
        for piece in pieces("You spoke for"):
            yield Words(piece)
        # Sound before the rest: measuring a long turn would be heard as a pause before the answer.
        yield Sound(next(higher, b""))
        measured = await spoken.measured()
        for piece in pieces(f" {measured}; here it is three semitones higher."):
            yield Words(piece)
        async for sound in _in_turns(higher, 1):
            yield Sound(sound)

    async def transcribe(self, item_id: str, sound: Audio, request: Fields) -> AsyncIterator[str]:
        """What was measured, in brackets: there is no recogniser here."""
        del item_id, request
        measured = await measure(sound)
        yield f"[speech, {measured}]"
