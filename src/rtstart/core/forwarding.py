"""In which form a request goes upstream and an answer comes back: header rules, nothing else.

Headers are pairs of bytes in the order they came, so that nothing is lost, joined or re-encoded on
the way. The rules for Host and Origin were tried with stock Vite 8.3 and Next 16.4 projects: an
ordinary request keeps the public Origin and carries the public host in X-Forwarded-Host (Next's
server actions compare the two), a WebSocket upgrade carries the dev server's own Host and Origin.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, TypeAlias

from rtstart.core.hosts import Origin
from rtstart.core.routes import Upstream

Headers: TypeAlias = Sequence[tuple[bytes, bytes]]
HeaderList: TypeAlias = list[tuple[bytes, bytes]]

COOKIE_NAME = "__Host-rtstart"
"""The visitor's cookie. The prefix makes browsers refuse it from any other host or path."""

VISITOR_HEADER = b"OpenAI-Safety-Identifier"
"""Carries a hash of the visitor to the token backend, which passes it on when it mints."""

_COOKIE = COOKIE_NAME.encode()

_HOP_BY_HOP = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
        b"http2-settings",
    }
)

_NOT_PASSED_UP = _HOP_BY_HOP | {
    b"host",
    b"expect",  # answered here
    b"content-length",  # belongs to the framing, which is made anew
    # What only this gateway may say. A client that sends them is lying or behind another proxy.
    b"forwarded",
    b"forwarded-for",
    b"x-forwarded",
    b"x-real-ip",
    b"x-rewrite-url",
    b"x-url-scheme",
    b"front-end-https",
    b"x-host",
    b"x-http-host-override",
    b"x-client-ip",
    b"x-cluster-client-ip",
    b"client-ip",
    b"true-client-ip",
    b"fastly-client-ip",
    b"cf-connecting-ip",
    b"proxy",  # becomes HTTP_PROXY in servers of the CGI kind
    b"openai-safety-identifier",
    b"x-rtstart-token",
    b"x-matched-path",  # Next's own words, as those that begin with x-middleware and x-invoke
}
_NOT_PASSED_UP_BEGIN = (
    b"x-forwarded-",
    b"x-original-",
    b"x-envoy-",
    b"x-middleware-",  # CVE-2025-29927
    b"x-invoke-",
)

_NOT_PASSED_DOWN = _HOP_BY_HOP | {b"content-length", b"x-rtstart-nonce"}
_KEPT_TOKENS = frozenset({b"keep-alive", b"close", b"upgrade", b""})


@dataclass(frozen=True, slots=True)
class Arrival:
    """How a request reached the gateway: the origin the visitor sees, and where they are.

    `client` is an IP address as text, of the visitor when a tunnel told it, else of the peer.
    `is_rewritten` says that something on the way wrote another Origin than the visitor's browser.
    """

    origin: Origin
    client: str
    listener: Literal["local", "public"]
    is_rewritten: bool = False


def upstream_headers(
    headers: Headers, *, arrival: Arrival, upstream: Upstream, visitor: str = ""
) -> HeaderList:
    """The headers of an ordinary request as the upstream gets them, without its framing."""
    passed = _passed_up(headers)
    if arrival.is_rewritten:
        passed = [(name, value) for name, value in passed if name.lower() != b"origin"]
        passed.append((b"Origin", str(arrival.origin).encode()))
    passed.append((b"Host", upstream.own_host.encode()))
    passed += _forwarded(arrival.origin, arrival.client)
    if visitor:
        passed.append((VISITOR_HEADER, visitor.encode()))
    return passed


def upgrade_headers(headers: Headers, *, arrival: Arrival, upstream: Upstream) -> HeaderList:
    """The headers of a WebSocket upgrade as the upstream gets them.

    Origin becomes the server's own, so whoever calls this must have checked the visitor's Origin.
    Key, version, extensions and subprotocols pass untouched: the two ends shake hands themselves.
    """
    passed = [(name, value) for name, value in _passed_up(headers) if name.lower() != b"origin"]
    passed.append((b"Host", upstream.own_host.encode()))
    passed.append((b"Origin", f"http://{upstream.own_host}".encode()))
    passed.append((b"Connection", b"Upgrade"))
    passed.append((b"Upgrade", b"websocket"))
    passed += _forwarded(arrival.origin, arrival.client)
    return passed


@lru_cache(maxsize=512)
def _may_pass_up(name: bytes) -> bool:
    # Servers of the CGI kind read `X_Forwarded_For` as if it had hyphens.
    plain = name.lower().replace(b"_", b"-")
    return plain not in _NOT_PASSED_UP and not plain.startswith(_NOT_PASSED_UP_BEGIN)


def _passed_up(headers: Headers) -> HeaderList:
    dropped: frozenset[bytes] = frozenset()
    passed: HeaderList = []
    for name, value in headers:
        lowered = name.lower()
        if lowered == b"connection":
            dropped |= _named_by_connection(value)
        elif lowered == b"cookie" and _COOKIE in value:
            others = without_cookie(value)
            if others:
                passed.append((name, others))
        elif _may_pass_up(name):
            passed.append((name, value))
    if dropped:
        return [(name, value) for name, value in passed if name.lower() not in dropped]
    return passed


