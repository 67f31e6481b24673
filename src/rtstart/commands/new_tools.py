"""What installs the packages of a new app: Node.js with a package manager, or uv."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from rtstart.adapters.node import NODE
from rtstart.adapters.programs import Bringable, bring, find, refused
from rtstart.adapters.scaffold.install import find_manager
from rtstart.adapters.uv import UV
from rtstart.core.errors import ToolFailed
from rtstart.core.events import Emit
from rtstart.core.findings import Finding
from rtstart.core.packages import MANAGERS, PackageManager
from rtstart.core.packages import UV as UV_SYNC
from rtstart.core.programs import Found

PYTHON_TEMPLATES = ("python",)


@dataclass(slots=True)
class AppTools:
    """Found before anything is written, brought after that.

    `usual` is the package manager that is named when nothing is known of this machine; `manager`
    gives the one for an app, or None when there is none.
    """

    environment: Mapping[str, str]
    bringable: Bringable
    usual: PackageManager
    manager: Callable[[Path, Mapping[str, str]], PackageManager | None]
    found: Found | None = None

    def find(self) -> Finding | None:
        """Look for it; what is wrong with what there is, or None."""
        found = asyncio.run(find(self.bringable, self.environment))
        if isinstance(found, Finding):
            return found
        self.found = found
        return None

    def refused(self, finding: Finding, *, hint: str) -> ToolFailed:
        """The error when it is not there and may not be brought."""
        return refused(self.bringable.program, finding, hint=hint)

    async def ready(self, emit: Emit) -> dict[str, str]:
        """The environment to install in; what is missing is brought. Raises ToolFailed."""
        found = self.found or await bring(self.bringable, self.environment, emit=emit)
        return self.bringable.environment_with(self.environment, found)


def tools_for(template: str, environment: Mapping[str, str]) -> AppTools:
    """The tools that an app of this template needs."""
    if template in PYTHON_TEMPLATES:
        return AppTools(environment, UV, UV_SYNC, lambda *_: UV_SYNC)
    return AppTools(environment, NODE, MANAGERS[0], find_manager)
