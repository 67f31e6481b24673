"""Small pure helpers that providers build their readers from."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rtstart.core.findings import tunnel_refusals as refusals
from rtstart.core.findings.types import Entry, Fix
from rtstart.core.tunnels.types import AddressFound, Refused


@dataclass(frozen=True, slots=True)
class Sign:
    """Words in a line that mean a refusal. `fix` replaces the catalogue's."""

    pattern: str
    entry: Entry
    what: str = ""
    fix: Fix | None = None
    again: bool = False


_BEHIND = "/.,;:!?)]}>'\""

NO_NETWORK = Sign(
    r"(?i)no such host|network is unreachable|Temporary failure in name resolution|"
    r"Could not resolve hostname|Name or service not known|ENOTFOUND|server misbehaving|"
    r"Connection timed out|No route to host|EAI_AGAIN|Connection refused|ECONNREFUSED",
    refusals.NO_NETWORK,
)
"""For programs that say such things only when they give up."""


def refusal(line: str, signs: Sequence[Sign]) -> Refused | None:
    """The refusal that a line tells by the first of these signs that it shows."""
    for sign in signs:
        if re.search(sign.pattern, line):
            finding = sign.entry.found(sign.what, why=_reason(line), fix=sign.fix)
            return Refused(finding, sign.again)
    return None


def address(line: str, pattern: str) -> AddressFound | None:
    """The first address in a line that matches, without what a sentence puts behind it."""
    match = re.search(pattern, line)
    return AddressFound(match.group().rstrip(_BEHIND)) if match else None


def _reason(line: str) -> str:
    """The provider's own words, short enough to show."""
    words = " ".join(line.split())
    return f"It said: {words if len(words) <= 240 else words[:239] + '…'}"