def _named_by_connection(value: bytes) -> frozenset[bytes]:
    return frozenset(token.strip().lower() for token in value.split(b",")) - _KEPT_TOKENS


def without_cookie(value: bytes) -> bytes:
    """A Cookie header without the gateway's own cookie: it is not the app's to see or to log."""
    if _COOKIE not in value:
        return value
    kept = [part.strip() for part in value.split(b";")]
    return b"; ".join(part for part in kept if part.partition(b"=")[0].strip() != _COOKIE)


def cookie_values(headers: Headers) -> list[bytes]:
    """Every value of the visitor's cookie in a request; more than one means somebody tossed one."""
    values: list[bytes] = []
    for name, value in headers:
        if len(name) == len("cookie") and name.lower() == b"cookie" and _COOKIE in value:
            for part in value.split(b";"):
                key, equals, rest = part.strip().partition(b"=")
                if equals and key.strip() == _COOKIE:
                    values.append(rest.strip().strip(b'"'))
    return values


@lru_cache(maxsize=1024)
def _forwarded(origin: Origin, client_address: str) -> tuple[tuple[bytes, bytes], ...]:
    client = client_address.encode("ascii", "replace")
    node = b'"[%b]"' % client if b":" in client else client
    authority = origin.authority.encode()
    scheme = origin.scheme.encode()
    return (
        (b"X-Forwarded-For", client),
        (b"X-Forwarded-Host", authority),
        (b"X-Forwarded-Port", str(origin.port).encode()),
        (b"X-Forwarded-Proto", scheme),
        (b"Forwarded", b'for=%b;host="%b";proto=%b' % (node, authority, scheme)),
    )


def client_address(headers: Headers, *, peer: str, told_by: str) -> str:
    """Where the visitor is: what the tunnel says in the header `told_by` (lower case), else the
    peer.

    A visitor can write any header that the tunnel does not write itself, so each tunnel is
    believed in its own header only, and none where nothing is known about it. Of a list of
    forwarders only the last is the tunnel's own word; the rest is hearsay.
    """
    if not told_by:
        return peer
    name = told_by.encode()
    said = [value for key, value in headers if key.lower() == name]
    address = (said or [b""])[-1].rsplit(b",", 1)[-1].strip().decode("ascii", "replace")
    return address if _is_address(address) else peer


def _is_address(text: str) -> bool:
    return 1 < len(text) <= len("ffff:" * 8) and not set(text) - set("0123456789abcdefABCDEF.:")


@dataclass(frozen=True, slots=True)
class AnswerPolicy:
    """What the gateway adds to every answer of an upstream (row S19).

    `calls_path` is where a page is asked to say which calls it has begun and ended; empty for
    nowhere.
    """

    frames_refused: bool
    not_stored: bool = False
    calls_path: bytes = b""


def downstream_headers(
    headers: Headers, *, arrival: Arrival, upstream: Upstream, policy: AnswerPolicy
) -> HeaderList:
    """The headers of an answer as the visitor gets them, without its framing."""
    dropped: frozenset[bytes] = _NOT_PASSED_DOWN
    passed: HeaderList = []
    seen: set[bytes] = set()
    permissions = b""
    for name, value in headers:
        lowered = name.lower()
        if lowered == b"connection":
            dropped |= _named_by_connection(value)
        if lowered in dropped or (lowered == b"set-cookie" and _sets_own_cookie(value)):
            continue
        if lowered == b"cache-control" and policy.not_stored:
            continue
        seen.add(lowered)
        if lowered in (b"location", b"content-location"):
            passed.append((name, _location(value, arrival=arrival, upstream=upstream)))
            continue
        if lowered == b"permissions-policy":
            permissions += value.lower()
        passed.append((name, value))
    return passed + _added(seen, permissions=permissions, policy=policy)


def _added(seen: Iterable[bytes], *, permissions: bytes, policy: AnswerPolicy) -> HeaderList:
    added: HeaderList = [(b"X-Robots-Tag", b"noindex, nofollow")]
    if b"referrer-policy" not in seen:
        added.append((b"Referrer-Policy", b"no-referrer"))
    if b"microphone" not in permissions:
        added.append((b"Permissions-Policy", b"microphone=(self)"))
    if policy.frames_refused:
        # A second policy only narrows the first, so the app's own stays in force.
        added.append((b"Content-Security-Policy", b"frame-ancestors 'none'"))
        if b"x-frame-options" not in seen:
            added.append((b"X-Frame-Options", b"DENY"))
    if policy.not_stored:
        added.append((b"Cache-Control", b"no-store"))
    if policy.calls_path:
        added.append((b"X-Calls-Url", policy.calls_path))
    return added


def _sets_own_cookie(value: bytes) -> bool:
    return value.partition(b"=")[0].strip().lower() == _COOKIE.lower()


def _location(value: bytes, *, arrival: Arrival, upstream: Upstream) -> bytes:
    """A redirect to the server's own address, which only this machine knows, led back here."""
    for scheme in (b"http://", b"https://"):
        for host in (upstream.own_host, f"{upstream.host}:{upstream.port}"):
            own = scheme + host.encode()
            if value.startswith(own) and value[len(own) : len(own) + 1] in (b"", b"/", b"?", b"#"):
                return str(arrival.origin).encode() + value[len(own) :]
    return value
