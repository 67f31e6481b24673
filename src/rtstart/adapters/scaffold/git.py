"""A new app's git repository and its first commit, made with the git program.

Each call lasts milliseconds, so it waits for git where it stands and starts no event loop.
"""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, TypeAlias

from rtstart.core.errors import ToolFailed
from rtstart.core.findings.machine import GIT_FAILED

_DEADLINE_S = 30
_OWN_IDENTITY = {
    "GIT_AUTHOR_NAME": "rtstart",
    "GIT_AUTHOR_EMAIL": "rtstart@localhost",
    "GIT_COMMITTER_NAME": "rtstart",
    "GIT_COMMITTER_EMAIL": "rtstart@localhost",
}
# A hook, a signature or a file watcher of the user's own set-up may ask, fail or hold the folder
# while it is still being built.
_QUIET = (
    *("-c", "commit.gpgSign=false"),
    *("-c", "core.fsmonitor=false"),
    *("-c", f"core.hooksPath={os.devnull}"),
)
# Belt and braces: the template's .gitignore names .env too. As a plain path git would refuse to
# exclude what is ignored already (2.39), as a pattern it does not.
_ADD = ["add", "--all", "--", ".", ":(exclude,glob)**/.env"]

Surroundings: TypeAlias = Literal["no git", "none", "inside"]


def look_around(target: Path, environment: Mapping[str, str]) -> Surroundings:
    """Whether there is git at all, and whether the target lies in a repository that tracks it.

    A target that the repository around it ignores counts as outside, as it does for Cargo.
    """
    if shutil.which("git", path=environment.get("PATH")) is None:
        return "no git"
    here = next(one for one in target.parents if one.is_dir())
    if not any((one / ".git").exists() for one in (here, *here.parents)):
        return "none"
    ignored = _run(["check-ignore", "-q", str(target)], here, environment)
    return "none" if ignored.returncode == 0 else "inside"


def has_commits(folder: Path, environment: Mapping[str, str]) -> bool:
    """Whether a repository that is already there has a history of its own."""
    return _run(["rev-parse", "-q", "--verify", "HEAD"], folder, environment).returncode == 0


def init(folder: Path, environment: Mapping[str, str]) -> None:
    """Make the folder a repository, on the branch that the user's git prefers, else `main`."""
    # The template folder may hold hooks of the user's own; they are theirs to keep.
    _must(["init", "-q"], folder, environment)
    if "init.defaultbranch" not in _settings(folder, environment):
        _must(["symbolic-ref", "HEAD", "refs/heads/main"], folder, environment)


def commit(folder: Path, environment: Mapping[str, str], *, message: str) -> None:
    """Commit everything that is not ignored; `.env` never, whatever the ignore file says."""
    _must(_ADD, folder, environment)
    _commit(folder, environment, "-m", message)


def take_in(folder: Path, environment: Mapping[str, str]) -> None:
    """Add what has come since (a lock file) to the first commit, so that there is one."""
    if _must(["status", "--porcelain"], folder, environment):
        _must(_ADD, folder, environment)
        _commit(folder, environment, "--amend", "--no-edit")


def _commit(folder: Path, environment: Mapping[str, str], *how: str) -> None:
    # git's own guess from the host's name does not count as an identity.
    known = _settings(folder, environment) | environment.keys()
    is_somebody = {"user.name", "user.email"} <= known or _OWN_IDENTITY.keys() <= known
    identity = {} if is_somebody else _OWN_IDENTITY
    command = [*_QUIET, "commit", "-q", "--no-verify", *how]
    _must(command, folder, {**environment, **identity})


def _settings(folder: Path, environment: Mapping[str, str]) -> set[str]:
    """Which of the settings that matter here the user has made, for this folder too."""
    wanted = r"^(user\.(name|email)|init\.defaultbranch)$"
    known = _run(["config", "--get-regexp", wanted], folder, environment).stdout
    return {line.split(" ", 1)[0] for line in known.splitlines()}


def _must(arguments: list[str], folder: Path, environment: Mapping[str, str]) -> str:
    done = _run(arguments, folder, environment)
    if done.returncode:
        finding = GIT_FAILED.found(f"git {_verb(arguments)} failed", where=str(folder))
        raise ToolFailed.by(
            finding,
            command=["git", *arguments],
            exit_status=done.returncode,
            last_lines=done.stderr.splitlines(),
        )
    return done.stdout


def _verb(arguments: list[str]) -> str:
    skipped = {"-c", *_QUIET}
    return next(word for word in arguments if word not in skipped)


def _run(
    arguments: list[str], folder: Path, environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    # GIT_DIR and the like are set for whoever calls from a hook, and mean another repository.
    kept = {name: value for name, value in environment.items() if not _redirects(name)}
    command = ["git", *arguments]
    try:
        return subprocess.run(
            command,
            cwd=folder,
            env={**kept, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_DEADLINE_S,
            check=False,
            encoding="utf-8",
            errors="replace",
        )
    except subprocess.TimeoutExpired:
        late = f"git did not end within {_DEADLINE_S} s"
        return subprocess.CompletedProcess(command, 124, "", late)


def _redirects(name: str) -> bool:
    return name in {
        "GIT_DIR",
        "GIT_WORK_TREE",
        "GIT_INDEX_FILE",
        "GIT_OBJECT_DIRECTORY",
        "GIT_COMMON_DIR",
        "GIT_PREFIX",
        "GIT_NAMESPACE",
    }
