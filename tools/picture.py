"""Draws what a command shows in a terminal, as an SVG for the README.

    uv run python -m tools.picture OUT.svg --columns 80 --rows 12 --seconds 8 -- rtstart dev

The command runs in a pseudo terminal of that size for so many seconds, is then stopped as Ctrl-C
would, and the screen as it was before that is drawn.
"""

import argparse
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import time
from html import escape
from pathlib import Path
from typing import Any

import pyte

_CELL = (8.4, 18.0)
_PAD = 12.0
_GROUND = "#17191c"
_INKS = {
    "default": "#d7d7d2",
    "cyan": "#4fb9c4",
    "green": "#6fbf73",
    "brown": "#d9a441",
    "red": "#e0665c",
    "blue": "#7aa2f7",
    "magenta": "#bb8fce",
}


def _screen(command: list[str], *, columns: int, rows: int, seconds: float) -> list[list[Any]]:
    """The cells of the screen; pyte has no types."""
    screen: Any = pyte.Screen(columns, rows)
    stream: Any = pyte.ByteStream(screen)
    master, slave = pty.openpty()
    _set_size(slave, rows, columns)
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "", "LINES": ""}
    process = subprocess.Popen(  # noqa: TID251 - it needs a terminal, which our adapters never give
        command, stdin=slave, stdout=slave, stderr=slave, env=environment, start_new_session=True
    )
    os.close(slave)
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        readable, _, _ = select.select([master], [], [], left)
        if readable:
            try:
                stream.feed(os.read(master, 65536))
            except OSError:
                break
    cells = [[screen.buffer[y][x] for x in range(columns)] for y in range(rows)]
    process.send_signal(signal.SIGINT)
    while process.poll() is None:
        if select.select([master], [], [], 0.1)[0]:
            try:
                os.read(master, 65536)
            except OSError:
                break
    process.wait()
    os.close(master)
    return cells


def _set_size(terminal: int, rows: int, columns: int) -> None:
    import fcntl
    import termios

    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def _svg(cells: list[list[Any]]) -> str:
    wide, high = _CELL
    width, height = len(cells[0]) * wide + 2 * _PAD, len(cells) * high + 2 * _PAD
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
            'font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="14">'
        ),
        f'<rect width="100%" height="100%" rx="8" fill="{_GROUND}"/>',
    ]
    for row, line in enumerate(cells):
        for start, style, text in _runs(line):
            x, y = _PAD + start * wide, _PAD + (row + 0.75) * high
            parts.append(
                f'<text x="{x:.1f}" y="{y:.1f}" {style} textLength="{len(text) * wide:.1f}" '
                f'xml:space="preserve">{escape(text)}</text>'
            )
    return "\n".join([*parts, "</svg>", ""])


def _runs(line: list[Any]) -> list[tuple[int, str, str]]:
    """Stretches of the same look, without blank ones."""
    runs: list[tuple[int, str, str]] = []
    for column, cell in enumerate(line):
        style = f'fill="{_INKS.get(cell.fg, _INKS["default"])}"'
        style += ' font-weight="bold"' if cell.bold else ""
        if runs and runs[-1][1] == style and runs[-1][0] + len(runs[-1][2]) == column:
            start, _, text = runs[-1]
            runs[-1] = (start, style, text + cell.data)
        else:
            runs.append((column, style, cell.data))
    return [(start, style, text.rstrip()) for start, style, text in runs if text.strip()]


def main() -> None:
    """Run, draw, write."""
    cut = sys.argv.index("--") if "--" in sys.argv else len(sys.argv)
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--columns", type=int, default=80)
    parser.add_argument("--rows", type=int, default=24)
    parser.add_argument("--seconds", type=float, default=8.0)
    given = parser.parse_args(sys.argv[1:cut])
    cells = _screen(
        sys.argv[cut + 1 :], columns=given.columns, rows=given.rows, seconds=given.seconds
    )
    while len(cells) > 1 and not "".join(cell.data for cell in cells[-1]).strip():
        cells.pop()
    given.out.write_text(_svg(cells), encoding="utf-8")


if __name__ == "__main__":
    main()
