"""One service in the machine: what it is doing, and what shall become of it."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from rtstart.core.findings import Finding
from rtstart.core.services import Service
from rtstart.core.supervision.facts import Life

Phase: TypeAlias = Literal[
    "waiting",  # for the services it comes after
    "spawning",  # asked for, and its pid is not known yet
    "starting",  # runs, not ready
    "ready",
    "lingering",  # its process has ended, its group or its output has not
    "backing-off",  # ended, will be started again
    "parked",  # given up; only a request starts it again
    "ended",
]

_ALIVE: tuple[Phase, ...] = ("spawning", "starting", "ready", "lingering")
_SIGNALLED: tuple[Phase, ...] = ("starting", "ready", "lingering")
_FIRST_DELAY_S = 0.2
_LONGEST_DELAY_S = 5.0
_STEADY_S = 60.0
"""A life this long after being ready clears the count of restarts."""


@dataclass(slots=True)
class Unit:
    """The state of one service. `Supervision` alone changes it."""

    service: Service
    phase: Phase = "waiting"
    number: int = 0
    pid: int = 0
    code: int | None = None
    restarts: int = 0
    began_at: float = 0.0
    ready_at: float | None = None
    was_ready: bool = False
    is_asked: bool = False
    """Whether we ended, or are ending, this life."""
    is_killed: bool = False
    is_from_change: bool = False
    gave_up: Finding | None = None
    restart_why: str = ""
    """Why it is to start anew at once when this life is over; empty when it is not."""
    replacement: Service | None = None
    is_leaving: bool = False

    @property
    def life(self) -> Life:
        """The present or last life."""
        return Life(self.service.name, self.number)

    @property
    def is_alive(self) -> bool:
        """Whether something of a life is, or may be, there."""
        return self.phase in _ALIVE

    @property
    def has_pid(self) -> bool:
        """Whether there is a group to signal."""
        return self.phase in _SIGNALLED

    @property
    def lets_others_start(self) -> bool:
        """Whether services that come after this one may start."""
        return self.phase == "ready" or (self.gave_up is not None and not self.service.is_essential)

    @property
    def survives_failure(self) -> bool:
        """Whether the run goes on without it until it is started again."""
        return not self.service.is_essential or (self.was_ready and bool(self.service.watch))

    def begin_life(self, now: float) -> None:
        """Count a new life and forget the old one."""
        self.phase = "spawning"
        self.number += 1
        self.pid = 0
        self.code = self.ready_at = self.gave_up = None
        self.began_at = now
        self.is_asked = self.is_killed = False
        self.restart_why = ""

    def forgive(self, now: float) -> None:
        """Clear the count of restarts after a long good life."""
        if self.ready_at is not None and now - self.ready_at >= _STEADY_S:
            self.restarts = 0

    def next_delay_s(self) -> float:
        """How long to wait before the next restart: doubles from 0.2 s to 5 s."""
        return min(_FIRST_DELAY_S * 2.0**self.restarts, _LONGEST_DELAY_S)
