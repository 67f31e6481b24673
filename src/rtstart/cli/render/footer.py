"""Lines that stay at the bottom of a terminal while a log scrolls above them in the normal buffer.

No alternate screen: scrollback, selection and copying work as ever. The lines are erased and drawn
again round each batch of log lines.
"""

import re
from collections.abc import Callable, Sequence

from rtstart.cli.render.style import Stream

_ANSI = re.compile(r"(\x1b\[[0-9;]*m)")
_BEGIN = "\x1b[?2026h"
_END = "\x1b[?2026l"
"""Synchronised update: terminals that know it show the batch at once, others ignore it."""


class Footer:
    """A block of lines at the bottom of one terminal."""

    def __init__(self, stream: Stream, size: Callable[[], tuple[int, int]]) -> None:
        self._stream = stream
        self._size = size
        self._drawn: list[str] = []

    def update(self, log: Sequence[str], block: Sequence[str]) -> None:
        """Write log lines above, and let the block stand below them."""
        width, rows = self._size()
        fitting = [clip(line, width - 1) for line in block][: max(0, rows - 4)]
        if not log and fitting == self._drawn:
            return
        text = "".join(f"{line}\n" for line in log)
        self._stream.write(f"{_BEGIN}{self._erased(width)}{text}{chr(10).join(fitting)}{_END}")
        self._stream.flush()
        self._drawn = fitting

    def close(self, last: Sequence[str] = ()) -> None:
        """Take the block away and leave these lines in its place."""
        width, _ = self._size()
        text = "".join(f"{line}\n" for line in last)
        self._stream.write(f"{self._erased(width)}{text}")
        self._stream.flush()
        self._drawn = []

    def _erased(self, width: int) -> str:
        """The codes that erase what was drawn, also when the terminal has become narrower."""
        if not self._drawn:
            return ""
        rows = sum(max(1, -(-visible_width(line) // max(width, 1))) for line in self._drawn)
        return f"\r\x1b[{rows - 1}A\x1b[J" if rows > 1 else "\r\x1b[J"


def visible_width(text: str) -> int:
    """How many cells a text takes, colours not counted."""
    from rich.cells import cell_len

    return cell_len(_ANSI.sub("", text))


def clip(text: str, width: int) -> str:
    """The text cut to this many cells, colours kept and closed."""
    if visible_width(text) <= width:
        return text
    from rich.cells import cell_len, set_cell_size

    left, parts = max(width - 1, 0), []
    for part in _ANSI.split(text):
        if _ANSI.fullmatch(part):
            parts.append(part)
            continue
        cells = cell_len(part)
        parts.append(part if cells <= left else set_cell_size(part, left))
        left = max(0, left - cells)
    return "".join(parts) + ("\x1b[0m…" if "\x1b[" in text else "…")
