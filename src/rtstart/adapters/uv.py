"""uv on this machine: finding one that is new enough, and bringing one from PyPI.

The package `uv` on PyPI holds the official binary. It is put into a folder of its own under the
user's cache, so that no environment is touched and no right is needed.
"""

import os
import shutil
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from rtstart.adapters.folders import cache_dir
from rtstart.adapters.from_pypi import beside, download_failed, install_into, moved, sweep
from rtstart.core.errors import ToolFailed
from rtstart.core.events import Emit, StepDone, StepFailed, StepStarted
from rtstart.core.findings import Finding
from rtstart.core.findings.machine import NO_UV, OLD_UV, UV_DOWNLOAD_FAILED
from rtstart.core.uv import BROUGHT, NEEDED, REQUIREMENT, Uv, Version, is_enough, parse_version

_ASK_S = 10.0
_PROGRAM = "uv.exe" if os.name == "nt" else "uv"
_STEP = "uv"
# Of an environment that somebody else made: uv would warn at every command that it is not its own.
_FOREIGN = ("VIRTUAL_ENV", "UV_RUN_RECURSION_DEPTH")


async def ensure_uv(
    environment: Mapping[str, str],
    *,
    may_bring: Callable[[Finding], Awaitable[bool]],
    emit: Emit,
) -> Uv:
    """A uv that can run an app, brought from PyPI if need be and allowed.

    `may_bring` is asked with what is wrong (RT209 or RT210), once. Raises ToolFailed with that
    finding when it says no, and with RT211 when bringing fails.
    """
    found = await find_uv(environment)
    if isinstance(found, Uv):
        return found
    if not await may_bring(found):
        raise refused(found)
    return await bring_uv(environment, emit=emit)


async def find_uv(environment: Mapping[str, str]) -> Uv | Finding:
    """A uv that is new enough: on the PATH, the one that started us (`uvx rtstart`), or brought
    before. Otherwise what is wrong with what there is.
    """
    program = shutil.which("uv", path=environment.get("PATH", ""))
    version = await _version_of(Path(program), environment) if program else None
    if version and is_enough(version):
        return Uv(version)
    started_by = environment.get("UV", "")
    for bin_dir in (Path(started_by).parent if started_by else None, _bin_dir(_home(environment))):
        if bin_dir and (found := await _uv_in(bin_dir, environment)):
            return found
    needed = f"{NEEDED[0]}.{NEEDED[1]}"
    if version is None:
        return NO_UV.found(f"uv is missing; this app needs {needed} or newer")
    had = ".".join(map(str, version))
    return OLD_UV.found(
        f"uv {had} is too old; this app needs {needed} or newer", where=program or ""
    )


async def bring_uv(environment: Mapping[str, str], *, emit: Emit) -> Uv:
    """Put uv from PyPI into the user's cache, and give it. Raises ToolFailed."""
    emit(StepStarted(_STEP, f"bringing uv {BROUGHT} from PyPI"))
    started = time.monotonic()
    home = _home(environment)
    building = beside(home)
    try:
        home.parent.mkdir(parents=True, exist_ok=True)
        sweep(home.parent)
        await install_into(building, REQUIREMENT, environment, failed=UV_DOWNLOAD_FAILED)
        uv = await _settled(building, home, environment)
    except (OSError, ToolFailed) as error:
        emit(StepFailed(_STEP, "uv was not brought", time.monotonic() - started))
        if isinstance(error, ToolFailed):
            raise
        raise download_failed(
            UV_DOWNLOAD_FAILED, ["mkdir", str(home)], lines=(str(error),)
        ) from error
    finally:
        shutil.rmtree(building, ignore_errors=True)
    emit(StepDone(_STEP, uv.words, time.monotonic() - started))
    return uv


def with_uv(environment: Mapping[str, str], uv: Uv) -> dict[str, str]:
    """An environment in which `uv` is this one, and knows of no environment but the app's."""
    kept = {name: value for name, value in environment.items() if name not in _FOREIGN}
    if uv.bin_dir:
        kept["PATH"] = os.pathsep.join([uv.bin_dir, environment.get("PATH", "")])
    return kept


def refused(finding: Finding, *, hint: str = "") -> ToolFailed:
    """The error for a uv that is not there and may not be brought."""
    return ToolFailed.by(finding, command=["uv", "--version"], exit_status=127, hint=hint)


def _home(environment: Mapping[str, str]) -> Path:
    return cache_dir(environment) / "uv" / BROUGHT


def _bin_dir(home: Path) -> Path:
    """Where a package that was installed into this folder has its programs."""
    return home / ("Scripts" if os.name == "nt" else "bin")


async def _uv_in(bin_dir: Path, environment: Mapping[str, str]) -> Uv | None:
    program = bin_dir / _PROGRAM
    version = await _version_of(program, environment) if program.is_file() else None
    return Uv(version, str(bin_dir)) if version and is_enough(version) else None


async def _version_of(program: Path, environment: Mapping[str, str]) -> Version | None:
    from rtstart.adapters.processes import run_to_end

    done = await run_to_end(
        [str(program), "--version"], cwd=Path.home(), env=environment, deadline_s=_ASK_S
    )
    return parse_version("\n".join(done.last_lines)) if done.code == 0 else None


async def _settled(building: Path, home: Path, environment: Mapping[str, str]) -> Uv:
    """What was built, in its place, or what somebody else has put there meanwhile."""
    built = await _uv_in(_bin_dir(building), environment)
    if built is None:
        lines = ("the program does not answer",)
        raise download_failed(UV_DOWNLOAD_FAILED, [_PROGRAM, "--version"], lines=lines)
    shutil.rmtree(building / ".venv", ignore_errors=True)
    if not moved(building, home) and await _uv_in(_bin_dir(home), environment) is None:
        # A damaged one stands in the way, left by a crash or by a cleaner of caches.
        shutil.rmtree(home, ignore_errors=True)
        moved(building, home)
    return Uv(built.version, str(_bin_dir(home)))
