"""Ctrl-C, a closed terminal and a request to end, as one thing: somebody wants the run to stop."""

import asyncio
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def on_stop_signals(ask: Callable[[signal.Signals], None]) -> Iterator[None]:
    """While this is entered, signals that end a program call `ask` on the loop instead.

    A closed terminal (SIGHUP) counts as Ctrl-C; after it, writing to the terminal fails.
    """
    loop = asyncio.get_running_loop()
    if sys.platform == "win32":  # pragma: no cover
        old = signal.signal(signal.SIGINT, lambda *_: loop.call_soon_threadsafe(ask, signal.SIGINT))
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, old)
        return
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    for number in numbers:
        loop.add_signal_handler(number, ask, number)
    try:
        yield
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)
