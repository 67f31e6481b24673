"""Which addresses a peer offers: the one place that reaches into aioice.

aioice gathers every address of the machine except loopback. Here it is told the addresses, so
that a call works on loopback alone and nothing else is ever bound.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from typing import TYPE_CHECKING

import ifaddr

if TYPE_CHECKING:
    from aioice import Candidate, Connection
    from aiortc import RTCPeerConnection
    from aiortc.rtcicetransport import RTCIceTransport

LOOPBACK = "127.0.0.1"
_LATE_S = 0.06


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


def spoil(peer: "RTCPeerConnection", share: float, chance: Callable[[], float]) -> None:
    """Lose this share of the sound that a peer sends, and let twice as much of it come late.

    What comes late overtakes nothing: it is overtaken.
    """
    loop = asyncio.get_running_loop()
    for transport in _transports(peer):
        send = transport._send
        late: set[asyncio.Task[None]] = set()

        async def spoiled(
            data: bytes,
            send: Callable[[bytes], Coroutine[None, None, None]] = send,
            late: set[asyncio.Task[None]] = late,
        ) -> None:
            # RFC 7983: the first byte of RTP and RTCP is from 128 to 191.
            dice = chance() if 127 < data[0] < 192 else 1.0
            if dice < share:
                return
            if dice < 3 * share:
                task = loop.create_task(_delayed(send, data, _LATE_S * chance()))
                late.add(task)
                task.add_done_callback(late.discard)
                return
            await send(data)

        transport._send = spoiled


async def _delayed(
    send: Callable[[bytes], Coroutine[None, None, None]], data: bytes, delay_s: float
) -> None:
    await asyncio.sleep(delay_s)
    with suppress(ConnectionError):
        await send(data)


def vanish(peer: "RTCPeerConnection") -> None:
    """Let nothing more out of a peer, not even its goodbye."""
    for transport in _transports(peer):
        connection = transport.iceGatherer._connection
        for protocol in connection._protocols:
            protocol.transport.close()


def _transports(peer: "RTCPeerConnection") -> "set[RTCIceTransport]":
    found = {each.receiver.transport.transport for each in peer.getTransceivers()}
    if peer.sctp is not None:
        found.add(peer.sctp.transport.transport)
    return found
