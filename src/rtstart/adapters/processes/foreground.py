"""The user's own command in the foreground: it owns the terminal, and its code is the answer."""

import asyncio
import contextlib
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from rtstart.core.errors import Usage

_GRACE_S = 5.0


def require_program(command: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> None:
    """Raise Usage when there is no such program, so that nothing is started for it in vain."""
    name = command[0]
    has_folder = os.path.dirname(name) != ""  # noqa: PTH120 - `./name` is not `name` here
    place = str(cwd / name) if has_folder else name
    if shutil.which(place, path=env.get("PATH")) is None:
        raise _not_startable(name, "There is no such program.")


async def run_foreground(command: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> int:
    """Run a command with our standard streams and give its exit code (128 + n for signal n).

    It stays in our process group, so that Ctrl-C reaches it as it would without rtstart. When this
    is cancelled the command is asked to end, and killed after five seconds. Raises Usage when
    there is no such program.
    """
    try:
        process = await asyncio.create_subprocess_exec(*command, cwd=cwd, env=dict(env))
    except OSError as error:
        raise _not_startable(command[0], error.strerror or str(error)) from error
    try:
        code = await process.wait()
    finally:
        if process.returncode is None:
            await _end(process)
    return code if code >= 0 else 128 - code


async def _end(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
        try:
            async with asyncio.timeout(_GRACE_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


def _not_startable(name: str, why: str) -> Usage:
    return Usage(
        f'The command "{name}" could not be started',
        why=why,
        hint="Give a program of this machine after the --, as in: -- npm test",
    )
