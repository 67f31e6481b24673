"""Which addresses a peer offers: the one place that reaches into aioice.

aioice gathers every address of the machine except loopback. Here it is told the addresses, so
that a call works on loopback alone and nothing else is ever bound.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import ifaddr

if TYPE_CHECKING:
    from aioice import Candidate, Connection
    from aiortc import RTCPeerConnection
    from aiortc.rtcicetransport import RTCIceTransport

LOOPBACK = "127.0.0.1"


def own_addresses() -> tuple[str, ...]:
    """Loopback first, then this machine's own IPv4 addresses."""
    found = [
        address.ip
        for adapter in ifaddr.get_adapters()
        for address in adapter.ips
        if isinstance(address.ip, str)
    ]
    others = [ip for ip in found if ip != LOOPBACK and not ip.startswith("169.254.")]
    return (LOOPBACK, *dict.fromkeys(others))


def gather_only(peer: "RTCPeerConnection", addresses: Iterable[str]) -> None:
    """Let this peer offer these addresses and no others; to be called before it gathers."""
    for transport in _transports(peer):
        # aiortc 1.16 has no public way to choose addresses.
        _choose(transport.iceGatherer._connection, list(addresses))


def _choose(connection: "Connection", chosen: list[str]) -> None:
    gather = connection.get_component_candidates

    async def gather_chosen(
        component: int, addresses: list[str], timeout: int = 5
    ) -> "list[Candidate]":
        del addresses
        return await gather(component, chosen, timeout)

    setattr(connection, "get_component_candidates", gather_chosen)  # noqa: B010 - typed as method


def _transports(peer: "RTCPeerConnection") -> "set[RTCIceTransport]":
    found = {each.receiver.transport.transport for each in peer.getTransceivers()}
    if peer.sctp is not None:
        found.add(peer.sctp.transport.transport)
    return found
