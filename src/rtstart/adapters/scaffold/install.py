"""Installs a new app's packages with the package manager that is there."""

import shutil
from collections.abc import Mapping
from pathlib import Path

from rtstart.core.errors import ToolFailed
from rtstart.core.findings import Finding
from rtstart.core.findings.machine import INSTALL_FAILED, NO_PACKAGE_MANAGER
from rtstart.core.findings.types import Fix
from rtstart.core.packages import (
    LOCK_FILES,
    MANAGERS,
    PackageManager,
    choose_manager,
    count_packages,
)

_DEADLINE_S = 600.0


def find_manager(project_dir: Path, environment: Mapping[str, str]) -> PackageManager | None:
    """The package manager for this folder, or None when there is none on the PATH."""
    path = environment.get("PATH", "")
    return choose_manager(
        user_agent=environment.get("npm_config_user_agent", ""),
        lock_files=_lock_files(project_dir),
        available=[one.name for one in MANAGERS if shutil.which(one.name, path=path)],
    )


async def install(
    manager: PackageManager | None, project_dir: Path, environment: Mapping[str, str]
) -> str:
    """Install the packages; the words for what was done (`installed 41 packages`).

    Raises ToolFailed with the installer's last lines. Cancelled, it ends the installer and takes
    away the half-filled folder of packages.
    """
    from rtstart.adapters.processes import run_to_end

    if manager is None:
        raise ToolFailed.by(NO_PACKAGE_MANAGER.found(), command=["npm", "install"], exit_status=127)
    program = shutil.which(manager.name, path=environment.get("PATH", "")) or manager.name
    command = [program, *manager.arguments]
    for name, text in manager.files.items():
        if not (project_dir / name).exists():
            (project_dir / name).write_text(text, encoding="utf-8")
    is_whole = False
    lines: list[str] = []
    try:
        done = await run_to_end(
            command,
            cwd=project_dir,
            env={**environment, **manager.settings},
            deadline_s=_DEADLINE_S,
            on_line=lines.append,
        )
        is_whole = True
    finally:
        if not is_whole:
            shutil.rmtree(project_dir / manager.folder, ignore_errors=True)
    if done.code or done.is_late:
        raise ToolFailed.by(
            _install_failed(manager, project_dir, is_late=done.is_late),
            command=command,
            exit_status=done.code,
            last_lines=done.last_lines,
        )
    count = count_packages(lines)
    return f"installed {count} packages" if count else "installed packages"


def _install_failed(manager: PackageManager, project_dir: Path, *, is_late: bool) -> Finding:
    why = f"It did not end within {_DEADLINE_S / 60:.0f} minutes." if is_late else ""
    fix = Fix(f"The app is finished; go on in {project_dir}", command=manager.words)
    return INSTALL_FAILED.found(f"{manager.words} failed", why=why, fix=fix)


def _lock_files(project_dir: Path) -> list[str]:
    """Lock files above the app, in the repository that it is part of, the nearest first.

    The app's own comes with the template and says nothing of what its owner likes.
    """
    folders = [project_dir, *project_dir.parents]
    roots = [number for number, folder in enumerate(folders) if (folder / ".git").exists()]
    above = folders[1 : roots[0] + 1] if roots else []
    return [name for folder in above for name in LOCK_FILES if (folder / name).is_file()]
