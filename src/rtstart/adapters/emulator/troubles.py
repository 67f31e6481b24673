"""Faults as they strike one call: at a time, at a turn, or from the beginning."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from rtstart.core.realtime.faults import FaultBoard, FaultName, OnFault

MALFORMED = '{"type":"response.output_text.delta","event_id":"event_emu'
"""A message that breaks off: no JSON."""


class Victim(Protocol):
    """What can go wrong in a call."""

    def drop(self) -> None:
        """The connection is gone without a goodbye."""
        ...

    def expire(self) -> None:
        """The session ends as at its maximum length."""
        ...

    def say_raw(self, text: str) -> None:
        """A message goes out as it is."""
        ...


@dataclass(frozen=True, slots=True)
class AnswerTrouble:
    """What happens to one answer."""

    delay_s: float
    fault: FaultName | None
    """What makes it fail, if anything does."""


@dataclass(frozen=True, slots=True)
class PeerTroubles:
    """What goes wrong with one connection. `chance` gives numbers from 0 to below 1."""

    chance: Callable[[], float]
    is_unreachable: bool = False
    lost_share: float | None = None


class CallTroubles:
    """The faults of one call: those that are on when it begins, and those switched on later."""

    def __init__(self, board: FaultBoard) -> None:
        self._board = board
        self._victim: Victim | None = None
        self._turn = 0
        self._on: list[OnFault] = []
        self._at: Callable[[float, Callable[[], None]], None] = _never
        self.is_deaf = False
        self.is_mute = False

    def begin(self, victim: Victim, at: Callable[[float, Callable[[], None]], None]) -> None:
        """The call begins. `at` calls a function so many seconds after that, or at once."""
        self._victim = victim
        self._at = at
        self.is_deaf = self._board.strikes("deaf") is not None
        self.is_mute = self._board.strikes("mute") is not None
        for fault in self._board.timed():
            self._await(fault)
        self._board.watch(self)

    def end(self) -> None:
        """The call is over."""
        self._board.unwatch(self)
        self._victim = None

    def switched_on(self, fault: OnFault) -> None:
        """A fault is on from now on, in this call too; one of a turn waits for its turn."""
        name = fault.rule.name
        if fault.rule.at_s is not None:
            if self._board.claim(fault):
                self._await(fault)
        elif fault.rule.turn is None and name in ("deaf", "mute") and self._board.claim(fault):
            self._strike(name)

    def switched_off(self, fault: OnFault) -> None:
        """A fault is off: it does not strike any more, and one can hear and be heard again."""
        self._on = [other for other in self._on if other is not fault]
        match fault.rule.name:
            case "deaf":
                self.is_deaf = False
            case "mute":
                self.is_mute = False
            case _:
                pass

    def _await(self, fault: OnFault) -> None:
        self._on.append(fault)
        self._at(fault.rule.at_s or 0.0, lambda: self._strike_if_on(fault))

    def _strike_if_on(self, fault: OnFault) -> None:
        if fault in self._on:
            self._strike(fault.rule.name)

    def answer(self, *, after_tool: bool) -> AnswerTrouble:
        """An answer is about to be given."""
        self._turn += 1
        for rule in self._board.at_turn(self._turn):
            self._strike(rule.name)
        strikes = self._board.strikes
        slow = strikes("slow-answer", turn=self._turn)
        tool = strikes("slow-tool", turn=self._turn) if after_tool else None
        failed = strikes("failed-answer", turn=self._turn) or strikes("no-quota", turn=self._turn)
        delay_s = (slow.for_s if slow else 0.0) + (tool.for_s if tool else 0.0)
        return AnswerTrouble(delay_s, None if failed is None else failed.name)

    def _strike(self, name: FaultName) -> None:
        victim = self._victim
        if victim is None:
            return
        match name:
            case "drop":
                victim.drop()
            case "session-end":
                victim.expire()
            case "malformed-event":
                victim.say_raw(MALFORMED)
            case "deaf":
                self.is_deaf = True
            case "mute":
                self.is_mute = True
            case _:
                pass


def _never(at_s: float, do: Callable[[], None]) -> None:
    """What faults wait on in a call that has not begun."""
