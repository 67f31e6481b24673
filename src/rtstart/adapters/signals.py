"""The signals that ask a run to stop: Ctrl-C, TERM and a closed terminal."""

import asyncio
import contextlib
import signal
from collections.abc import Callable, Iterator

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP")


@contextlib.contextmanager
def on_stop_signals(ask: Callable[[], None]) -> Iterator[None]:
    """Call `ask` on the event loop at each of them; the former handlers come back at the end."""
    loop = asyncio.get_running_loop()
    signals = [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]
    try:
        for one in signals:
            loop.add_signal_handler(one, ask)
    except NotImplementedError:  # pragma: no cover - Windows: its loop has no signal handlers
        with _plain_handlers(signals, lambda: loop.call_soon_threadsafe(ask)):
            yield
        return
    try:
        yield
    finally:
        for one in signals:
            loop.remove_signal_handler(one)


@contextlib.contextmanager
def _plain_handlers(
    signals: list[signal.Signals], ask: Callable[[], object]
) -> Iterator[None]:  # pragma: no cover - Windows
    before = {one: signal.signal(one, lambda *_: ask() and None) for one in signals}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
