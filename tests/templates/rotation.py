"""Which files of this folder run today: all would take a clean machine more than twenty minutes.

What each template is for runs every day. Its further answers, production and tunnels take turns,
a quarter of them a day; `TEST_ALL=1` runs everything.
"""

import os
from datetime import UTC, date, datetime

_TURNS = (
    {"test_vite_options", "test_nextjs_production"},
    {"test_vite_agents", "test_vite_production", "test_nextjs_tunnels"},
    {"test_vite_bad_input", "test_nextjs_agents", "test_python_options"},
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
    return frozenset() if os.environ.get("TEST_ALL") else left_out(datetime.now(UTC).date())
