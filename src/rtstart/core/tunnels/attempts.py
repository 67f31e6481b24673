"""Which way is tried, how often it has failed, and what comes after a failure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from rtstart.core.tunnels.choice import Candidate

FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 30.0
TRIES_NEW = 2
"""How often a way is tried that has never worked in this run."""
TRIES_PROVEN = 5
"""How often a way is tried again that has worked."""
STEADY_S = 30.0
"""A way that was up for so long has a clean sheet; one that keeps dying sooner has not."""
START_OVER_S = 60.0
LONGEST_START_OVER_S = 600.0
"""A provider that allows no more for now is asked ever less often: asking makes it worse."""


@dataclass(frozen=True, slots=True)
class Again:
    """Try the same way after this time."""

    wait_s: float


@dataclass(frozen=True, slots=True)
class Following:
    """Try the next way at once; it is the current one already."""


@dataclass(frozen=True, slots=True)
class FromTheStart:
    """Try all ways again after this time: one of them has worked before."""

    wait_s: float


@dataclass(frozen=True, slots=True)
class GiveUp:
    """No way has ever worked."""


NextStep: TypeAlias = Again | Following | FromTheStart | GiveUp


class Attempts:
    """Counts. Times are seconds of any monotonic clock."""

    def __init__(self, candidates: Sequence[Candidate]) -> None:
        self._candidates = tuple(candidates)
        self._place = 0
        self._worked: set[str] = set()
        self._up_since: float | None = None
        self._rounds = 0
        self.tries = 0
        """How often the current way was tried in a row."""

    @property
    def candidate(self) -> Candidate | None:
        """The way that is being used or tried."""
        return self._candidates[self._place] if self._candidates else None

    @property
    def way(self) -> Candidate:
        """The same, once something was opened."""
        return self._candidates[self._place]

    @property
    def has_next(self) -> bool:
        """Whether there is another way after this one."""
        return self._place + 1 < len(self._candidates)

    @property
    def has_worked(self) -> bool:
        """Whether the current way has worked in this run."""
        return self.way.name in self._worked

    def restart(self) -> None:
        """Begin with the first way again."""
        self._place = self.tries = 0

    def opened(self) -> None:
        """The current way is being opened."""
        self.tries += 1

    def is_up(self, now: float) -> None:
        """The current way works."""
        if self._up_since is None:
            self._up_since = now
        self._worked.add(self.way.name)

    def failed(self, now: float, *, again: bool) -> None:
        """The current way has failed; `again` says that it may work when it is tried once more."""
        if self._up_since is not None and now - self._up_since >= STEADY_S:
            self.tries = self._rounds = 0
        self._up_since = None
        if not again:
            self.tries = TRIES_PROVEN

    def next_step(self) -> NextStep:
        """What comes after a failure."""
        if self.tries < (TRIES_PROVEN if self.has_worked else TRIES_NEW):
            return Again(min(FIRST_WAIT_S * 2.0 ** max(self.tries - 1, 0), LONGEST_WAIT_S))
        if self.has_next:
            self._place += 1
            self.tries = 0
            return Following()
        if self._worked:
            self.restart()
            self._rounds += 1
            wait_s = START_OVER_S * 2.0 ** (self._rounds - 1)
            return FromTheStart(min(wait_s, LONGEST_START_OVER_S))
        return GiveUp()
