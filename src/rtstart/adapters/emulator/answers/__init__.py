"""Who answers in a call: `echo` by itself; others are chosen by options."""

from collections.abc import AsyncIterator
from typing import Protocol, TypeAlias

from rtstart.adapters.emulator.audio.samples import Samples
from rtstart.core.realtime.answers import Part, Question
from rtstart.core.realtime.conversation import Audio
from rtstart.core.realtime.scenario import HangUp
from rtstart.core.realtime.settings import Settings
from rtstart.core.realtime.wire import Fields

Said: TypeAlias = Part | HangUp
"""A part of an answer, or the wish to end the call."""


class Answerer(Protocol):
    """Answers in one call. Gives parts as fast as it has them; the call paces them.

    `Complete` is added by the call. An answer that is no longer wanted is cancelled.
    """

    def answer(self, question: Question) -> AsyncIterator[Said]:
        """The parts of one answer, without the end."""
        ...

    def transcribe(self, item_id: str, sound: Audio, request: Fields) -> AsyncIterator[str]:
        """What a user said in this item, in pieces."""
        ...


class Speaker(Protocol):
    """Turns words into sound."""

    async def speak(self, words: str, settings: Settings) -> Samples:
        """The sound of some words, in the voice and at the speed of the session."""
        ...
