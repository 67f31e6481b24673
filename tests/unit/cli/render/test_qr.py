"""QR codes in half blocks: read back, they hold what segno drew."""

import re

import pytest
import segno

from rtstart.cli.render.qr import qr_columns, qr_lines

_SHORT = "https://192.168.1.20:4443/i/7FK2-QX9D"
_LONG = "https://calm-river-example-words.trycloudflare.com/i/7FK2-QX9D"
_QUIET = 2


def _plain(line: str) -> list[tuple[bool, bool]]:
    """The dark modules of a line, upper and lower, where blocks are light."""
    return [(sign in " ▄", sign in " ▀") for sign in line.removeprefix("  ")]


def _inked(line: str) -> list[tuple[bool, bool]]:
    """The same where a colour is given to block and ground."""
    found = re.findall(r"\x1b\[38;5;(\d+);48;5;(\d+)m([ ▀]+)", line)
    return [
        ((block if sign == "▀" else ground) == "16", ground == "16")
        for block, ground, signs in found
        for sign in signs
    ]


@pytest.mark.parametrize("address", [_SHORT, _LONG])
@pytest.mark.parametrize("color", [True, False])
def test_code_is_the_one_that_was_asked_for(address: str, color: bool) -> None:
    lines = list(qr_lines(address, color=color))

    code = segno.make(address, error="l", micro=False)
    wanted = [[bool(module) for module in row] for row in code.matrix_iter(border=_QUIET)]
    seen = [(_inked if color else _plain)(line) for line in lines]
    rows = [[pair[half] for pair in line] for line in seen for half in (0, 1)]
    assert rows[: len(wanted)] == wanted


def test_code_of_a_tunnel_fits_into_a_small_terminal() -> None:
    lines = list(qr_lines(_LONG, color=True))

    assert (len(lines), qr_columns(lines)) == (19, 39)
