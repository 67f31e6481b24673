"""Who answers in a call: `echo` by itself; others are chosen by options."""

from collections.abc import AsyncIterator
from typing import Protocol

from rtstart.core.realtime.answers import Part, Question
from rtstart.core.realtime.conversation import Audio
from rtstart.core.realtime.wire import Fields


class Answerer(Protocol):
    """Gives the parts of an answer, as fast as it has them; the call paces them.

    `Complete` is added by the call. An answer that is no longer wanted is cancelled.
    """

    def answer(self, question: Question) -> AsyncIterator[Part]:
        """The parts of one answer, without the end."""
        ...

    def transcribe(self, sound: Audio, request: Fields) -> AsyncIterator[str]:
        """What a user said, in pieces."""
        ...
