"""What is told to maintainers by `logging`, as lines beside those of the services."""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager

from rtstart.core.events import Emit, Output
from rtstart.core.secrets import Masker

NAME = "rtstart"
"""In whose name the lines come."""


class _Lines(logging.Handler):
    def __init__(self, tell: Emit, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._tell = tell
        self._loop = loop
        self._masked = Masker()
        self.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        """Tell a record from whatever thread it comes, each of its lines by itself."""
        for line in self._masked(self.format(record)).splitlines():
            self._loop.call_soon_threadsafe(self._tell, Output(NAME, line))


@contextmanager
def log_lines(emit: Emit) -> Iterator[None]:
    """While this lasts, records come as events of the running loop: of rtstart all that it says,
    of its libraries what they warn of.
    """
    handler = _Lines(emit, asyncio.get_running_loop())
    root, own = logging.getLogger(), logging.getLogger("rtstart")
    level = own.level
    own.setLevel(logging.DEBUG)
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)
        own.setLevel(level)
