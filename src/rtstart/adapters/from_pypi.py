"""Programs that come as packages from PyPI: put into a folder of their own in the user's cache.

Each is built beside its place and renamed when it has answered, so that nobody ever uses half of
one.
"""

import os
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from rtstart.core.errors import ToolFailed
from rtstart.core.findings import Entry

_BRING_S = 600.0
_STALE_S = 24 * 3600.0


async def install_into(
    folder: Path, requirement: str, environment: Mapping[str, str], *, failed: Entry
) -> None:
    """Install a package into a folder, by uv if there is one, else by pip.

    Raises ToolFailed with the finding `failed`.
    """
    from rtstart.adapters.processes import run_to_end

    uv = environment.get("UV") or shutil.which("uv", path=environment.get("PATH", ""))
    commands = [_uv_command(uv, folder, requirement)] if uv else _pip_commands(folder, requirement)
    for command in commands:
        done = await run_to_end(command, cwd=folder.parent, env=environment, deadline_s=_BRING_S)
        if done.code or done.is_late:
            raise download_failed(failed, command, status=done.code, lines=done.last_lines)


def download_failed(
    failed: Entry, command: list[str], *, status: int = 1, lines: Sequence[str] = ()
) -> ToolFailed:
    """The error for a program that could not be brought."""
    return ToolFailed.by(
        failed.found(), command=command, exit_status=status, last_lines=tuple(lines)
    )


def beside(folder: Path) -> Path:
    """A hidden name in the same place, for building what is renamed when it is whole."""
    return folder.with_name(f".{folder.name}-{os.urandom(4).hex()}")


def moved(building: Path, home: Path) -> bool:
    """Rename what was built into its place; whether it is there now because of that."""
    try:
        building.rename(home)
    except OSError:
        return False
    return True


def sweep(folder: Path) -> None:
    """Take away what killed runs left half-built more than a day ago."""
    now = time.time()
    for path in folder.glob(".*"):
        with suppress(OSError):
            if now - path.stat().st_mtime > _STALE_S:
                shutil.rmtree(path, ignore_errors=True)


def _uv_command(uv: str, folder: Path, requirement: str) -> list[str]:
    install = [uv, "pip", "install", "--python", sys.executable, "--target", str(folder)]
    return [*install, "--color", "never", requirement]


def _pip_commands(folder: Path, requirement: str) -> list[list[str]]:
    """With pip: ours, or where Python came without one, that of an environment made for it."""
    python, before = sys.executable, []
    if find_spec("pip") is None:
        maker = folder / ".venv"
        before = [[sys.executable, "-m", "venv", str(maker)]]
        python = str(maker / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))
    install = [python, "-m", "pip", "install", "--target", str(folder), "--no-input"]
    return [*before, [*install, "--disable-pip-version-check", "--quiet", requirement]]
