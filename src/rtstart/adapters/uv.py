"""Where uv lies in its package from PyPI, which holds the official binary."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from rtstart.adapters.programs import Bringable
from rtstart.core.programs import UV as PROGRAM
from rtstart.core.programs import Found

# Of an environment that somebody else made: uv would warn at every command that it is not its own.
_FOREIGN = ("VIRTUAL_ENV", "UV_RUN_RECURSION_DEPTH")


def _elsewhere(environment: Mapping[str, str]) -> Iterable[Path]:
    started_by = environment.get("UV", "")
    return (Path(started_by).parent,) if started_by else ()


def _bin_dir(home: Path) -> Path:
    return home / ("Scripts" if os.name == "nt" else "bin")


def _finish(folder: Path) -> None:
    """Nothing: the package's own folder is right as it is."""


def _environment_with(environment: Mapping[str, str], uv: Found) -> dict[str, str]:
    """An environment in which `uv` is this one, and knows of no environment but the app's."""
    kept = {name: value for name, value in environment.items() if name not in _FOREIGN}
    if uv.bin_dir:
        kept["PATH"] = os.pathsep.join([uv.bin_dir, environment.get("PATH", "")])
    return kept


UV = Bringable(PROGRAM, _elsewhere, _bin_dir, _finish, _environment_with)
"""uv: on the PATH, the one that started us (`uvx rtstart`), or brought."""
