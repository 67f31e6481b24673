"""Faults by name: what goes wrong, when, and how often. The same seed gives the same run."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias, cast, get_args

from rtstart.core.reading import Reader, nearest

FaultName: TypeAlias = Literal[
    "wrong-key",
    "no-quota",
    "rate-limit",
    "server-error",
    "slow-start",
    "expired-secret",
    "reused-secret",
    "sdp-refused",
    "ice-never",
    "bad-network",
    "deaf",
    "mute",
    "drop",
    "session-end",
    "malformed-event",
    "slow-answer",
    "slow-tool",
    "failed-answer",
]

FAULTS: Mapping[FaultName, str] = {
    "wrong-key": "every key is refused with 401 invalid_api_key",
    "no-quota": "minting fails with 429 insufficient_quota",
    "rate-limit": "minting and calls fail with 429 rate_limit_exceeded",
    "server-error": "minting and calls fail with 500",
    "slow-start": "minting, calls and sockets take `for` longer (3 s)",
    "expired-secret": "every ephemeral secret is refused as expired",
    "reused-secret": "an ephemeral secret opens one session and no second",
    "sdp-refused": "offers are refused with 400",
    "ice-never": "the answer's candidates lead nowhere: WebRTC never connects",
    "bad-network": "`share` of the sound packets is lost, others come late (0.1)",
    "deaf": "the caller is not heard",
    "mute": "the caller hears nothing",
    "drop": "the connection is gone without a goodbye (after 5 s)",
    "session-end": "the session ends as at its maximum length (after 5 s)",
    "malformed-event": "a message comes that is no JSON (after 5 s)",
    "slow-answer": "an answer begins `for` later (3 s)",
    "slow-tool": "an answer to a tool's output begins `for` later (3 s)",
    "failed-answer": "an answer fails with a server error",
}
"""Every fault and what it does."""

_AT_S: Mapping[FaultName, float] = {
    "drop": 5.0,
    "session-end": 5.0,
    "malformed-event": 5.0,
}
_SECONDS: Mapping[FaultName, float] = {"slow-start": 3.0, "slow-answer": 3.0, "slow-tool": 3.0}


@dataclass(frozen=True, slots=True)
class FaultRule:
    """One fault. `at_s` counts from the beginning of a call, `turn` its answers from 1.

    Without either it holds from the beginning; three of them strike after 5 s then. `times` is how
    often it strikes, None for ever.
    """

    name: FaultName
    at_s: float | None = None
    turn: int | None = None
    times: int | None = None
    chance: float = 1.0
    for_s: float = 0.0
    share: float = 0.1


def parse_fault(text: str) -> FaultRule | str:
    """A fault as the command line has it (`drop:at=5s,times=1`), or what is wrong with it."""
    name, _, rest = text.partition(":")
    table: dict[str, object] = {"name": name}
    for pair in rest.split(",") if rest else ():
        key, equals, value = pair.partition("=")
        if not equals:
            return f'"{pair}" is not of the form key=value'
        table[key.strip()] = _plain(value.strip())
    faults: list[str] = []
    rule = read_fault(Reader(table, (), []), faults)
    return rule if not faults else "; ".join(faults)


def _plain(value: str) -> object:
    """Numbers as numbers, so that the command line and a scenario are read alike."""
    try:
        return int(value)
    except ValueError:
        try:
            return float(value)
        except ValueError:
            return value


def read_fault(table: Reader, words: list[str] | None = None) -> FaultRule:
    """A fault from a table of a scenario; what is wrong goes to the table's faults.

    With `words` it goes there as well, each as one sentence.
    """
    name = table.text("name")
    if name not in FAULTS:
        meant = nearest(name, FAULTS)
        hint = f"; did you mean {meant}?" if meant else f"; there are {', '.join(FAULTS)}"
        table.fault("name", f'is "{name}", which is no fault{hint}')
        name = "drop"
    known = cast("FaultName", name)
    usual = None if table.has("turn") else _AT_S.get(known)
    rule = FaultRule(
        known,
        at_s=table.seconds("at", 1.0) if table.has("at") else usual,
        turn=table.whole("turn", 1, least=1, most=10_000) if table.has("turn") else None,
        times=table.whole("times", 1, least=1, most=1_000_000) if table.has("times") else None,
        chance=table.number("chance", 1.0, least=0, most=1),
        for_s=table.seconds("for", _SECONDS.get(known, 1.0)),
        share=table.number("share", 0.1, least=0, most=1),
    )
    table.close()
    if words is not None:
        words += [f"{'.'.join(fault.path)} {fault.words}" for fault in table.faults]
    return rule


class FaultBoard:
    """The faults that are on. `chance` gives numbers from 0 to below 1."""

    def __init__(self, rules: tuple[FaultRule, ...], *, chance: Callable[[], float]) -> None:
        self._rules: list[FaultRule] = list(rules)
        self._chance = chance

    @property
    def rules(self) -> tuple[FaultRule, ...]:
        """What is on now; `times` counts down."""
        return tuple(self._rules)

    def add(self, rule: FaultRule) -> None:
        """Switch a fault on."""
        self._rules.append(rule)

    def remove(self, name: str) -> None:
        """Switch all faults of a name off."""
        self._rules = [rule for rule in self._rules if rule.name != name]

    def clear(self) -> None:
        """Switch everything off."""
        self._rules = []

    def strikes(self, name: FaultName, *, turn: int | None = None) -> FaultRule | None:
        """Whether a fault strikes now; if so it has struck once more.

        `turn` is the answer that is about to be given. Faults with a time of their own are not
        asked for here, see `timed`.
        """
        for place, rule in enumerate(self._rules):
            if rule.name != name or rule.at_s is not None:
                continue
            if rule.turn is not None and rule.turn != turn:
                continue
            if self._chance() < rule.chance:
                self._count(place)
                return rule
        return None

    def timed(self) -> tuple[FaultRule, ...]:
        """The faults that strike a call which begins now at a time of its own."""
        struck = [
            (place, rule)
            for place, rule in enumerate(self._rules)
            if rule.at_s is not None and self._chance() < rule.chance
        ]
        for place, _ in reversed(struck):
            self._count(place)
        return tuple(rule for _, rule in struck)

    def _count(self, place: int) -> None:
        rule = self._rules[place]
        if rule.times is None:
            return
        if rule.times <= 1:
            del self._rules[place]
        else:
            self._rules[place] = replace(rule, times=rule.times - 1)


_UNNAMED = set(get_args(FaultName)) ^ set(FAULTS)
if _UNNAMED:  # pragma: no cover - caught when the module is first imported
    raise ValueError(f"faults without words: {_UNNAMED}")
