"""The line of keys fits every terminal, and help knows each key."""

import pytest

from rtstart.cli.render.keys import help_lines, keys_line
from rtstart.cli.render.style import Style

_PLAIN = Style(color=False)


@pytest.mark.parametrize(
    ("width", "expected"),
    [
        (79, "  i invite   r restart   t tunnel   c calls   k end calls   ? help   q quit"),
        (59, "  i invite   t tunnel   k end calls   ? help   q quit"),
        (30, "  i invite   ? help   q quit"),
        (5, "  i invite   ? help   q quit"),
    ],
)
def test_keys_line_drops_what_matters_least(width: int, expected: str) -> None:
    assert keys_line(width, are_calls_stopped=False, style=_PLAIN) == expected


def test_keys_line_shows_every_key_where_there_is_room() -> None:
    line = keys_line(100, are_calls_stopped=False, style=_PLAIN)

    assert [part.split()[0] for part in line.strip().split("   ")] == list("iortckl?q")


def test_keys_line_says_what_k_would_do_now() -> None:
    assert "k allow calls" in keys_line(100, are_calls_stopped=True, style=_PLAIN)


def test_help_fits_80_columns() -> None:
    assert max(len(line) for line in help_lines(_PLAIN)) < 80
