"""A terminal of a few rows, enough to see what a renderer leaves on the screen."""

import re

_CODES = re.compile(r"\x1b\[([?0-9;]*)([A-Za-z])")


class FakeTerminal:
    """Understands newlines, carriage return, cursor up and erase-below; colours are dropped.

    Verified against pyte in tests/integration/test_terminal.py.
    """

    encoding = "utf-8"

    def __init__(self, columns: int = 80) -> None:
        self.columns = columns
        self.rows: list[str] = [""]
        self._row = 0
        self._column = 0

    def isatty(self) -> bool:
        return True

    def flush(self) -> None:
        """Nothing is held back."""

    def write(self, text: str) -> int:
        position = 0
        while position < len(text):
            code = _CODES.match(text, position)
            if code:
                self._obey(code.group(1), code.group(2))
                position = code.end()
                continue
            self._put(text[position])
            position += 1
        return len(text)

    @property
    def screen(self) -> list[str]:
        """The rows as a person sees them, without blanks at the end."""
        return [row.rstrip() for row in self.rows]

    def _put(self, character: str) -> None:
        if character == "\n":
            self._row, self._column = self._row + 1, 0
            if self._row == len(self.rows):
                self.rows.append("")
        elif character == "\r":
            self._column = 0
        else:
            row = self.rows[self._row].ljust(self._column)
            self.rows[self._row] = row[: self._column] + character + row[self._column + 1 :]
            self._column += 1

    def _obey(self, numbers: str, letter: str) -> None:
        if letter == "A":
            self._row = max(0, self._row - int(numbers or 1))
        elif letter == "J":
            del self.rows[self._row + 1 :]
            self.rows[self._row] = self.rows[self._row][: self._column]
