"""Puts the templates into the wheel (as `rtstart/_template`) and the sdist (at its root).

The list is git's index where there is a checkout, so that `node_modules` and other ignored junk is
never packed; an sdist, which has no git, holds exactly that list already. Symlinks are refused:
they vanish silently in a wheel.
"""

import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_PACKED = ("copier.yml", "templates")


class TemplateHook(BuildHookInterface[Any]):
    """Adds each template file to what is built; an editable install reads the checkout instead."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling before each target is built."""
        if version == "editable":
            return
        root = Path(self.root)
        prefix = "rtstart/_template/" if self.target_name == "wheel" else ""
        for relpath in template_files(root):
            build_data["force_include"][str(root / relpath)] = f"{prefix}{relpath}"


def template_files(root: Path) -> list[str]:
    """The relative paths of all template files, sorted, with forward slashes."""
    names = _from_index(root) if (root / ".git").exists() else _from_folder(root)
    if links := [name for name in names if (root / name).is_symlink()]:
        raise ValueError(f"templates hold symlinks, which a wheel loses: {links}")
    if missing := [name for name in names if not (root / name).is_file()]:
        raise ValueError(f"in git's index but not in the folder: {missing}")
    return sorted(names)


def _from_index(root: Path) -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--", *_PACKED],
        cwd=root,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
        timeout=60,
        encoding="utf-8",
    ).stdout
    return [name for name in listed.split("\0") if name]


def _from_folder(root: Path) -> list[str]:
    folder = root / "templates"
    files = [path for path in folder.rglob("*") if path.is_file() or path.is_symlink()]
    return ["copier.yml", *(path.relative_to(root).as_posix() for path in files)]
