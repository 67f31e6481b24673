"""A person at a terminal: a program in a pseudo terminal, what it shows, and keys for it."""

import signal
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pexpect
import pyte


def _as_a_shell_would() -> None:
    """Programs under a terminal hear Ctrl-C, also when these tests run in the background."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Terminal:
    """A program with these words, in a terminal of `columns` by 40."""

    def __init__(
        self,
        program: Path,
        *words: str,
        cwd: Path,
        environment: Mapping[str, str],
        columns: int = 80,
    ) -> None:
        self._screen = pyte.Screen(columns, 40)
        self._stream = pyte.Stream(self._screen)
        self.received = ""
        """Everything that was written, codes and all."""
        self._child = pexpect.spawn(
            str(program),
            list(words),
            cwd=str(cwd),
            env={"TERM": "xterm-256color", "LANG": "C.UTF-8", **environment},
            dimensions=(40, columns),
            encoding="utf-8",
            timeout=20,
            preexec_fn=_as_a_shell_would,
        )
        self._child.logfile_read = self

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._child.close(force=True)

    def write(self, text: str) -> None:
        """Take what the program writes."""
        self.received += text
        self._stream.feed(text)

    def flush(self) -> None:
        """Nothing is held back."""

    def wait_for(self, words: str) -> None:
        """Wait until these words come."""
        self._child.expect_exact(words)

    def type(self, keys: str) -> None:
        """Press keys; `\\r` is Enter."""
        self._child.send(keys)

    def ctrl_c(self) -> None:
        """Press Ctrl-C: a signal to everything in the foreground.

        A person needs a moment after a prompt appears; a signal within the microseconds between
        readline's prompt and its wait is seen by CPython at the next key only.
        """
        self._child.expect([pexpect.TIMEOUT, pexpect.EOF], timeout=0.1)
        self._child.sendintr()

    def terminate(self) -> None:
        """Ask the program to end, as a system that shuts down does."""
        self._child.kill(signal.SIGTERM)

    def hang_up(self) -> int:
        """Close the terminal's window and wait for the program's end; its exit code."""
        child: Any = self._child  # its types leave `ptyproc` out
        child.ptyproc.fileobj.close()
        return int(self._child.wait())

    def end(self) -> int:
        """Wait for the program's end; its exit code, or minus the signal."""
        self._child.expect(pexpect.EOF)
        self._child.close()
        if self._child.exitstatus is not None:
            return int(self._child.exitstatus)
        return -int(self._child.signalstatus or 0)

    def lines(self) -> list[str]:
        """What stands on the screen, without blanks at the ends."""
        return "\n".join(line.rstrip() for line in self._screen.display).strip("\n").split("\n")
