"""What the app's own commands need on this machine: Node.js, uv, and its packages installed."""

from collections.abc import Mapping
from pathlib import Path

from rtstart.commands.dev.request import Consent
from rtstart.core.errors import Failed
from rtstart.core.events import Emit
from rtstart.core.findings.services import PACKAGES_MISSING
from rtstart.core.findings.types import Fix
from rtstart.core.project import Project


async def with_tools(
    project: Project, environment: Mapping[str, str], *, consent: Consent, emit: Emit
) -> dict[str, str]:
    """An environment in which the Procfile's commands find their programs.

    `consent` is asked before Node or uv is brought. Raises Failed when the app's packages are not
    installed.
    """
    found = dict(environment)
    folder = Path(project.project_dir)
    if (folder / "package.json").exists():
        from rtstart.adapters.node import ensure_node, with_node

        if not (folder / "node_modules").exists():
            raise Failed.of(PACKAGES_MISSING.found(where=str(folder)))
        found = with_node(found, await ensure_node(found, may_bring=consent, emit=emit))
    if any(command.split()[:1] == ["uv"] for command in project.commands.values()):
        from rtstart.adapters.uv import ensure_uv, with_uv

        if (folder / "uv.lock").exists() and not (folder / ".venv").exists():
            raise Failed.of(
                PACKAGES_MISSING.found(
                    where=str(folder),
                    why="There is a uv.lock but no .venv folder.",
                    fix=Fix("Install them in the project folder.", command="uv sync"),
                )
            )
        found = with_uv(found, await ensure_uv(found, may_bring=consent, emit=emit))
    return found
