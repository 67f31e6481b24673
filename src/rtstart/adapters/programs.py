"""Programs that apps need: finding one that is new enough, and bringing one from PyPI.

It is put into a folder of its own under the user's cache, so that no environment is touched and no
right is needed. What differs between programs is in `node` and `uv`.
"""

import os
import shutil
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from rtstart.adapters.folders import cache_dir
from rtstart.adapters.from_pypi import beside, download_failed, install_into, moved, sweep
from rtstart.core.errors import ToolFailed
from rtstart.core.events import Emit, StepDone, StepFailed, StepStarted
from rtstart.core.findings import Finding
from rtstart.core.programs import Found, Program, Version

_ASK_S = 10.0


@dataclass(frozen=True, slots=True)
class Bringable:
    """A program and where it lies.

    `elsewhere` gives the folders that may hold one besides the PATH and what was brought, best
    first. `bin_dir` is the folder, in one that the package was installed into, that goes on the
    PATH; `finish` makes it what it should be. `environment_with` puts what was found to use.
    """

    program: Program
    elsewhere: Callable[[Mapping[str, str]], Iterable[Path]]
    bin_dir: Callable[[Path], Path]
    finish: Callable[[Path], None]
    environment_with: Callable[[Mapping[str, str], Found], dict[str, str]]


async def ensure(
    bringable: Bringable,
    environment: Mapping[str, str],
    *,
    may_bring: Callable[[Finding], Awaitable[bool]],
    emit: Emit,
) -> dict[str, str]:
    """An environment with a program that can run an app, brought from PyPI if need be and allowed.

    `may_bring` is asked with what is wrong, once. Raises ToolFailed with that finding when it says
    no, and with the one for bringing when that fails.
    """
    found = await find(bringable, environment)
    if isinstance(found, Finding):
        if not await may_bring(found):
            raise refused(bringable.program, found)
        found = await bring(bringable, environment, emit=emit)
    return bringable.environment_with(environment, found)


async def find(bringable: Bringable, environment: Mapping[str, str]) -> Found | Finding:
    """One that is new enough: on the PATH, elsewhere, or brought before. Otherwise what is wrong
    with what there is.
    """
    program = bringable.program
    on_path = shutil.which(program.name, path=environment.get("PATH", ""))
    version = await _version_of(program, Path(on_path), environment) if on_path else None
    if version and program.is_enough(version):
        return Found(program, version)
    brought = bringable.bin_dir(_home(program, environment))
    for bin_dir in (*bringable.elsewhere(environment), brought):
        if found := await _found_in(program, bin_dir, environment):
            return found
    return program.fault(version, where=on_path or "")


async def bring(bringable: Bringable, environment: Mapping[str, str], *, emit: Emit) -> Found:
    """Put the program from PyPI into the user's cache, and give it.

    It is built beside its place and renamed when it has answered, so that nobody ever uses half
    of it; of two that do this at once, both end with the same whole one. Raises ToolFailed.
    """
    program = bringable.program
    emit(StepStarted(program.name, f"bringing {program.release} from PyPI"))
    started = time.monotonic()
    home = _home(program, environment)
    building = beside(home)
    try:
        home.parent.mkdir(parents=True, exist_ok=True)
        sweep(home.parent)
        await install_into(building, program.requirement, environment, failed=program.not_brought)
        bringable.finish(building)
        found = await _settled(bringable, building, home, environment)
    except (OSError, ToolFailed) as error:
        seconds = time.monotonic() - started
        emit(StepFailed(program.name, f"{program.words} was not brought", seconds))
        if isinstance(error, ToolFailed):
            raise
        raise download_failed(
            program.not_brought, ["mkdir", str(home)], lines=(str(error),)
        ) from error
    finally:
        shutil.rmtree(building, ignore_errors=True)
    emit(StepDone(program.name, found.words, time.monotonic() - started))
    return found


def refused(program: Program, finding: Finding, *, hint: str = "") -> ToolFailed:
    """The error for a program that is not there and may not be brought."""
    command = [program.name, "--version"]
    return ToolFailed.by(finding, command=command, exit_status=127, hint=hint)


def file_name(name: str) -> str:
    """What the file of a program of this name is called on this system."""
    return f"{name}.exe" if os.name == "nt" else name


def _home(program: Program, environment: Mapping[str, str]) -> Path:
    return cache_dir(environment) / program.name / program.brought


async def _found_in(
    program: Program, bin_dir: Path, environment: Mapping[str, str]
) -> Found | None:
    path = bin_dir / file_name(program.name)
    version = await _version_of(program, path, environment) if path.is_file() else None
    return Found(program, version, str(bin_dir)) if version and program.is_enough(version) else None


async def _version_of(
    program: Program, path: Path, environment: Mapping[str, str]
) -> Version | None:
    from rtstart.adapters.processes import run_to_end

    done = await run_to_end(
        [str(path), "--version"], cwd=Path.home(), env=environment, deadline_s=_ASK_S
    )
    return program.version_in("\n".join(done.last_lines)) if done.code == 0 else None


async def _settled(
    bringable: Bringable, building: Path, home: Path, environment: Mapping[str, str]
) -> Found:
    """What was built, in its place, or what somebody else has put there meanwhile."""
    program, bin_dir = bringable.program, bringable.bin_dir
    built = await _found_in(program, bin_dir(building), environment)
    if built is None:
        command = [file_name(program.name), "--version"]
        lines = ("the program does not answer",)
        raise download_failed(program.not_brought, command, lines=lines)
    shutil.rmtree(building / ".venv", ignore_errors=True)
    if not moved(building, home) and await _found_in(program, bin_dir(home), environment) is None:
        # A damaged one stands in the way, left by a crash or by a cleaner of caches.
        shutil.rmtree(home, ignore_errors=True)
        moved(building, home)
    return Found(program, built.version, str(bin_dir(home)))
