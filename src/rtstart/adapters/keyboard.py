"""Single key presses from the terminal, without Enter, while a run goes on."""

import asyncio
import contextlib
import os
import sys
from collections.abc import Callable, Iterator


@contextlib.contextmanager
def listen_for_keys(on_key: Callable[[str], None]) -> Iterator[None]:
    """Call `on_key` on the event loop for each character typed, until the block is left.

    The terminal is put back as it was. Does nothing where standard input is no terminal, or
    belongs to another job. Ctrl-C stays a signal.
    """
    if sys.platform == "win32" or not _is_ours():  # pragma: no cover - needs a real console
        yield
        return
    import termios
    import tty

    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    loop = asyncio.get_running_loop()

    def read() -> None:
        try:
            typed = os.read(descriptor, 64)
        except OSError:  # its window was closed
            typed = b""
        if not typed:
            loop.remove_reader(descriptor)
        text = typed.decode(errors="ignore")
        if not text.startswith("\x1b"):
            for character in text:
                on_key(character)

    tty.setcbreak(descriptor, termios.TCSANOW)
    loop.add_reader(descriptor, read)
    try:
        yield
    finally:
        loop.remove_reader(descriptor)
        with contextlib.suppress(termios.error):  # its window was closed
            termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


def _is_ours() -> bool:
    """Whether standard input is a terminal of which we are the foreground job.

    A background job that changed the terminal's mode would be stopped by SIGTTOU.
    """
    try:
        descriptor = sys.stdin.fileno()
        return os.isatty(descriptor) and os.tcgetpgrp(descriptor) == os.getpgrp()
    except (OSError, ValueError, AttributeError):
        return False
