"""Which addresses belong to a local network: what the local authority may vouch for, and so what
LAN HTTPS can use.
"""

from ipaddress import ip_address, ip_network

LOCAL_NETWORKS = (
    "127.0.0.0/8",
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "169.254.0.0/16",
    "100.64.0.0/10",  # shared address space (RFC 6598): Tailscale and carriers
    "192.0.2.0/24",  # documentation ranges (RFC 5737): never routed, so sandboxes use them
    "198.51.100.0/24",
    "203.0.113.0/24",
    "::1/128",
    "fc00::/7",
    "fe80::/10",
)
"""No address in here is reachable across the internet; an authority that is bound to them cannot
vouch for anybody else's site."""

_NETWORKS = tuple(ip_network(one) for one in LOCAL_NETWORKS)


def is_local_network(address: str) -> bool:
    """Whether this address can only be reached on a local network; False for what is none."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in _NETWORKS)
