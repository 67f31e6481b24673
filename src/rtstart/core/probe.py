"""Judging a WebSocket upgrade that was taken apart: which layer failed, and whose fault it is."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias
from urllib.parse import urlsplit

from rtstart.core.findings import Finding, Fix, tunnel, tunnel_proof, tunnel_refusals
from rtstart.core.websocket import accept_for

Layer: TypeAlias = Literal["name", "tcp", "tls", "http", "upgrade", "echo", "close"]

LAYERS: tuple[Layer, ...] = ("name", "tcp", "tls", "http", "upgrade", "echo", "close")
_FIRST_CODE = 11
_SWITCHING = 101
_OK = 200
_REDIRECTS = (301, 302, 303, 307, 308)
_FORBIDDEN = 403
_UPGRADE_REQUIRED = 426
_TOO_MANY = 429
_EDGES_OWN = 520
"""From here on statuses are Cloudflare's own, and say that nobody is connected behind it."""
NO_HTTP = "what came back is no HTTP"


def exit_code(failed: Layer | None) -> int:
    """0 when all went well, else 11 for `name`, 12 for `tcp`, and so on to 17 for `close`."""
    return 0 if failed is None else _FIRST_CODE + LAYERS.index(failed)


@dataclass(frozen=True, slots=True)
class Place:
    """Where to go: host and port, the path with its query, and whether TLS comes first."""

    host: str
    port: int
    target: str
    is_secure: bool

    @property
    def authority(self) -> str:
        """Host and port as they stand in a Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = 443 if self.is_secure else 80
        return host if self.port == usual else f"{host}:{self.port}"

    @property
    def origin(self) -> str:
        """What a browser would name as Origin for a page of the same place."""
        return f"{'https' if self.is_secure else 'http'}://{self.authority}"


def parse_place(text: str) -> Place | Finding:
    """Read a ws, wss, http or https address; https is meant where there is no scheme."""
    typed = text if "://" in text else f"https://{text}"
    try:
        parts = urlsplit(typed)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        return tunnel.BAD_ADDRESS.found(f'"{text}" is no address', why=f"{error}.")
    if parts.scheme not in ("ws", "wss", "http", "https") or not host:
        fix = Fix("Give a ws, wss, http or https address.", "rtstart probe wss://host/path")
        return tunnel.BAD_ADDRESS.found(f'"{text}" is no address to probe', fix=fix)
    is_secure = parts.scheme in ("wss", "https")
    target = parts.path or "/"
    if parts.query:
        target += f"?{parts.query}"
    return Place(host, port or (443 if is_secure else 80), target, is_secure)


@dataclass(frozen=True, slots=True)
class Head:
    """The head of an HTTP answer, headers as they came."""

    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]

    def get(self, name: str) -> str:
        """The first header of this name, or an empty text."""
        return next((value for key, value in self.headers if key.lower() == name), "")


def parse_head(data: bytes) -> Head | None:
    """Read a head up to its empty line; None for what is no HTTP."""
    lines = data.decode("latin-1").split("\r\n")
    match = re.fullmatch(r"HTTP/1\.[01] (\d{3})(?: (.*))?", lines[0])
    if match is None:
        return None
    headers = []
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if colon:
            headers.append((name.strip(), value.strip()))
    return Head(int(match.group(1)), match.group(2) or "", tuple(headers))


def judge_upgrade(head: Head, *, key: str, protocols: Sequence[str]) -> str:
    """What is wrong with the answer to an upgrade, in words; empty when nothing is."""
    if head.status != _SWITCHING:
        where = f", to {head.get('location')}" if head.get("location") else ""
        return f"the upgrade was answered with {head.status} {head.reason}".rstrip() + where
    if head.get("upgrade").lower() != "websocket":
        return f'the answer upgrades to "{head.get("upgrade")}"'
    if "upgrade" not in head.get("connection").lower():
        return "the answer has no Connection: Upgrade"
    if head.get("sec-websocket-accept") != accept_for(key):
        return "Sec-WebSocket-Accept does not belong to our key: the answer was made for another"
    chosen = head.get("sec-websocket-protocol")
    if chosen and chosen not in protocols:
        return f'the answer chose the subprotocol "{chosen}", which was not offered'
    if protocols and not chosen:
        return f"none of the subprotocols was chosen ({', '.join(protocols)})"
    return ""


_SIGNS: tuple[tuple[str, str, str], ...] = (
    ("ngrok-error-code", "", "ngrok's edge"),
    ("cf-ray", "", "Cloudflare's edge"),
    ("server", "cloudflare", "Cloudflare's edge"),
    ("x-rtstart-emulator", "", "rtstart's emulator"),
    ("server", "rtstart", "rtstart's gateway"),
    ("x-powered-by", "next", "a Next server"),
    ("server", "uvicorn", "uvicorn"),
    ("server", "caddy", "Caddy"),
    ("server", "nginx", "nginx"),
)


def who_answered(head: Head, body: str) -> str:
    """Who most likely wrote this answer, or an empty text."""
    if "Blocked request. This host" in body:
        return "a Vite dev server that does not know this host"
    for name, part, words in _SIGNS:
        value = head.get(name)
        if value and part in value.lower():
            return f"{words} ({value})" if name == "ngrok-error-code" else words
    return ""


def title_of(body: str) -> str:
    """What an HTML page calls itself, else its first words."""
    title = re.search(r"(?is)<title[^>]*>(.*?)</title>", body)
    text = title.group(1) if title else re.sub(r"(?s)<[^>]*>", " ", body)
    return " ".join(text.split())[:120]


def finding_of(layer: Layer, place: Place, words: str, status: int = 0) -> Finding:
    """The finding of a layer that failed."""
    where = place.origin
    curl = Fix("See what is presented there.", command=f"curl -v {place.origin}")
    match layer:
        case "name":
            return tunnel_proof.NAME_NOT_FOUND.found(f"{place.host} does not resolve", where=where)
        case "tcp":
            return tunnel_refusals.NO_NETWORK.found(
                f"nothing answers on port {place.port} of {place.host}",
                why=f"{words}.",
                fix=Fix("Start the service, or correct host and port."),
                where=where,
            )
        case "tls":
            return tunnel_proof.CERTIFICATE_WRONG.found(f"{where}: {words}", where=where, fix=curl)
        case "http" if words == NO_HTTP:
            return tunnel_proof.WRONG_APP.found(f"{where}: {words}", where=where)
        case "upgrade" if status in (_OK, _UPGRADE_REQUIRED):
            why = f"{words[:1].upper()}{words[1:].rstrip('.')}."
            return tunnel_proof.UPGRADE_IGNORED.found(why=why, where=where)
        case "upgrade" if status in _REDIRECTS:
            return tunnel_proof.SIGN_IN.found(f"{where}: {words}", where=where)
        case "upgrade" if status == _FORBIDDEN and "Vite" in words:
            return tunnel_proof.HOST_REFUSED.found(where=where)
        case "upgrade" if status == _TOO_MANY:
            return tunnel_refusals.TOO_MANY_REQUESTS.found(f"{where}: {words}", where=where)
        case "upgrade" if status >= _EDGES_OWN:
            return tunnel_refusals.NOT_CONNECTED.found(f"{where}: {words}", where=where)
        case _:
            return tunnel_proof.UPGRADE_DROPPED.found(f"{where}: {words}", where=where)


def blame(failed: Layer | None, local: Layer | Literal["not asked"] | None) -> str:
    """Which side is at fault, given where the same probe failed on the local service."""
    if failed is None or local == "not asked":
        return ""
    if local is None:
        return "The local service passes the same probe: the way to it is at fault."
    if local == failed:
        return "The local service fails at the same place: it is at fault, not the way to it."
    return f"The local service fails too, at {local}: mend that first."
