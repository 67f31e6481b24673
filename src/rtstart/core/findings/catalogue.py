"""All entries by code, collected from the family files."""

from types import MappingProxyType, ModuleType

from rtstart.core.findings import (
    api,
    call,
    deployed,
    machine,
    project,
    security,
    services,
    session,
    tunnel,
    tunnel_proof,
    tunnel_refusals,
)
from rtstart.core.findings.types import Entry

_FAMILIES: tuple[ModuleType, ...] = (
    project,
    machine,
    services,
    tunnel,
    tunnel_proof,
    tunnel_refusals,
    api,
    session,
    call,
    security,
    deployed,
)


def _collect() -> dict[str, Entry]:
    entries: dict[str, Entry] = {}
    for family in _FAMILIES:
        for value in vars(family).values():
            if isinstance(value, Entry):
                if value.code in entries:
                    raise ValueError(f"finding code {value.code} is given twice")
                entries[value.code] = value
    return dict(sorted(entries.items()))


CATALOGUE = MappingProxyType(_collect())
"""Every entry, by code, in the order of the codes."""


def entry(code: str) -> Entry | None:
    """The entry of a code as a person types it (`rt101` and `101` too), or None."""
    digits = code.strip().upper().removeprefix("RT")
    return CATALOGUE.get(f"RT{digits}")
