"""Names of hosts as they stand in a Host or Origin header, read strictly.

A gateway that guesses what a strange Host might mean can be led astray by it, so whatever is not
plainly a host and a port is None here.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, TypeAlias

Scheme: TypeAlias = Literal["http", "https"]

DEFAULT_PORTS: dict[Scheme, int] = {"http": 80, "https": 443}
"""The port that is left out of an origin, by scheme."""

_HOST = re.compile(
    r"(?P<host>\[[0-9a-fA-F:.]+\]|[A-Za-z0-9_](?:[A-Za-z0-9_.-]*))(?::(?P<port>[0-9]{1,5}))?"
)
_ORIGIN = re.compile(r"(?P<scheme>https?)://(?P<authority>[^/?#@\s]+)")
_HIGHEST_PORT = 65535


@dataclass(frozen=True, slots=True)
class Authority:
    """A host and perhaps a port. The host is in lower case, an IPv6 address in brackets."""

    host: str
    port: int | None = None

    def __str__(self) -> str:
        return self.host if self.port is None else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Origin:
    """A scheme, a host and a port: what a browser means by "the same site's page"."""

    scheme: Scheme
    host: str
    port: int

    @property
    def authority(self) -> str:
        """Host and port as a browser writes them in a Host header: the usual port left out."""
        if self.port == DEFAULT_PORTS[self.scheme]:
            return self.host
        return f"{self.host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}"


@lru_cache(maxsize=256)
def parse_authority(value: str) -> Authority | None:
    """A Host header's value, or None if it is anything but one host with or without a port."""
    match = _HOST.fullmatch(value)
    if match is None:
        return None
    port = int(match["port"]) if match["port"] else None
    host = match["host"].lower().removesuffix(".")
    if (port is not None and not 0 < port <= _HIGHEST_PORT) or ".." in host:
        return None
    return Authority(host, port)


@lru_cache(maxsize=256)
def parse_origin(value: str) -> Origin | None:
    """An Origin header's value; None for `null`, other schemes and everything malformed."""
    match = _ORIGIN.fullmatch(value.removesuffix("/"))
    if match is None:
        return None
    authority = parse_authority(match["authority"])
    if authority is None:
        return None
    return origin_of("https" if match["scheme"] == "https" else "http", authority)


def origin_of(scheme: Scheme, authority: Authority) -> Origin:
    """The origin of a request that was made to this host by this scheme."""
    return Origin(scheme, authority.host, authority.port or DEFAULT_PORTS[scheme])


def is_localhost(host: str) -> bool:
    """Whether a name can only mean this machine, so that no foreign page can rebind it.

    `localhost` and names under it are kept on the machine by browsers themselves; an address is
    not a name and cannot be rebound.
    """
    return host in ("localhost", "127.0.0.1", "[::1]") or host.endswith(".localhost")
