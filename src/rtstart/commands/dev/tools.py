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
        from rtstart.adapters.node import NODE
        from rtstart.adapters.programs import ensure

        if not (folder / "node_modules").exists():
            raise Failed.of(PACKAGES_MISSING.found(where=str(folder)))
        found = await ensure(NODE, found, may_bring=consent, emit=emit)
    if project.runs("uv"):
        from rtstart.adapters.programs import ensure
        from rtstart.adapters.uv import UV

        if (folder / "uv.lock").exists() and not (folder / ".venv").exists():
            raise Failed.of(
                PACKAGES_MISSING.found(
                    where=str(folder),
                    why="There is a uv.lock but no .venv folder.",
                    fix=Fix("Install them in the project folder.", command="uv sync"),
                )
            )
        found = await ensure(UV, found, may_bring=consent, emit=emit)
    return found
