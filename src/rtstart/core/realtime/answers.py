"""What is asked of whoever answers, and the parts an answer is made of."""

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from rtstart.core.realtime.conversation import Audio, Item, Message
from rtstart.core.realtime.settings import FormatName, Settings

Cause: TypeAlias = Literal["turn", "client", "idle"]
"""Why there is an answer: a turn ended, the client asked, or nobody spoke for long."""


@dataclass(frozen=True, slots=True)
class Question:
    """One answer to give: its settings, and all that was said, oldest first."""

    response_id: str
    settings: Settings
    history: tuple[Item, ...] = field(repr=False)
    cause: Cause
    format: FormatName
    """The format in which `Sound` is wanted."""

    @property
    def heard(self) -> Audio | None:
        """The sound of the last user message, if it has one and nothing was said since."""
        last = self.history[-1] if self.history else None
        if not isinstance(last, Message) or last.role != "user":
            return None
        sounds = [part for part in last.content if isinstance(part, Audio) and part.audio]
        return sounds[-1] if sounds else None


@dataclass(frozen=True, slots=True)
class Words:
    """More text of the answer, or of its transcript when the answer is spoken."""

    text: str


@dataclass(frozen=True, slots=True)
class Sound:
    """More sound of the answer, in the format of the question."""

    audio: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Call:
    """A tool to run; `arguments` is JSON text."""

    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Complete:
    """The answer is whole."""


@dataclass(frozen=True, slots=True)
class Failure:
    """The answer failed in the API's own words."""

    type: str
    code: str | None
    message: str


Part: TypeAlias = Words | Sound | Call | Complete | Failure
