"""Faults by name: what goes wrong, when, and how often. The same seed gives the same run."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal, Protocol, TypeAlias, cast, get_args

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
    "no-quota": "minting fails with 429 insufficient_quota, and every answer with the same",
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

_AT_THE_DOOR = ("times", "chance")
_IN_A_CALL = ("at", "turn", "times", "chance")
_IN_AN_ANSWER = ("turn", "times", "chance")
FAULT_KEYS: Mapping[FaultName, tuple[str, ...]] = {
    "wrong-key": _AT_THE_DOOR,
    "no-quota": _IN_AN_ANSWER,
    "rate-limit": _AT_THE_DOOR,
    "server-error": _AT_THE_DOOR,
    "slow-start": (*_AT_THE_DOOR, "for"),
    "expired-secret": _AT_THE_DOOR,
    "reused-secret": _AT_THE_DOOR,
    "sdp-refused": _AT_THE_DOOR,
    "ice-never": _AT_THE_DOOR,
    "bad-network": (*_AT_THE_DOOR, "share"),
    "deaf": _IN_A_CALL,
    "mute": _IN_A_CALL,
    "drop": _IN_A_CALL,
    "session-end": _IN_A_CALL,
    "malformed-event": _IN_A_CALL,
    "slow-answer": (*_IN_AN_ANSWER, "for"),
    "slow-tool": (*_IN_AN_ANSWER, "for"),
    "failed-answer": _IN_AN_ANSWER,
}
"""What may be said of each; the rest would be without effect and is refused."""

_AT_S: Mapping[FaultName, float] = {
    "drop": 5.0,
    "session-end": 5.0,
    "malformed-event": 5.0,
}
_SECONDS: Mapping[FaultName, float] = {"slow-start": 3.0, "slow-answer": 3.0, "slow-tool": 3.0}


@dataclass(frozen=True, slots=True)
class FaultRule:
    """One fault. `at_s` counts from the beginning of a call, `turn` its answers from 1.

    Without either it holds from the beginning; three of them strike after 5 s then. Switched on in
    a call that is older than `at_s`, it strikes at once. `times` is how often it strikes, None for
    ever.
    """

    name: FaultName
    at_s: float | None = None
    turn: int | None = None
    times: int | None = None
    chance: float = 1.0
    for_s: float = 0.0
    share: float = 0.1


def told(rule: FaultRule) -> str:
    """A fault as the command line has it, with all that holds for it."""
    said = {
        "at": None if rule.at_s is None else f"{rule.at_s:g}s",
        "turn": rule.turn,
        "times": rule.times,
        "chance": None if rule.chance == 1 else f"{rule.chance:g}",
        "for": f"{rule.for_s:g}s",
        "share": f"{rule.share:g}",
    }
    keys = FAULT_KEYS[rule.name]
    pairs = [f"{key}={said[key]}" for key in keys if said[key] is not None]
    return f"{rule.name}:{','.join(pairs)}" if pairs else rule.name


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
        hint = f"did you mean {meant}?" if meant else f"there are {', '.join(FAULTS)}"
        wrong = f'is "{name}", which is no fault' if name else "is missing"
        table.fault("name", f"{wrong}; {hint}")
    known = cast("FaultName", name if name in FAULTS else "drop")
    allowed = FAULT_KEYS[known] if name in FAULTS else _EVERY_KEY
    for key in _EVERY_KEY:
        if key not in allowed and table.has(key):
            table.anything(key)
            table.fault(key, f"has no effect on {known}; it can have {', '.join(allowed)}")
    return _read(table, known, words)


_EVERY_KEY = ("at", "turn", "times", "chance", "for", "share")


def _read(table: Reader, known: FaultName, words: list[str] | None) -> FaultRule:
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


class Watcher(Protocol):
    """Somebody to whom faults happen that are switched on and off while he is there."""

    def switched_on(self, fault: "OnFault") -> None:
        """A fault is on from now on."""
        ...

    def switched_off(self, fault: "OnFault") -> None:
        """A fault is off; what it would still have done must not happen."""
        ...


@dataclass(slots=True, eq=False)
class OnFault:
    """A fault that is on; `left` is how often it will still strike, None for ever."""

    rule: FaultRule
    left: int | None


class FaultBoard:
    """The faults that are on. `chance` gives numbers from 0 to below 1."""

    def __init__(self, rules: tuple[FaultRule, ...], *, chance: Callable[[], float]) -> None:
        self._on = [OnFault(rule, rule.times) for rule in rules]
        self._chance = chance
        self._watchers: list[Watcher] = []

    @property
    def rules(self) -> tuple[FaultRule, ...]:
        """What is on now; `times` counts down."""
        return tuple(replace(fault.rule, times=fault.left) for fault in self._on)

    def watch(self, watcher: Watcher) -> None:
        """Tell somebody of every change from now on."""
        self._watchers.append(watcher)

    def unwatch(self, watcher: Watcher) -> None:
        """Tell him no more."""
        if watcher in self._watchers:
            self._watchers.remove(watcher)

    def add(self, rule: FaultRule) -> None:
        """Switch a fault on, in calls that are going on too."""
        fault = OnFault(rule, rule.times)
        self._on.append(fault)
        for watcher in tuple(self._watchers):
            watcher.switched_on(fault)

    def remove(self, name: str) -> None:
        """Switch all faults of a name off."""
        self._switch_off([fault for fault in self._on if fault.rule.name == name])

    def clear(self) -> None:
        """Switch everything off."""
        self._switch_off(list(self._on))

    def _switch_off(self, faults: list[OnFault]) -> None:
        self._on = [fault for fault in self._on if fault not in faults]
        for fault in faults:
            for watcher in tuple(self._watchers):
                watcher.switched_off(fault)

    def strikes(self, name: FaultName, *, turn: int | None = None) -> FaultRule | None:
        """Whether a fault strikes now; if so it has struck once more.

        `turn` is the answer that is about to be given. Faults with a time of their own are not
        asked for here, see `timed`.
        """
        for fault in tuple(self._on):
            rule = fault.rule
            if rule.name != name or rule.at_s is not None or rule.turn not in (None, turn):
                continue
            if self.claim(fault):
                return rule
        return None

    def timed(self) -> tuple[OnFault, ...]:
        """The faults that strike a call which begins now at a time of its own."""
        return tuple(
            fault for fault in tuple(self._on) if fault.rule.at_s is not None and self.claim(fault)
        )

    def at_turn(self, turn: int) -> tuple[FaultRule, ...]:
        """What strikes a call because this answer of it is about to be given."""
        return tuple(
            fault.rule
            for fault in tuple(self._on)
            if fault.rule.turn == turn
            and FAULT_KEYS[fault.rule.name] is _IN_A_CALL
            and self.claim(fault)
        )

    def claim(self, fault: OnFault) -> bool:
        """Whether chance lets this fault strike once more; it has struck then."""
        if fault not in self._on or self._chance() >= fault.rule.chance:
            return False
        if fault.left is not None:
            fault.left -= 1
            if fault.left <= 0:
                self._on.remove(fault)
        return True


_UNNAMED = set(get_args(FaultName)) ^ set(FAULTS)
if _UNNAMED:  # pragma: no cover - caught when the module is first imported
    raise ValueError(f"faults without words: {_UNNAMED}")
