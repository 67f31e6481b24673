"""Log files of services: bounded, without colours, readable by their owner only."""

import os
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from rtstart.adapters.processes.lines import strip_color

_FILE_BYTES = 5_000_000
"""Past this a file becomes the previous one, so that a service keeps at most twice as much."""


class LogFile:
    """The log of one service: `NAME.log`, and `NAME.1.log` for what came before.

    Lines must be masked already. A disk that refuses ends the log and calls `on_trouble` once;
    it never ends the run.
    """

    def __init__(
        self,
        folder: Path,
        service: str,
        *,
        on_trouble: Callable[[OSError], None],
        file_bytes: int = _FILE_BYTES,
    ) -> None:
        self.path = folder / f"{service}.log"
        self._previous = folder / f"{service}.1.log"
        self._on_trouble = on_trouble
        self._limit = file_bytes
        self._size = 0
        self._file: int | None = None
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._file = self._open_new()
        except OSError as error:
            self._fail(error)

    def write(self, lines: Sequence[tuple[str, int]]) -> None:
        """Add lines, each with how often it has come in a row."""
        if self._file is None:
            return
        time = datetime.now(UTC).astimezone().strftime("%H:%M:%S.%f")[:-3]
        text = "".join(f"{time} {_words(line, repeats)}\n" for line, repeats in lines)
        data = text.encode("utf-8", "replace")
        try:
            if self._size + len(data) > self._limit:
                os.close(self._file)
                self._file = self._open_new()
            os.write(self._file, data)
            self._size += len(data)
        except OSError as error:
            self._fail(error)

    def close(self) -> None:
        """Close the file; writing after is ignored."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _open_new(self) -> int:
        self._file = None
        if self.path.exists():
            self.path.replace(self._previous)
        self._size = 0
        return os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def _fail(self, error: OSError) -> None:
        self.close()
        self._on_trouble(error)


def _words(line: str, repeats: int) -> str:
    return strip_color(line) if repeats == 1 else f"  (the same line, {repeats} times)"
