"""The calls of one run: who talks, since when, and what it has cost so far.

The media of a call never passes through rtstart, so a call is known only by its id: from the
answer to an SDP offer that passed here, or because the page says so. A known call is watched
through the API; a secret that was given out and never heard of again counts as a short call,
because somebody may well have used it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from rtstart.core.prices import dollars_of, dollars_per_minute

CALL_ID = re.compile(r"rtc_[A-Za-z0-9_-]{1,128}")
"""The form of a call's id (`Location: /v1/realtime/calls/rtc_…`; opaque but for its prefix)."""

CALLS_PATH = "/.rtstart/calls"
"""Where a page may say which calls it has begun and ended."""

RELAYED = "rtc_relay_"
"""How our own ids begin, for sessions that the backend holds through the relay."""

BACKEND = "relay"
"""Whose call it is when the app's own backend began it and nobody is known to have asked for it."""

LONGEST_CALL_S = 3600.0
"""After an hour the API ends every session (facts of 2026-11)."""

_SECRET_S = 60.0
_UNREPORTED_MINUTES = 3.0
_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class Call:
    """One call. Times are on `now`'s clock; `ended` is None while it goes on.

    `dollars` is what its usage numbers say; `is_measured` that there were any; `took_secret` that a
    secret of its visitor stands for it no more.
    """

    id: str
    visitor: str
    started: float
    model: str = ""
    ended: float | None = None
    dollars: float = 0.0
    is_measured: bool = False
    took_secret: bool = False

    def seconds(self, now: float) -> float:
        """How long it has gone on."""
        end = min(now, self.started + LONGEST_CALL_S) if self.ended is None else self.ended
        return max(0.0, end - self.started)

    def is_open(self, now: float) -> bool:
        """Whether it still goes on, as far as one can know."""
        return self.ended is None and now < self.started + LONGEST_CALL_S

    def cost(self, now: float) -> float:
        """Estimated dollars: by usage, or by its length when no usage was told."""
        if self.is_measured:
            return self.dollars
        return self.seconds(now) / 60 * dollars_per_minute(self.model)


@dataclass(frozen=True, slots=True)
class Spent:
    """What a run has used up. `dollars` is an estimate.

    `calls` counts every secret that may have become one; `minutes` only those that had the time.
    """

    calls: int
    minutes: float
    dollars: float


class CallLedger:
    """Every call of one run, and every secret that may have become one."""

    def __init__(self) -> None:
        self._calls: dict[str, Call] = {}
        self._secrets: list[tuple[float, str]] = []
        self._unreported = 0

    def minted(self, visitor: str, *, now: float) -> None:
        """A secret was given out; a call by it may begin within a minute."""
        self._settle(now)
        self._secrets.append((now, visitor))

    def forget(self, visitor: str, *, since: float) -> None:
        """The secrets that were given to a visitor since then are known to have become no call."""
        self._secrets = [one for one in self._secrets if one[1] != visitor or one[0] < since]

    def started(self, call_id: str, *, visitor: str, now: float) -> Call | None:
        """A call is known by its id from now on; None when it was known, or is no call's id.

        A call of the backend is that of whoever was given a secret longest ago and has not come
        with it yet: what the app gives out may be a ticket for its own backend.
        """
        if call_id in self._calls or CALL_ID.fullmatch(call_id) is None:
            return None
        if len(self._calls) >= _REMEMBERED:
            return None
        self._settle(now)
        own = next((one for one in self._secrets if visitor in (one[1], BACKEND)), None)
        if own is not None:
            self._secrets.remove(own)
            visitor = own[1]
        self._calls[call_id] = Call(call_id, visitor, now, took_secret=own is not None)
        return self._calls[call_id]

    def never_was(self, call_id: str) -> Call | None:
        """The API knows no such call. A secret that was given out for it may still become one."""
        call = self._calls.pop(call_id, None)
        if call is not None and call.took_secret:
            self._unreported += 1
        return call

    def speaks_to(self, call_id: str, model: str) -> None:
        """Which model a call speaks to."""
        self._change(call_id, model=model)

    def used(self, call_id: str, usage: Mapping[str, Any]) -> None:
        """A response of a call is done; `usage` is its own."""
        call = self._calls.get(call_id)
        if call is not None:
            dollars = call.dollars + dollars_of(call.model, usage)
            self._change(call_id, dollars=dollars, is_measured=True)

    def ended(self, call_id: str, *, now: float) -> Call | None:
        """A call is over; None when it was not known or was over already."""
        call = self._calls.get(call_id)
        if call is None or call.ended is not None:
            return None
        return self._change(call_id, ended=now)

    def _change(self, call_id: str, **changes: Any) -> Call | None:
        call = self._calls.get(call_id)
        if call is None:
            return None
        self._calls[call_id] = replace(call, **changes)
        return self._calls[call_id]

    def _settle(self, now: float) -> None:
        pending = [one for one in self._secrets if one[0] > now - _SECRET_S]
        self._unreported += len(self._secrets) - len(pending)
        self._secrets = pending

    def open_calls(self, now: float) -> tuple[Call, ...]:
        """The known calls that still go on, oldest first."""
        return tuple(call for call in self._calls.values() if call.is_open(now))

    def open_count(self, now: float, *, visitor: str | None = None) -> int:
        """How many calls go on or may begin at any moment: of one visitor, or of all."""
        self._settle(now)
        known = [call.visitor for call in self.open_calls(now)]
        whose = known + [who for _, who in self._secrets]
        return len(whose) if visitor is None else whose.count(visitor)

    def spent(self, now: float) -> Spent:
        """Calls, minutes and estimated dollars of the run so far."""
        self._settle(now)
        calls = tuple(self._calls.values())
        assumed_minutes = self._unreported * _UNREPORTED_MINUTES
        return Spent(
            calls=len(calls) + self._unreported + len(self._secrets),
            minutes=sum(call.seconds(now) for call in calls) / 60 + assumed_minutes,
            dollars=sum(call.cost(now) for call in calls)
            + assumed_minutes * dollars_per_minute(""),
        )
