"""All tunnel providers: ours and those of plug-ins, through the same door."""

import re
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points

from rtstart.core.findings import Finding, Fix, tunnel
from rtstart.core.tunnels import API, Provider, Traits

GROUP = "rtstart.tunnels"
"""The entry points that name providers: an object, or a module with the same attributes."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_NEEDED = ("api", "name", "traits", "examine", "plan")


@dataclass(frozen=True, slots=True)
class Registry:
    """Providers by name, and what is wrong with those that cannot be used."""

    providers: dict[str, Provider]
    findings: tuple[Finding, ...]


def load_providers(given: tuple[EntryPoint, ...] | None = None) -> Registry:
    """Load every provider. A broken one becomes a finding and hurts nobody else.

    Of two with the same name the one that comes with rtstart stays.
    """
    points = sorted(entry_points(group=GROUP) if given is None else given, key=_ours_first)
    providers: dict[str, Provider] = {}
    findings: list[Finding] = []
    for point in points:
        loaded = _load(point)
        if isinstance(loaded, Finding):
            findings.append(loaded)
        elif loaded.name in providers:
            findings.append(_broken(point, f'The name "{loaded.name}" is taken already.'))
        else:
            providers[loaded.name] = loaded
    return Registry(providers, tuple(findings))


def _load(point: EntryPoint) -> Provider | Finding:
    try:
        loaded = point.load()
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a stranger's code fails in any way
        return _broken(point, f"{type(error).__name__}: {error}")
    fault = find_fault(loaded)
    if fault:
        return _broken(point, fault)
    provider: Provider = loaded
    return provider


def find_fault(loaded: object) -> str:
    """Why an object is no provider that can be used, in words; empty when it is one."""
    missing = [name for name in _NEEDED if not hasattr(loaded, name)]
    if missing:
        return f"It has no {', '.join(missing)}."
    api, name, traits = (getattr(loaded, one) for one in ("api", "name", "traits"))
    if api != API:
        return f"It speaks version {api} of the protocol, rtstart {API}."
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        return f"Its name is {name!r}, which nobody can type."
    return "" if isinstance(traits, Traits) else "Its traits are not of rtstart.core.tunnels."


def _ours_first(point: EntryPoint) -> bool:
    return not point.value.startswith("rtstart.")


def _broken(point: EntryPoint, why: str) -> Finding:
    package = point.dist.name if point.dist is not None else ""
    fix = Fix("Update or remove its package.", f"pip uninstall {package}") if package else None
    return tunnel.PLUG_IN_BROKEN.found(
        f'The tunnel plug-in "{point.name}" cannot be used',
        why=why,
        fix=fix,
        where=point.value,
        data={"name": point.name},
    )
