"""Faults as they strike one call: at a time, at a turn, or from the beginning."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from rtstart.core.realtime.faults import FaultBoard, FaultRule

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
    fails: bool


@dataclass(frozen=True, slots=True)
class PeerTroubles:
    """What goes wrong with one connection. `chance` gives numbers from 0 to below 1."""

    chance: Callable[[], float]
    is_unreachable: bool = False
    lost_share: float | None = None


class CallTroubles:
    """The faults of one call. `later` calls a function after some seconds."""

    def __init__(self, board: FaultBoard) -> None:
        self._board = board
        self._victim: Victim | None = None
        self._turn = 0
        self.is_deaf = False
        self.is_mute = False

    def begin(self, victim: Victim, later: Callable[[float, Callable[[], None]], None]) -> None:
        """The call begins: what holds from now on holds, what has its time is waited for."""
        self._victim = victim
        self.is_deaf = self._board.strikes("deaf") is not None
        self.is_mute = self._board.strikes("mute") is not None
        for rule in self._board.timed():
            later(rule.at_s or 0.0, lambda rule=rule: self._strike(rule))  # type: ignore[misc]

    def answer(self, *, after_tool: bool) -> AnswerTrouble:
        """An answer is about to be given."""
        self._turn += 1
        for name in ("malformed-event", "session-end", "drop"):
            rule = self._board.strikes(name, turn=self._turn)
            if rule is not None:
                self._strike(rule)
        slow = self._board.strikes("slow-answer", turn=self._turn)
        tool = self._board.strikes("slow-tool", turn=self._turn) if after_tool else None
        failed = self._board.strikes("failed-answer", turn=self._turn)
        delay_s = (slow.for_s if slow else 0.0) + (tool.for_s if tool else 0.0)
        return AnswerTrouble(delay_s, failed is not None)

    def _strike(self, rule: FaultRule) -> None:
        victim = self._victim
        if victim is None:
            return
        match rule.name:
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
