"""What the machine is told, and what it asks for."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from rtstart.core.events import Event
from rtstart.core.findings.types import Finding
from rtstart.core.services import Service


@dataclass(frozen=True, slots=True)
class Life:
    """One process of a service, from its spawn to its end; `number` counts from 1.

    Facts and timers carry it, so that what belongs to an old life is ignored in a new one.
    """

    service: str
    number: int


Purpose: TypeAlias = Literal["ready", "back-off", "grace", "linger", "abandon", "report"]


@dataclass(frozen=True, slots=True)
class Timer:
    """A time that was asked for: how long a life may take for a step, or when to report."""

    purpose: Purpose
    life: Life | None = None


# Facts ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Begin:
    """Start everything, each service when all it comes after are ready."""


@dataclass(frozen=True, slots=True)
class Added:
    """A service joins the run, or takes the place of the one of its name, which is stopped."""

    service: Service


@dataclass(frozen=True, slots=True)
class Removed:
    """A service leaves the run: it is stopped and forgotten."""

    service: str


@dataclass(frozen=True, slots=True)
class Spawned:
    """A life has begun; its group has the number of its pid."""

    life: Life
    pid: int


@dataclass(frozen=True, slots=True)
class SpawnFailed:
    """A life could not begin."""

    life: Life
    finding: Finding


@dataclass(frozen=True, slots=True)
class Answered:
    """The life was found ready."""

    life: Life


@dataclass(frozen=True, slots=True)
class Ended:
    """The process itself has ended. Others of its group may still run, or hold its output."""

    life: Life
    code: int


@dataclass(frozen=True, slots=True)
class Emptied:
    """After `Ended`: the group is empty and the output closed. The life is over."""

    life: Life


@dataclass(frozen=True, slots=True)
class Rang:
    """The time of a timer is over."""

    timer: Timer


@dataclass(frozen=True, slots=True)
class RestartAsked:
    """Someone wants a service started anew; `is_change` says a change of its files asks for it."""

    service: str
    why: str
    is_change: bool = False


@dataclass(frozen=True, slots=True)
class StopAsked:
    """Someone wants the run to end; asked a second time, at once."""


Fact: TypeAlias = (
    Begin
    | Added
    | Removed
    | Spawned
    | SpawnFailed
    | Answered
    | Ended
    | Emptied
    | Rang
    | RestartAsked
    | StopAsked
)


# Actions ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Spawn:
    """Start a process; answered by `Spawned` or `SpawnFailed`, then `Ended` and `Emptied`."""

    life: Life
    service: Service


@dataclass(frozen=True, slots=True)
class Probe:
    """Find out when the life is ready, until it ends; answered by `Answered`."""

    life: Life
    service: Service


@dataclass(frozen=True, slots=True)
class Ring:
    """Answer with `Rang(timer)` after this time."""

    timer: Timer
    after_s: float


@dataclass(frozen=True, slots=True)
class Signal:
    """Ask the life's whole group to end, or kill it."""

    life: Life
    pid: int
    how: Literal["ask", "kill"]


@dataclass(frozen=True, slots=True)
class Abandon:
    """Wait no more for this life: what is left of it cannot be reached."""

    life: Life


@dataclass(frozen=True, slots=True)
class Tell:
    """Tell everybody."""

    event: Event


Action: TypeAlias = Spawn | Probe | Ring | Signal | Abandon | Tell
