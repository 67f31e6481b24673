"""The folder of a new app: whether it may be used, and building beside it so that a failure
leaves nothing.
"""

import contextlib
import os
import shutil
import signal
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Literal, Self, TypeAlias

_SHOWN_NAMES = 6
_PREFIX = ".rtstart-new-"

State: TypeAlias = Literal["missing", "empty", "only git"]


@dataclass(frozen=True, slots=True)
class Occupied:
    """The folder cannot be used; `words` say what is in it."""

    words: str


def look_at(target: Path) -> State | Occupied:
    """What is at the place of the new app. Raises OSError when it cannot be looked at."""
    if not os.path.lexists(target):
        return "missing"
    if not target.is_dir():
        return Occupied("is a file, not a folder")
    names = sorted(path.name for path in target.iterdir() if not path.name.startswith(_PREFIX))
    if not names:
        return "empty"
    if names == [".git"]:
        return "only git"
    shown = ", ".join(names[:_SHOWN_NAMES])
    more = len(names) - _SHOWN_NAMES
    return Occupied(f"holds {shown}{f' and {more} more' if more > 0 else ''}")


class TargetTaken(Exception):
    """Something was put at the target while the app was being made."""


class Staging:
    """A folder beside the target, with the target's name, that becomes the target at the end.

    Used as a context manager: left without `settle`, for whatever reason, nothing remains, parent
    folders that had to be made included. A target that exists is built inside itself: it may be
    a mount, and a shell may stand in it.
    """

    def __init__(self, target: Path) -> None:
        self._target = target
        self._is_inside = target.is_dir()
        self._made_parents: list[Path] = []
        above = target if self._is_inside else target.parent
        self._shed = above / f"{_PREFIX}{os.urandom(4).hex()}"
        self.project_dir = self._shed / target.name
        """Where to build. It exists and is empty once the context is entered."""

    def __enter__(self) -> Self:
        """Raises TargetTaken when the target has been filled since it was looked at."""
        if isinstance(look_at(self._target), Occupied):
            raise TargetTaken(str(self._target))
        try:
            self._make_parents(self._shed.parent)
            self.project_dir.mkdir(parents=True)
        except BaseException:
            self._clear()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._clear()

    def settle(self) -> None:
        """Make the built folder the target. Raises TargetTaken, and then nothing was moved."""
        if self._is_inside:
            with _uninterrupted():
                self._move_in()
            return
        try:
            self.project_dir.rename(self._target)
        except OSError as error:
            if os.path.lexists(self._target):
                raise TargetTaken(str(self._target)) from error
            raise
        self._made_parents.clear()

    def _make_parents(self, folder: Path) -> None:
        missing = [one for one in (folder, *folder.parents) if not one.exists()]
        for one in reversed(missing):
            one.mkdir()
            self._made_parents.append(one)

    def _move_in(self) -> None:
        if isinstance(look_at(self._target), Occupied):
            raise TargetTaken(str(self._target))
        entries = sorted(self.project_dir.iterdir())
        moved = 0
        try:
            for entry in entries:
                self._move(entry)
                moved += 1
        except OSError:
            for entry in entries[:moved]:
                (self._target / entry.name).rename(entry)
            raise

    def _move(self, entry: Path) -> None:
        entry.rename(self._target / entry.name)

    def _clear(self) -> None:
        with _uninterrupted():
            self._remove()

    def _remove(self) -> None:
        shutil.rmtree(self._shed, ignore_errors=True)
        for folder in reversed(self._made_parents):
            with contextlib.suppress(OSError):
                folder.rmdir()


@contextlib.contextmanager
def _uninterrupted() -> Iterator[None]:
    """Hold back a second Ctrl-C for the moments in which it would leave half of something."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
