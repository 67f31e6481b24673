"""The mark that a run leaves in a project while it lives: a lock, and `.rtstart/run.json`.

The lock is the system's own and ends with the process, so a crash leaves nothing stale behind;
run.json is there for other commands and agents to find the addresses.
"""

import contextlib
import json
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from rtstart.adapters.files import read_text, write_atomically

_FOLDER = ".rtstart"
_SCHEMA = 1


class AlreadyRunning(Exception):
    """Another process holds the project; `run` is what it told about itself, possibly nothing."""

    def __init__(self, run: Mapping[str, object]) -> None:
        super().__init__("already running")
        self.run = run


@dataclass(frozen=True, slots=True)
class RunFile:
    """The run.json of the one run that holds the project's lock."""

    path: Path

    def write(self, **facts: object) -> None:
        """Tell others about this run; the pid and the schema version are added."""
        told = {"schema": _SCHEMA, "pid": os.getpid(), **facts}
        write_atomically(self.path, json.dumps(told, indent=2) + "\n", mode=0o600)


@contextlib.contextmanager
def hold_project(project_dir: Path) -> Iterator[RunFile]:
    """Hold the project for this process; raises AlreadyRunning when another one does."""
    folder = project_dir / _FOLDER
    folder.mkdir(exist_ok=True)
    run_file = RunFile(folder / "run.json")
    with (folder / "lock").open("a+b") as lock:
        if not _try_lock(lock):
            raise AlreadyRunning(_read_run(run_file.path))
        run_file.write()
        try:
            yield run_file
        finally:
            with contextlib.suppress(OSError):
                run_file.path.unlink()


def read_run(project_dir: Path) -> Mapping[str, object]:
    """What the run that holds this project has written, or nothing."""
    return _read_run(project_dir / _FOLDER / "run.json")


def _read_run(path: Path) -> Mapping[str, object]:
    with contextlib.suppress(OSError, ValueError):
        told = json.loads(read_text(path) or "{}")
        if isinstance(told, dict):
            return told
    return {}


if sys.platform == "win32":  # pragma: no cover - not run on this machine

    def _try_lock(file: IO[bytes]) -> bool:
        import msvcrt

        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:

    def _try_lock(file: IO[bytes]) -> bool:
        import fcntl

        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
