"""Faults: read from the command line and from scenarios, struck in order."""

from collections.abc import Callable
from random import Random

import pytest

from rtstart.core.reading import Fault, Reader
from rtstart.core.realtime.faults import (
    FAULTS,
    FaultBoard,
    FaultRule,
    OnFault,
    parse_fault,
    read_fault,
    told,
)


def _always() -> float:
    return 0.0


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("mute", FaultRule("mute", for_s=1.0)),
        ("drop", FaultRule("drop", at_s=5.0, for_s=1.0)),
        ("drop:turn=2", FaultRule("drop", turn=2, for_s=1.0)),
        ("drop:at=500ms,times=1", FaultRule("drop", at_s=0.5, times=1, for_s=1.0)),
        ("slow-answer: turn=2, for=1.5", FaultRule("slow-answer", turn=2, for_s=1.5)),
        ("slow-start", FaultRule("slow-start", for_s=3.0)),
        ("bad-network:share=0.5", FaultRule("bad-network", for_s=1.0, share=0.5)),
        ("server-error:chance=0.5", FaultRule("server-error", for_s=1.0, chance=0.5)),
    ],
)
def test_a_fault_is_read(text: str, rule: FaultRule) -> None:
    assert parse_fault(text) == rule
    assert parse_fault(told(rule)) == rule


def test_a_fault_is_told_with_all_that_holds_for_it() -> None:
    rules = (FaultRule("drop", at_s=5.0), FaultRule("slow-answer", turn=2, chance=0.5, for_s=0.25))

    assert [told(rule) for rule in (*rules, FaultRule("wrong-key"))] == [
        "drop:at=5s",
        "slow-answer:turn=2,chance=0.5,for=0.25s",
        "wrong-key",
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("dropp", 'name is "dropp", which is no fault; did you mean drop?'),
        ("", f"name is missing; there are {', '.join(FAULTS)}"),
        ("x", f'name is "x", which is no fault; there are {", ".join(FAULTS)}'),
        ("drop:5s", '"5s" is not of the form key=value'),
        ("drop:at=soon", 'at must be a time such as "20s" or "500ms"'),
        ("drop:turn=0", "turn is 0; it must be from 1 to 10000"),
        ("mute:chance=2", "chance is 2; it must be from 0 to 1"),
        ("mute:chance=often", "chance must be a number, not text"),
        ("mute:when=now", "when is unknown"),
        ("no-quota:at=5s", "at has no effect on no-quota; it can have turn, times, chance"),
        ("drop:share=0.5", "share has no effect on drop; it can have at, turn, times, chance"),
    ],
)
def test_a_fault_is_explained_when_wrong(text: str, words: str) -> None:
    assert parse_fault(text) == words


def test_a_fault_of_a_scenario_tells_its_place() -> None:
    faults: list[Fault] = []

    read_fault(Reader({"name": "mute", "at": True}, ("faults", "0"), faults))

    assert faults == [Fault(("faults", "0", "at"), 'must be a time such as "20s" or "500ms"')]


def test_a_fault_strikes_as_often_as_it_says() -> None:
    board = FaultBoard((FaultRule("no-quota", times=2),), chance=_always)

    struck = [board.strikes("no-quota") is not None for _ in range(4)]

    assert struck == [True, True, False, False]
    assert board.rules == ()


def test_a_fault_strikes_at_its_turn_only() -> None:
    rule = FaultRule("failed-answer", turn=2)
    board = FaultBoard((rule,), chance=_always)

    assert [board.strikes("failed-answer", turn=turn) for turn in (1, 2, 3)] == [None, rule, None]
    assert board.strikes("mute") is None


def test_timed_faults_are_told_apart() -> None:
    drop, once = FaultRule("drop", at_s=5), FaultRule("session-end", at_s=9, times=1)
    board = FaultBoard((FaultRule("mute"), drop, once), chance=_always)

    assert [fault.rule for fault in board.timed()] == [drop, once]
    assert [fault.rule for fault in board.timed()] == [drop]
    assert board.strikes("drop", turn=1) is None


def test_faults_of_a_call_strike_at_their_turn_and_others_do_not() -> None:
    mute = FaultRule("mute", turn=2)
    rules = (mute, FaultRule("deaf"), FaultRule("slow-answer", turn=2))
    board = FaultBoard(rules, chance=_always)

    assert [board.at_turn(turn) for turn in (1, 2, 3)] == [(), (mute,), ()]


class _Seen:
    """A watcher that writes down what it is told."""

    def __init__(self) -> None:
        self.on: list[FaultRule] = []
        self.off: list[FaultRule] = []

    def switched_on(self, fault: OnFault) -> None:
        self.on.append(fault.rule)

    def switched_off(self, fault: OnFault) -> None:
        self.off.append(fault.rule)


def test_watchers_are_told_as_long_as_they_watch() -> None:
    mute, deaf, drop = FaultRule("mute"), FaultRule("deaf"), FaultRule("drop", at_s=5)
    board, seen = FaultBoard((mute,), chance=_always), _Seen()
    board.watch(seen)

    board.add(deaf)
    board.remove("mute")
    board.clear()
    board.unwatch(seen)
    board.unwatch(seen)
    board.add(drop)

    assert (seen.on, seen.off) == ([deaf], [mute, deaf])


class _Claiming(_Seen):
    """A watcher that lets itself be struck."""

    def __init__(self, board: FaultBoard) -> None:
        super().__init__()
        self._board = board

    def switched_on(self, fault: OnFault) -> None:
        if self._board.claim(fault):
            super().switched_on(fault)


def test_a_fault_strikes_no_more_calls_than_it_may() -> None:
    mute = FaultRule("mute", times=1)
    board = FaultBoard((), chance=_always)
    first, second = _Claiming(board), _Claiming(board)
    board.watch(first)
    board.watch(second)

    board.add(mute)

    assert (first.on, second.on) == ([mute], [])


def test_faults_are_switched_on_and_off() -> None:
    board = FaultBoard((), chance=_always)
    board.add(FaultRule("mute"))
    board.add(FaultRule("deaf"))

    board.remove("mute")
    left = board.rules
    board.clear()

    assert (left, board.rules) == ((FaultRule("deaf"),), ())


def test_chance_is_the_same_with_the_same_seed() -> None:
    def run(chance: Callable[[], float]) -> list[bool]:
        board = FaultBoard((FaultRule("server-error", chance=0.5),), chance=chance)
        return [board.strikes("server-error") is not None for _ in range(20)]

    first, second, other = (
        run(Random(seed).random)  # noqa: S311 - chance, not a secret
        for seed in (7, 7, 8)
    )

    assert first == second != other
    assert 0 < sum(first) < 20
