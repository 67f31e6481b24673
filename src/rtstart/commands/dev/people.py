"""Who is in, who talks, and what it comes to."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rtstart.core.access import Visitor
from rtstart.core.calls import Call, Spent

if TYPE_CHECKING:
    from rtstart.adapters.gateway import Gateway


@dataclass(frozen=True, slots=True)
class People:
    """Visitors and open calls at one moment, `now` on the gateway's clock.

    Each call goes with the name of whoever talks and its cost so far in dollars.
    """

    visitors: tuple[Visitor, ...]
    calls: tuple[tuple[str, Call, float], ...]
    spent: Spent
    is_emulated: bool
    is_stopped: bool
    now: float


def people_of(gateway: "Gateway", *, is_own: Callable[[str], bool], is_emulated: bool) -> People:
    """Who is in and who talks now, without our own proof."""
    visitors, now = gateway.visitors(), gateway.now()
    names = {one.id: one.name for one in visitors}
    return People(
        visitors=tuple(one for one in visitors if not is_own(one.name)),
        calls=tuple(
            (names.get(call.visitor, call.visitor.partition(" ")[0]), call, call.cost(now))
            for call in gateway.open_calls()
        ),
        spent=gateway.spent,
        is_emulated=is_emulated,
        is_stopped=gateway.is_stopped,
        now=now,
    )


def last_words(seconds: float, spent: Spent, *, is_emulated: bool, logs: Path) -> str:
    """The last line of a run: how long, how many calls, what they may have cost."""
    words = f"stopped after {span_words(seconds)}, {calls_words(spent, is_emulated=is_emulated)}"
    return f"{words}; logs are in {logs}"


def calls_words(spent: Spent, *, is_emulated: bool) -> str:
    """How many calls there were and what they came to: `2 calls (3.4 min, about $0.21)`."""
    if not spent.calls:
        return "no calls"
    cost = "emulated" if is_emulated else f"about ${spent.dollars:.2f}"
    noun = "call" if spent.calls == 1 else "calls"
    return f"{spent.calls} {noun} ({spent.minutes:.1f} min, {cost})"


def span_words(seconds: float) -> str:
    """A time as people say it: `12 s`, `3 min 5 s`, `2 h 4 min`."""
    minutes, rest = divmod(int(seconds), 60)
    hours, left = divmod(minutes, 60)
    if hours:
        return f"{hours} h {left} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
