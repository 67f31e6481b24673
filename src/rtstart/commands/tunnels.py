"""`rtstart tunnels`: what is there, what each needs, what `auto` would take and why."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rtstart.adapters.tunnels.machine import ThisMachine
from rtstart.adapters.tunnels.registry import load_providers
from rtstart.commands.dev.ways import examine_all, refuse_broken, tables_of
from rtstart.commands.load import load_project
from rtstart.core.errors import NotAProject, Usage
from rtstart.core.findings import Finding
from rtstart.core.tunnels import Choice, Known, Options, choose


@dataclass(frozen=True, slots=True)
class TunnelTable:
    """Every provider with its standing, and the choice of `auto` if all is agreed to."""

    known: tuple[Known, ...]
    choice: Choice
    broken: tuple[Finding, ...]


async def list_tunnels(project_dir: Path, environment: Mapping[str, str]) -> TunnelTable:
    """Ask every provider. A folder that is no project is no fault: nothing is set up there.

    Raises NotAProject for one whose files have faults.
    """
    options: Mapping[str, Options] = {}
    told: dict[str, str] = {}
    registry = load_providers()
    unread: tuple[Finding, ...] = ()
    try:
        project, _ = load_project(project_dir)
    except NotAProject:
        if any((project_dir / name).exists() for name in ("rtstart.toml", "Procfile")):
            raise
    else:
        options = project.config.tunnels
        unread = tables_of(project, registry)
        told = {name: value for name, value in project.dotenv.values.items() if value}
    machine = ThisMachine({**environment, **told}, project_dir)
    known = await examine_all(registry, machine, options)
    choice = choose(("auto",), known, may_open_public=True)
    if isinstance(choice, Finding):
        raise TypeError("auto is always understood")
    return TunnelTable(tuple(known), choice, (*registry.findings, *unread))


def pick(table: TunnelTable, name: str) -> Known:
    """One of them by its name. Raises Usage with the nearest name for one that is not there, and
    with what is wrong for a plug-in that is broken.
    """
    refuse_broken((name,), table.broken)
    chosen = choose((name,), table.known, may_open_public=True)
    if isinstance(chosen, Finding):
        raise Usage.of(chosen)
    return next(one for one in table.known if one.name == name)
