"""The repository of a new app: when it is made, when it is left alone, and saying so once."""

import time
from collections.abc import Mapping
from pathlib import Path

from rtstart import __version__
from rtstart.adapters.scaffold import git
from rtstart.core.events import Emit, StepDone, StepSkipped

_STEP = "git"


class Repository:
    """Made with the app, so that `.env` is ignored from the first commit on; told at the end,
    when the lock file is in that commit too.
    """

    def __init__(self, target: Path, environment: Mapping[str, str], *, template: str) -> None:
        self._target = target
        self._environment = environment
        self._message = f"Start from rtstart {__version__}, {template} template"
        self._seconds = 0.0
        self._skipped = ""
        self._was_there = False
        self.is_made = False
        """Whether there is a first commit by us."""

    def look_around(self) -> None:
        """Find out what there is already; before anything is written."""
        match git.look_around(self._target, self._environment):
            case "no git":
                self._skipped = "git is not installed, so there is no repository yet"
            case "inside":
                self._skipped = "left to the git repository around it"
            case "none":
                self._was_there = (self._target / ".git").exists()
                if self._was_there and git.has_commits(self._target, self._environment):
                    self._skipped = "left to the git repository that is there"

    def begin(self, folder: Path) -> None:
        """Make the repository and its first commit where the app is built. Raises ToolFailed."""
        if not self._skipped and not self._was_there:
            started = time.monotonic()
            git.init(folder, self._environment)
            self._commit(folder, started)

    def arrive(self) -> None:
        """The app is in its place: commit to the empty repository that waited there."""
        if not self._skipped and self._was_there:
            self._commit(self._target, time.monotonic())

    def close(self, emit: Emit, *, installed: bool) -> None:
        """Take what installing added into the first commit, and say how it ended."""
        if self._skipped:
            emit(StepSkipped(_STEP, self._skipped))
            return
        started = time.monotonic()
        if installed:
            git.take_in(self._target, self._environment)
        emit(StepDone(_STEP, "git", self._seconds + time.monotonic() - started))

    def _commit(self, folder: Path, started: float) -> None:
        git.commit(folder, self._environment, message=self._message)
        self._seconds = time.monotonic() - started
        self.is_made = True
