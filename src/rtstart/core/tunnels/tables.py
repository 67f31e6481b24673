"""What of the tables under [tunnels] in rtstart.toml nobody reads: misspelt names and keys."""

from collections.abc import Iterable, Mapping

from rtstart.core.findings import Finding, Fix, tunnel
from rtstart.core.findings.project import BAD_CONFIG
from rtstart.core.reading import nearest
from rtstart.core.tunnels.types import Options

_FILE = "rtstart.toml"


def unread(
    tables: Mapping[str, Options], accepts: Mapping[str, Mapping[str, str] | None]
) -> tuple[Finding, ...]:
    """Warnings, in the order of the file. `accepts` has the options of each provider that says."""
    found: list[Finding] = []
    for name, options in tables.items():
        if name not in accepts:
            found.append(_unknown_table(name, accepts))
            continue
        known = accepts[name]
        if known is not None:
            found += [_unknown_key(name, key, known) for key in options if key not in known]
    return tuple(found)


def _unknown_table(name: str, names: Iterable[str]) -> Finding:
    return tunnel.UNKNOWN_TUNNEL.found(
        f"[tunnels.{name}] belongs to no tunnel",
        why=_meant(nearest(name, tuple(names))) or "Nothing of this name is installed.",
        fix=Fix("See what there is.", "rtstart tunnels"),
        where=_FILE,
        level="warning",
    )


def _unknown_key(name: str, key: str, known: Mapping[str, str]) -> Finding:
    there = f"There are: {', '.join(known)}." if known else "This tunnel has no options."
    return BAD_CONFIG.found(
        f"tunnels.{name}.{key} is not known",
        why=_meant(nearest(key, tuple(known))) or there,
        fix=Fix("See what there is.", f"rtstart tunnels {name}"),
        where=_FILE,
        level="warning",
    )


def _meant(name: str) -> str:
    return f"Did you mean {name}?" if name else ""
