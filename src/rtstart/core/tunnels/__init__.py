"""Tunnels without the world: what a provider is, which to take, and how to hold one up.

Plug-ins import from here; these names are promised.
"""

from rtstart.core.tunnels.choice import PLACES, Candidate, Choice, Known, choose, parse_wish
from rtstart.core.tunnels.own import parse_own_address
from rtstart.core.tunnels.readers import NO_NETWORK, Sign, address, refusal
from rtstart.core.tunnels.types import (
    API,
    TUNNEL_SERVICE,
    AddressFound,
    Connected,
    FixedTunnel,
    Lost,
    Machine,
    Options,
    OwnListener,
    ProcessTunnel,
    Provider,
    Refused,
    Report,
    Standing,
    StatusPage,
    Target,
    TaskTunnel,
    Traits,
    TunnelNews,
    Way,
)

__all__ = [
    "API",
    "NO_NETWORK",
    "PLACES",
    "TUNNEL_SERVICE",
    "AddressFound",
    "Candidate",
    "Choice",
    "Connected",
    "FixedTunnel",
    "Known",
    "Lost",
    "Machine",
    "Options",
    "OwnListener",
    "ProcessTunnel",
    "Provider",
    "Refused",
    "Report",
    "Sign",
    "Standing",
    "StatusPage",
    "Target",
    "TaskTunnel",
    "Traits",
    "TunnelNews",
    "Way",
    "address",
    "choose",
    "parse_own_address",
    "parse_wish",
    "refusal",
]
