"""Which way an app gets an address that others can open, and why that way."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from rtstart.core.findings import Finding
from rtstart.core.findings.tunnel import NO_LAN_ADDRESS, UNKNOWN_TUNNEL
from rtstart.core.reading import nearest

Kind: TypeAlias = Literal["none", "lan"]
_KINDS: tuple[Kind, ...] = ("none", "lan")


@dataclass(frozen=True, slots=True)
class Choice:
    """The way that was chosen. `address` is the LAN address to listen on, or empty."""

    kind: Kind
    reason: str
    address: str = ""
    findings: tuple[Finding, ...] = ()


def choose(wish: str, *, addresses: Sequence[str]) -> Choice | Finding:
    """Decide by what was wished for and which LAN addresses this machine has."""
    if wish == "none":
        return Choice("none", "asked for")
    if wish not in {"auto", *_KINDS}:
        meant = nearest(wish, ("auto", *_KINDS))
        return UNKNOWN_TUNNEL.found(
            f'There is no tunnel called "{wish}"',
            why=f"Did you mean {meant}?" if meant else f"There are: {', '.join(_KINDS)}, auto.",
        )
    if not addresses:
        return Choice("none", "no local network", findings=(NO_LAN_ADDRESS.found(),))
    reason = "asked for" if wish == "lan" else "no tunnel is set up; this network can reach it"
    return Choice("lan", reason, addresses[0])
