"""Reading a project whole: its three files, with every fault of all of them at once."""

import os
import shlex
from collections.abc import Mapping
from pathlib import Path

from rtstart.adapters.files import is_readable_by_others, read_text, shortest
from rtstart.adapters.processes.procfile import parse_procfile
from rtstart.core.config import KEY_NAME, ProjectConfig, parse_config, usual_config
from rtstart.core.dotenv import Dotenv, parse_dotenv
from rtstart.core.errors import Failed, NotAProject
from rtstart.core.findings import Finding
from rtstart.core.findings.project import BAD_CONFIG, BAD_DOTENV, BAD_PROCFILE, NOT_A_PROJECT
from rtstart.core.findings.security import DOTENV_READABLE
from rtstart.core.findings.types import Fix
from rtstart.core.key_firewall import FRAMEWORK_FILES, leaked_names
from rtstart.core.procfile import unread_lines
from rtstart.core.project import Project, cross_faults

_MOST_NAMED = 3
_BAD_FILE = {"rtstart.toml": BAD_CONFIG, "Procfile": BAD_PROCFILE, ".env": BAD_DOTENV}


def load_project(project_dir: Path) -> tuple[Project, list[Finding]]:
    """The project in this folder, and warnings about it.

    Raises NotAProject when there is neither rtstart.toml nor Procfile, and when any of the files
    has a fault; the error then carries all of them.
    """
    faults: list[Finding] = []
    config_text = _read(project_dir, "rtstart.toml", faults)
    procfile_text = _read(project_dir, "Procfile", faults)
    if config_text is None and procfile_text is None and not faults:
        raise NotAProject.of(_not_here(project_dir))
    config, commands, dotenv = ProjectConfig(), {}, Dotenv({}, {})
    if config_text is not None:
        config, found = parse_config(config_text)
        faults += found
    if procfile_text is not None:
        commands = dict(parse_procfile(procfile_text))
        faults += unread_lines(procfile_text, commands.keys())
        if config_text is None and commands:
            config = usual_config(tuple(commands))
    elif not (project_dir / "Procfile").exists():
        faults.append(BAD_PROCFILE.found("There is no Procfile beside rtstart.toml"))
    dotenv_text = _read(project_dir, ".env", faults)
    if dotenv_text is not None:
        dotenv = parse_dotenv(dotenv_text)
        faults += dotenv.faults
    faults += _leaks(project_dir, key=dotenv.values.get(KEY_NAME, ""))
    project = _checked(project_dir, config, commands, dotenv, faults=faults)
    return project, _warnings(project_dir)


def _not_here(project_dir: Path) -> Finding:
    """There is no project here; the one that was most likely meant is named.

    People forget the `cd` after `new`, or type the command somewhere inside their app.
    """
    inside = sorted(path.parent for path in project_dir.glob("*/rtstart.toml"))
    around = [path for path in project_dir.parents if (path / "rtstart.toml").is_file()]
    meant = around[:1] or inside[:_MOST_NAMED]
    if not meant:
        return NOT_A_PROJECT.found(where=str(project_dir))
    names = [shlex.quote(shortest(one)) for one in meant]
    words = "The app is there." if len(names) == 1 else "Apps are there; choose one."
    return NOT_A_PROJECT.found(
        where=str(project_dir),
        fix=Fix(words, command="\n".join(f"cd {name}" for name in names)),
    )


def _leaks(project_dir: Path, *, key: str) -> list[Finding]:
    """Keys in public names where a front end finds them without us: its files, the environment."""
    found: list[Finding] = []
    for name in FRAMEWORK_FILES:
        text = _read(project_dir, name, found)
        if text is not None:
            read = parse_dotenv(text, file=name)
            found += leaked_names(read.values, file=name, lines=read.lines, key=key)
    environment = dict(os.environ)
    key = key or environment.get(KEY_NAME, "")
    return [*found, *leaked_names(environment, file="the environment", key=key)]


def _checked(
    project_dir: Path,
    config: ProjectConfig,
    commands: Mapping[str, str],
    dotenv: Dotenv,
    *,
    faults: list[Finding],
) -> Project:
    project = Project(project_dir.name, str(project_dir), config, commands, dotenv)
    faults = [*faults, *cross_faults(project)]
    if faults:
        raise NotAProject.of(*faults)
    return project


def _read(project_dir: Path, name: str, faults: list[Finding]) -> str | None:
    try:
        return read_text(project_dir / name)
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        faults.append(
            _BAD_FILE.get(name, BAD_DOTENV).found(
                f"{name} is not UTF-8 text", where=f"{name}:{line}"
            )
        )
    except OSError as error:
        raise Failed(
            f"{name} could not be read",
            why=error.strerror or str(error),
            hint=f"ls -l {project_dir / name}",
        ) from error
    return None


def _warnings(project_dir: Path) -> list[Finding]:
    if is_readable_by_others(project_dir / ".env"):
        return [DOTENV_READABLE.found(where=".env")]
    return []
