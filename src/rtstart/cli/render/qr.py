"""An address as a QR code for the terminal, in half blocks with its quiet zone."""

import re
from collections.abc import Iterator
from itertools import groupby

_ESCAPE = re.compile(r"\x1b\[[0-9;]*m")
_QUIET = 2
"""Modules of light ground around the code. The standard says 4; phones read 2, and it fits in
less of a small terminal."""

_BLACK, _WHITE = 16, 231
"""Of the 256 colours: unlike the first sixteen, no theme gives them another meaning."""

_Pair = tuple[bool, bool]


def qr_lines(address: str, *, color: bool) -> Iterator[str]:
    """The lines of the code. With colour it is black on white whatever the terminal's theme;
    without it a dark terminal is assumed, where drawn blocks are light.
    """
    import segno

    matrix = [
        [bool(module) for module in row]
        for row in segno.make(address, error="l", micro=False).matrix_iter(border=_QUIET)
    ]
    if len(matrix) % 2:
        matrix.append([False] * len(matrix[0]))
    for upper, lower in zip(matrix[::2], matrix[1::2], strict=True):
        pairs = list(zip(upper, lower, strict=True))
        if color:
            yield f"  {_inked(pairs)}\x1b[0m"
        else:
            yield "  " + "".join(_PLAIN[pair] for pair in pairs)


def qr_columns(lines: list[str]) -> int:
    """How wide a code is on the screen; cut or wrapped it cannot be read."""
    return max(len(_ESCAPE.sub("", line)) for line in lines)


def _inked(pairs: list[_Pair]) -> str:
    """Grounds rather than blocks: fonts leave seams between blocks, and grounds have none."""
    drawn = ""
    for (upper, lower), run in groupby(pairs):
        ground = _BLACK if lower else _WHITE
        sign = " " if upper == lower else "▀"
        drawn += f"\x1b[38;5;{_BLACK if upper else _WHITE};48;5;{ground}m{sign * len(list(run))}"
    return drawn


_PLAIN = {(True, True): " ", (True, False): "▄", (False, True): "▀", (False, False): "█"}
