"""What the tunnel keeper is told, and what it asks for."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from rtstart.core.events import Event
from rtstart.core.findings import Finding
from rtstart.core.tunnels.choice import Candidate
from rtstart.core.tunnels.health import Seen
from rtstart.core.tunnels.types import TunnelNews

Purpose: TypeAlias = Literal[
    "address", "connected", "settle", "health", "again", "provider-end", "warn", "close"
]


@dataclass(frozen=True, slots=True)
class Timer:
    """A time that was asked for. Only the latest of each purpose counts, which `turn` tells."""

    purpose: Purpose
    turn: int


# Facts ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OpenAsked:
    """Someone wants an address."""


@dataclass(frozen=True, slots=True)
class CloseAsked:
    """Someone wants the address away; the run goes on."""

    why: str


@dataclass(frozen=True, slots=True)
class ExtendAsked:
    """Someone wants the address to stay for another whole term."""


@dataclass(frozen=True, slots=True)
class News:
    """What the provider told."""

    attempt: int
    news: TunnelNews


@dataclass(frozen=True, slots=True)
class Limits:
    """How long this way's address may take, and from then on its connection; told first."""

    attempt: int
    address_within_s: float
    connected_within_s: float


@dataclass(frozen=True, slots=True)
class Closed:
    """Nothing of an opening is left; `finding` says why when it ended by itself."""

    attempt: int
    finding: Finding | None = None


@dataclass(frozen=True, slots=True)
class Proved:
    """The address was asked from outside; what was found wrong, in order."""

    attempt: int
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Checked:
    """The address was asked whether it still leads to us."""

    attempt: int
    seen: Seen


@dataclass(frozen=True, slots=True)
class Rang:
    """The time of a timer is over."""

    timer: Timer


Fact: TypeAlias = (
    OpenAsked | CloseAsked | ExtendAsked | News | Limits | Closed | Proved | Checked | Rang
)


# Actions ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Open:
    """Open a way; answered by `Limits`, then `News`, and `Closed` at its end."""

    attempt: int
    candidate: Candidate


@dataclass(frozen=True, slots=True)
class Close:
    """End an opening; answered by `Closed`."""

    attempt: int


@dataclass(frozen=True, slots=True)
class Accept:
    """Let requests for this address in: it will be asked, by us first."""

    attempt: int
    url: str


@dataclass(frozen=True, slots=True)
class Prove:
    """Ask everything through the address; answered by `Proved`."""

    attempt: int
    url: str
    candidate: Candidate


@dataclass(frozen=True, slots=True)
class Announce:
    """Say the address to people, with what was found wrong."""

    attempt: int
    url: str
    candidate: Candidate
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Withdraw:
    """There is no address any more: let nobody in by it."""


@dataclass(frozen=True, slots=True)
class Check:
    """Ask once whether the address leads to us; answered by `Checked`."""

    attempt: int
    url: str


@dataclass(frozen=True, slots=True)
class Ring:
    """Answer with `Rang(timer)` after this time."""

    timer: Timer
    after_s: float


@dataclass(frozen=True, slots=True)
class Tell:
    """Tell everybody."""

    event: Event


Action: TypeAlias = Open | Close | Accept | Prove | Announce | Withdraw | Check | Ring | Tell
