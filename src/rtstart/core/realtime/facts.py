"""What happens to a session, as plain values: everything the session machine ever learns."""

from dataclasses import dataclass, field
from typing import TypeAlias

from rtstart.core.realtime.answers import Part
from rtstart.core.realtime.messages import Refused, Request
from rtstart.core.realtime.turns import Frame


@dataclass(frozen=True, slots=True)
class Joined:
    """A channel is open: the call's own (0), or a sideband."""

    channel: int = 0


@dataclass(frozen=True, slots=True)
class Received:
    """A message came over a channel. Appended audio comes as `Heard` instead."""

    event: Request | Refused
    channel: int = 0


@dataclass(frozen=True, slots=True)
class Heard:
    """More sound of the user, in the input format, with what was made out of it.

    `frames` may lag behind the sound by less than one frame, and is empty while no turn
    detection is set.
    """

    audio: bytes = field(repr=False)
    frames: tuple[Frame, ...] = ()
    event_id: str | None = None
    channel: int = 0


@dataclass(frozen=True, slots=True)
class Answered:
    """A part of an answer is there."""

    response_id: str
    part: Part


@dataclass(frozen=True, slots=True)
class Transcribed:
    """More words of what a user said; `is_whole` when these were the last."""

    item_id: str
    words: str
    is_whole: bool


@dataclass(frozen=True, slots=True)
class NotTranscribed:
    """Transcription failed."""

    item_id: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class PlaybackStarted:
    """The first sound of a response has gone out on the media track."""

    response_id: str


@dataclass(frozen=True, slots=True)
class PlaybackEnded:
    """The last sound of a response has gone out."""

    response_id: str


@dataclass(frozen=True, slots=True)
class PlaybackCleared:
    """Playing was stopped; how much of each unfinished response had gone out."""

    played_ms: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Rang:
    """A timer is up."""

    timer: str


Fact: TypeAlias = (
    Joined
    | Received
    | Heard
    | Answered
    | Transcribed
    | NotTranscribed
    | PlaybackStarted
    | PlaybackEnded
    | PlaybackCleared
    | Rang
)
