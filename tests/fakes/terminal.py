"""A terminal in memory, so that a test sees what a renderer leaves on the screen."""

from typing import Any

import pyte


class FakeTerminal:
    """A screen of some columns and rows that understands what terminals understand (by pyte)."""

    encoding = "utf-8"

    def __init__(self, columns: int = 80, rows: int = 24) -> None:
        self.columns = columns
        self._screen: Any = pyte.Screen(columns, rows)  # pyte has no types
        self._stream: Any = pyte.Stream(self._screen)

    def isatty(self) -> bool:
        return True

    def flush(self) -> None:
        """Nothing is held back."""

    def write(self, text: str) -> int:
        # A terminal turns a newline into carriage return and line feed; pyte is behind that.
        self._stream.feed(text.replace("\n", "\r\n"))
        return len(text)

    @property
    def screen(self) -> list[str]:
        """The rows as a person sees them, without blanks at the end and empty rows below."""
        rows = [row.rstrip() for row in self._screen.display]
        while rows and not rows[-1]:
            rows.pop()
        return rows
