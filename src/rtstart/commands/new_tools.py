"""What installs the packages of a new app: Node.js with a package manager, or uv."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from rtstart.core.errors import ToolFailed
from rtstart.core.events import Emit
from rtstart.core.findings import Finding
from rtstart.core.node import Node
from rtstart.core.packages import MANAGERS, UV, PackageManager
from rtstart.core.uv import Uv

PYTHON_TEMPLATES = ("python",)


class AppTools(Protocol):
    """Found before anything is written, brought after that."""

    usual: PackageManager
    """What is named when nothing is known of this machine."""

    words: str
    """What would be brought: `Node 24`."""

    def find(self) -> Finding | None:
        """Look for it; what is wrong with what there is, or None."""
        ...

    def refused(self, finding: Finding, *, hint: str) -> ToolFailed:
        """The error when it is not there and may not be brought."""
        ...

    async def ready(self, emit: Emit) -> dict[str, str]:
        """The environment to install in; what is missing is brought. Raises ToolFailed."""
        ...

    def manager(self, target: Path, environment: Mapping[str, str]) -> PackageManager | None:
        """The package manager for this app, or None when there is none."""
        ...


def tools_for(template: str, environment: Mapping[str, str]) -> AppTools:
    """The tools that an app of this template needs."""
    return _Uv(environment) if template in PYTHON_TEMPLATES else _Node(environment)


class _Node:
    usual = MANAGERS[0]
    words = "Node 24"

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._found: Node | None = None

    def find(self) -> Finding | None:
        from rtstart.adapters.node import find_node

        found = asyncio.run(find_node(self._environment))
        self._found = found if isinstance(found, Node) else None
        return None if isinstance(found, Node) else found

    def refused(self, finding: Finding, *, hint: str) -> ToolFailed:
        from rtstart.adapters.node import refused

        return refused(finding, hint=hint)

    async def ready(self, emit: Emit) -> dict[str, str]:
        from rtstart.adapters.node import bring_node, with_node

        node = self._found or await bring_node(self._environment, emit=emit)
        return with_node(self._environment, node)

    def manager(self, target: Path, environment: Mapping[str, str]) -> PackageManager | None:
        from rtstart.adapters.scaffold.install import find_manager

        return find_manager(target, environment)


class _Uv:
    usual = UV
    words = "uv"

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._found: Uv | None = None

    def find(self) -> Finding | None:
        from rtstart.adapters.uv import find_uv

        found = asyncio.run(find_uv(self._environment))
        self._found = found if isinstance(found, Uv) else None
        return None if isinstance(found, Uv) else found

    def refused(self, finding: Finding, *, hint: str) -> ToolFailed:
        from rtstart.adapters.uv import refused

        return refused(finding, hint=hint)

    async def ready(self, emit: Emit) -> dict[str, str]:
        from rtstart.adapters.uv import bring_uv, with_uv

        uv = self._found or await bring_uv(self._environment, emit=emit)
        return with_uv(self._environment, uv)

    def manager(self, target: Path, environment: Mapping[str, str]) -> PackageManager | None:
        del target, environment  # there is no other
        return UV
