"""One child process on honcho's parts: read in a thread, told about as plain facts.

honcho's `Process.run` reads whole lines and waits for the end of the pipe. Here bytes are told as
they come (a prompt has no line end), and the end of the process is told even while a grandchild
still holds the pipe.
"""

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from honcho.process import Popen, Process

_CHUNK_BYTES = 16_384
"""Small enough that handling one chunk does not hold up the event loop."""

_CHUNKS_AHEAD = 4
"""Chunks told and not yet handled; past them the child waits, as it would for a slow terminal."""


@dataclass(frozen=True, slots=True)
class ChildStarted:
    """The process runs and leads a group of the same number."""

    pid: int


@dataclass(frozen=True, slots=True)
class ChildFailed:
    """The system refused to start the command."""

    error: OSError | ValueError


@dataclass(frozen=True, slots=True)
class ChildSaid:
    """Bytes from standard output or error. Whoever takes them calls `Child.handled()` after."""

    chunk: bytes


@dataclass(frozen=True, slots=True)
class ChildExited:
    """The process itself has ended; negative for a signal. Its output may still be open."""

    code: int


@dataclass(frozen=True, slots=True)
class ChildClosed:
    """Its output is closed: nothing more will be said."""


ChildFact: TypeAlias = ChildStarted | ChildFailed | ChildSaid | ChildExited | ChildClosed


class Child(Process):  # type: ignore[misc]  # honcho has no types
    """A process to start once. `tell` gets its facts, from threads of the child's own."""

    def __init__(
        self,
        command: str | Sequence[str],
        *,
        cwd: str,
        env: Mapping[str, str],
        tell: Callable[[ChildFact], None],
        holds_input_open: bool = False,
    ) -> None:
        super().__init__(command, cwd=cwd, env=dict(env))
        self._child_ctor = _open_holding_input if holds_input_open else _open
        self._tell = tell
        self._ahead = threading.Semaphore(_CHUNKS_AHEAD)
        self._abandoned = False

    def start(self) -> None:
        """Start the process in a thread, so that forking does not hold up the event loop."""
        threading.Thread(target=self.run, name="rtstart child", daemon=True).start()

    def run(self, events: None = None, ignore_signals: bool = False) -> None:
        """Start the process, tell what it says until its output is closed."""
        del events, ignore_signals
        try:
            self._child = self._child_ctor(self.cmd, env=self.env, cwd=self.cwd)
        except (OSError, ValueError) as error:
            self._tell(ChildFailed(error))
            return
        self._tell(ChildStarted(self._child.pid))
        threading.Thread(target=self._wait, name="rtstart wait", daemon=True).start()
        output: int = self._child.stdout.fileno()
        while not self._abandoned and (chunk := os.read(output, _CHUNK_BYTES)):
            self._ahead.acquire()
            self._tell(ChildSaid(chunk))
        self._child.stdout.close()
        if self._child.stdin is not None:
            self._child.stdin.close()
        self._tell(ChildClosed())

    def handled(self) -> None:
        """One `ChildSaid` was dealt with; another may be told."""
        self._ahead.release()

    def abandon(self) -> None:
        """Read no further: the process is gone and a stranger to its group holds the pipe."""
        self._abandoned = True
        self._ahead.release()

    def _wait(self) -> None:
        self._tell(ChildExited(self._child.wait()))


def _open(
    command: str | Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: str,
    stdin: int = subprocess.DEVNULL,
) -> Any:
    """honcho's Popen (own session, both outputs in one pipe), with nobody at the keyboard.

    A child that inherits standard input sees a terminal there and takes the user's keys.
    """
    if isinstance(command, str):
        return Popen(command, env=env, cwd=cwd, stdin=stdin)
    arguments = list(command)
    if sys.platform == "win32":  # pragma: no cover
        # CreateProcess looks in our own PATH, and never finds `npm.cmd` as `npm`.
        import shutil

        arguments[0] = shutil.which(arguments[0], path=env.get("PATH")) or arguments[0]
    return Popen(arguments, env=env, cwd=cwd, stdin=stdin, shell=False)


def _open_holding_input(command: str | Sequence[str], *, env: Mapping[str, str], cwd: str) -> Any:
    """The same with an input that never ends and never says anything."""
    return _open(command, env=env, cwd=cwd, stdin=subprocess.PIPE)


def child_environment(
    env: Mapping[str, str], *, color: bool, columns: int | None = None
) -> dict[str, str]:
    """The environment that makes a child behave on a pipe as it would on our terminal.

    With `color`, the usual switches for it are set and `NO_COLOR` taken out (Node warns when it
    finds both). Python children are told not to hold their lines back.
    """
    made = dict(env)
    made.setdefault("PYTHONUNBUFFERED", "1")
    if color:
        made.pop("NO_COLOR", None)
        for name in ("FORCE_COLOR", "CLICOLOR_FORCE", "PY_COLORS"):
            made.setdefault(name, "1")
    if columns is not None:
        made["COLUMNS"] = str(columns)
    return made
