"""A stream whose reader may go away: `rtstart dev --json | head -1`, or a window that is closed."""

import contextlib
import os
from collections.abc import Callable
from typing import TextIO


def _nobody() -> None:
    return


class WhileRead:
    """Writes while somebody reads. After that it is silent, and has called `on_gone` once."""

    def __init__(self, stream: TextIO, *, on_gone: Callable[[], None] = _nobody) -> None:
        self.on_gone = on_gone
        self._stream = stream
        self._is_gone = False

    @property
    def encoding(self) -> str:
        """The stream's own encoding."""
        return self._stream.encoding

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        return not self._is_gone and self._stream.isatty()

    def write(self, text: str, /) -> int:
        """Write, if there is still a reader."""
        if not self._is_gone:
            try:
                return self._stream.write(text)
            except OSError:
                self._leave()
        return len(text)

    def flush(self) -> None:
        """Pass on what is held back, if there is still a reader."""
        if not self._is_gone:
            try:
                self._stream.flush()
            except OSError:
                self._leave()

    def _leave(self) -> None:
        self._is_gone = True
        with contextlib.suppress(OSError, ValueError):
            # Python flushes its standard streams once more at its end, and would complain then.
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)
        self.on_gone()
