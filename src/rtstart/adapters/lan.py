"""This machine's own addresses on local networks."""

import ipaddress
import socket

from rtstart.core.networks import is_local_network

_VIRTUAL = ("docker", "br-", "veth", "virbr", "vmnet", "vboxnet", "utun", "tun", "tap", "zt")


def lan_addresses() -> tuple[str, ...]:
    """IPv4 addresses that other devices on the network may reach, the likeliest first.

    Loopback, link-local and container networks are left out; a VPN's private range is not told
    apart from a home network's, which is why the address with the default route goes first.
    """
    import psutil

    found: list[str] = []
    for name, addresses in psutil.net_if_addrs().items():
        if name.startswith(_VIRTUAL):
            continue
        for address in addresses:
            if address.family == socket.AF_INET:
                ip = ipaddress.ip_address(address.address)
                if is_local_network(str(ip)) and not (ip.is_loopback or ip.is_link_local):
                    found.append(str(ip))
    first = _routed_address()
    return tuple(sorted(found, key=lambda one: one != first))


def _routed_address() -> str:
    """The source address that a packet to the world would carry; sends nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # TEST-NET-1 (RFC 5737): routable form, never real
        except OSError:
            return ""
        return str(probe.getsockname()[0])
