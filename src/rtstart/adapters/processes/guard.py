"""The guard: a process of its own session that ends our children when we are killed.

It reads `+PID` and `-PID` on its standard input. When that pipe breaks, whoever is still on its
list is ended: asked, then killed. It runs as a script, with the standard library only.
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from typing import TypeAlias

_Process: TypeAlias = "subprocess.Popen[bytes]"  # noqa: TID251 - here children are started
_ASK_S = 0.4
_STEP_S = 0.02


class Guard:
    """Our end of the guard. Thread-safe; a guard that was killed is replaced at the next use."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pids: set[int] = set()
        self._process: _Process | None = None

    def start(self) -> None:
        """Start the guard process."""
        with self._lock:
            self._start()

    def add(self, pid: int) -> None:
        """Watch over the group of this number."""
        with self._lock:
            self._pids.add(pid)
            self._send(f"+{pid}\n")

    def remove(self, pid: int) -> None:
        """Forget a group, because it is empty."""
        with self._lock:
            self._pids.discard(pid)
            self._send(f"-{pid}\n")

    @property
    def pid(self) -> int | None:
        """The guard's own pid, or None when it does not run."""
        return self._process.pid if self._process is not None else None

    def close(self) -> None:
        """End the guard. Groups not removed are ended by it."""
        with self._lock:
            self._end()

    def _start(self) -> None:
        self._process = subprocess.Popen(  # noqa: TID251 - this is where children are started
            [sys.executable, "-I", "-S", __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def _send(self, line: str) -> None:
        if self._process is None:
            return
        try:
            self._write(line)
        except OSError:
            self._end()
            self._start()
            self._write("".join(f"+{pid}\n" for pid in self._pids))

    def _write(self, text: str) -> None:
        if self._process is not None and self._process.stdin is not None:
            os.write(self._process.stdin.fileno(), text.encode("ascii"))

    def _end(self) -> None:
        if self._process is not None and self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()
            self._process.wait()
            self._process = None


def _ask(pid: int) -> None:
    if sys.platform == "win32":  # pragma: no cover
        subprocess.run(["taskkill", "/PID", str(pid), "/T", "/F"], check=False, capture_output=True)
        return
    with contextlib.suppress(OSError):
        os.killpg(pid, signal.SIGTERM)


def _is_left(pid: int) -> bool:
    if sys.platform == "win32":  # pragma: no cover
        return False
    try:
        os.killpg(pid, 0)
    except OSError:
        return False
    return True


def _kill(pid: int) -> None:
    if sys.platform != "win32":
        with contextlib.suppress(OSError):
            os.killpg(pid, signal.SIGKILL)


def _watch() -> None:
    """Read the list until the pipe breaks, then end who is on it."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            # Meant for rtstart, which may then need us most.
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    pids: set[int] = set()
    for line in sys.stdin:
        change, number = line[:1], int(line[1:])
        (pids.add if change == "+" else pids.discard)(number)
    for pid in pids:
        _ask(pid)
    end = time.monotonic() + _ASK_S
    while any(_is_left(pid) for pid in pids) and time.monotonic() < end:
        time.sleep(_STEP_S)  # noqa: TID251 - a script without a loop; nobody else tells an end
    for pid in pids:
        _kill(pid)


if __name__ == "__main__":
    _watch()
    # rtstart waits for this end; there is nothing to tidy up.
    os._exit(0)
