"""Which files of this folder run today: all would take a clean machine more than twenty minutes.

What each template is for runs every day. Its further answers, production and tunnels take turns,
a quarter of them a day; `TEST_ALL=1` runs everything, `TEST_DAY=2026-11-28` what that day has.
"""

import os
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import TypeVar

Thing = TypeVar("Thing")

# The first process of a run sets it and its workers inherit it: all agree, over midnight too.
_TODAY = date.fromisoformat(os.environ.setdefault("TEST_DAY", datetime.now(UTC).date().isoformat()))

_TURNS = (
    {"test_vite_options", "test_nextjs_production"},
    {"test_vite_agents", "test_vite_production", "test_nextjs_tunnels"},
    {"test_vite_bad_input", "test_nextjs_options", "test_python_options"},
    {"test_vite_tunnels", "test_nextjs_browser", "test_python_production"},
)


def left_out(today: date) -> frozenset[str]:
    """The names of the test files whose turn is another day."""
    turn = today.toordinal() % len(_TURNS)
    return frozenset(
        name for number, names in enumerate(_TURNS) if number != turn for name in names
    )


def left_out_now() -> frozenset[str]:
    """Those of today, or none where everything is asked for."""
    return frozenset() if os.environ.get("TEST_ALL") else left_out(_TODAY)


def share(things: Sequence[Thing], turn: int, *, at_once: int) -> list[Thing]:
    """As many of these as are tried at once: others the next time, and all before any again."""
    turns = -(-len(things) // at_once)
    begin = turn % turns * at_once
    return list(things[begin : begin + at_once])


def share_now(things: Sequence[Thing], *, at_once: int) -> list[Thing]:
    """The share of a file that has its turn today, or all where everything is asked for."""
    if os.environ.get("TEST_ALL"):
        return list(things)
    turn = _TODAY.toordinal() // len(_TURNS)
    return share(things, turn, at_once=at_once)
