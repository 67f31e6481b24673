"""What a request may do, decided from plain facts: listener, Host, Origin, cookie, path.

The listener decides trust, never the Host alone: a request that came through the public listener
needs an invitation whatever it says about itself, and the local listener, which only this machine
reaches, answers only to names that cannot be rebound to it by a foreign page.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from rtstart.core.access import Visitor
from rtstart.core.hosts import (
    Authority,
    Origin,
    Scheme,
    is_localhost,
    origin_of,
    parse_authority,
    parse_origin,
)

ListenerKind: TypeAlias = Literal["local", "public"]

FORWARDING_HEADERS = ("X-Forwarded-For", "X-Forwarded-Host", "Forwarded")
"""Headers that only a proxy sends. On the local listener they mean: a tunnel points here."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request says about itself. `hosts` are the values of all its Host headers."""

    method: str
    hosts: tuple[str, ...]
    origin: str | None = None
    fetch_site: str | None = None
    is_upgrade: bool = False
    is_forwarded: bool = False


WrongHostReason: TypeAlias = Literal["missing", "malformed", "foreign", "forwarded"]


@dataclass(frozen=True, slots=True)
class WrongHost:
    """The request is not for us, or not from whom it seems; `host` is what it named."""

    why: WrongHostReason
    host: str = ""


@dataclass(frozen=True, slots=True)
class ForeignOrigin:
    """Another site's page made this request; `origin` is whose."""

    origin: str


@dataclass(frozen=True, slots=True)
class NotInvited:
    """The request came from outside without a cookie that is known."""


@dataclass(frozen=True, slots=True)
class Passed:
    """The request may go on; None is the developer on this machine."""

    visitor: Visitor | None


Judgement: TypeAlias = ForeignOrigin | NotInvited | Passed


def place(
    asked: Asked,
    *,
    listener: ListenerKind,
    scheme: Scheme,
    public_origins: tuple[Origin, ...],
) -> Origin | WrongHost:
    """The origin at which the request arrived, or why it arrived nowhere.

    `public_origins` are the addresses that were announced, the main one first.
    """
    if len(asked.hosts) != 1:
        return WrongHost("missing" if not asked.hosts else "malformed")
    authority = parse_authority(asked.hosts[0])
    if authority is None:
        return WrongHost("malformed", asked.hosts[0])
    if listener == "local":
        if asked.is_forwarded:
            return WrongHost("forwarded", str(authority))
        if not is_localhost(authority.host):
            return WrongHost("foreign", str(authority))
        return origin_of(scheme, authority)
    return _announced(authority, scheme, public_origins) or WrongHost("foreign", str(authority))


def _announced(
    authority: Authority, scheme: Scheme, public_origins: tuple[Origin, ...]
) -> Origin | None:
    for origin in public_origins:
        if authority in (parse_authority(origin.authority), Authority(origin.host, origin.port)):
            return origin
    if is_localhost(authority.host):
        # Some tunnels rewrite Host to the address they dial. The invitation still decides.
        return public_origins[0] if public_origins else origin_of(scheme, authority)
    return None


def told_origin(asked: Asked, arrived: Origin) -> str | None:
    """The Origin as the visitor's browser said it.

    Codespaces and dev tunnels write the address that they dial into Host and Origin alike
    (facts: tunnels 3; vercel/next.js#58019). A page of another site has another Origin there, and
    is also kept out by the cookie's SameSite.
    """
    origin = parse_origin(asked.origin) if asked.origin is not None else None
    if origin is None or origin == arrived or is_localhost(arrived.host):
        return asked.origin
    host = parse_authority(asked.hosts[0]) if len(asked.hosts) == 1 else None
    is_rewritten = host is not None and is_localhost(host.host)
    if is_rewritten and parse_authority(origin.authority) == host:
        return str(arrived)
    return asked.origin


def judge(
    asked: Asked,
    *,
    listener: ListenerKind,
    arrived: Origin,
    visitor: Visitor | None,
    is_open: bool = False,
) -> Judgement:
    """Whether the request may reach a service. `is_open` lets everybody in (`--public`)."""
    if listener == "public" and visitor is None and not is_open:
        return NotInvited()
    if asked.is_upgrade and not _same_site_socket(asked, listener=listener, arrived=arrived):
        return ForeignOrigin(asked.origin or "")
    return Passed(visitor)


def _same_site_socket(asked: Asked, *, listener: ListenerKind, arrived: Origin) -> bool:
    """Browsers do not keep pages of other sites from opening a WebSocket, so this must.

    Every browser names the Origin of an upgrade; on this machine a program without one may.
    """
    if asked.origin is None:
        return listener == "local"
    return parse_origin(asked.origin) == arrived


def is_from_own_page(asked: Asked, arrived: Origin) -> bool | None:
    """Whether a page of this very origin made the request; None if the request does not say.

    Origin decides where it is sent. `null` is what a form posts from a page whose referrer policy
    is `no-referrer`; then the browser's own Sec-Fetch-Site decides.
    """
    if asked.origin is not None and asked.origin != "null":
        return parse_origin(asked.origin) == arrived and asked.fetch_site in (None, "same-origin")
    if asked.fetch_site is not None:
        return asked.fetch_site == "same-origin"
    return None if asked.origin is None else False
