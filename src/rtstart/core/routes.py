"""Where a request goes: request targets read safely, and the table of prefixes.

Servers disagree about paths that are not plain (`//`, `%2e`, `%2F`, a backslash). Whatever could
mean one thing to this gateway and another to the server behind it is refused here, so that a path
can neither reach another service nor slip past the mint guard.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, TypeAlias
from urllib.parse import unquote_to_bytes

Framework: TypeAlias = Literal["vite", "next", "none"]
"""How an upstream's update socket is spoken to; `none` has none."""


@dataclass(frozen=True, slots=True)
class Upstream:
    """A server behind the gateway; it listens on this machine only."""

    name: str
    port: int
    host: str = "127.0.0.1"
    framework: Framework = "none"

    @property
    def own_host(self) -> str:
        """The Host under which the server knows itself and lets everybody in.

        Not 127.0.0.1: Next 16 blocks its own update socket there (seen 2026-11).
        """
        return f"localhost:{self.port}"


@dataclass(frozen=True, slots=True)
class Route:
    """Everything at and below a prefix goes to an upstream. `/session` does not cover
    `/sessions`.
    """

    prefix: str
    upstream: str


@dataclass(frozen=True, slots=True)
class RequestPath:
    """A request target that means the same to every server.

    `raw` is the path as it was sent and `query` what followed the first `?`; `segments` are the
    fully decoded names between slashes.
    """

    raw: str
    query: str | None
    segments: tuple[str, ...]

    @property
    def target(self) -> str:
        """Path and query as they were sent."""
        return self.raw if self.query is None else f"{self.raw}?{self.query}"


@dataclass(frozen=True, slots=True)
class BadPath:
    """A request target that is refused; `why` is for the person who sent it."""

    why: str


_PLAIN = re.compile(r"(?:/[A-Za-z0-9_~@$!&'()*+,:=-][A-Za-z0-9_.~@$!&'()*+,:=-]*)*/?")
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_SEPARATORS = re.compile(r"[/\\]")
_UNPRINTABLE = re.compile(r"[\x00-\x20\x7f]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_DEEPEST_DECODING = 4
_LONGEST_KEPT = 256


def parse_target(target: str) -> RequestPath | BadPath:
    """Read the target of a request line (`/a/b?c=d`)."""
    # Pages ask for the same modules again and again; long targets are not kept, so that nobody
    # can fill the memory with them.
    return _parse_kept(target) if len(target) <= _LONGEST_KEPT else _parse(target)


@lru_cache(maxsize=2048)
def _parse_kept(target: str) -> RequestPath | BadPath:
    return _parse(target)


def _parse(target: str) -> RequestPath | BadPath:
    raw, mark, rest = target.partition("?")
    query = rest if mark else None
    if _PLAIN.fullmatch(raw) and raw:
        return RequestPath(raw, query, tuple(part for part in raw.split("/") if part))
    return _parse_unusual(raw, query)


def _parse_unusual(raw: str, query: str | None) -> RequestPath | BadPath:
    if not raw.startswith("/") or raw.startswith("//"):
        return BadPath("the path must start with exactly one slash")
    if "\\" in raw or "#" in raw or _UNPRINTABLE.search(raw):
        return BadPath("the path holds a character that must be encoded")
    if _BAD_ESCAPE.search(raw):
        return BadPath("the path holds a % that encodes nothing")
    decoded = raw
    for _ in range(_DEEPEST_DECODING):
        if _has_dots(decoded):
            return BadPath("the path climbs with dots")
        if _CONTROL.search(decoded):
            return BadPath("the path holds an encoded control character")
        deeper = _decode(decoded)
        if deeper == decoded:
            segments = tuple(part for part in _SEPARATORS.split(decoded) if part)
            return RequestPath(raw, query, segments)
        decoded = deeper
    return BadPath("the path is encoded too many times")


def _decode(path: str) -> str:
    raw = path.encode("utf-8", "surrogateescape")
    return unquote_to_bytes(raw).decode("utf-8", "surrogateescape")


def _has_dots(path: str) -> bool:
    # `..;x` too: servers that know path parameters cut them off before they climb.
    return any(part.partition(";")[0] in (".", "..") for part in _SEPARATORS.split(path))


class RouteTable:
    """Finds the upstream of a path: the longest prefix wins, the rest goes to the default."""

    def __init__(
        self, upstreams: Iterable[Upstream], routes: Iterable[Route], *, default: str
    ) -> None:
        """Raise ValueError when a route names an upstream that is not there."""
        self._upstreams = {upstream.name: upstream for upstream in upstreams}
        self._routes: list[tuple[str, tuple[str, ...], Upstream]] = []
        for route in sorted(routes, key=lambda route: len(route.prefix), reverse=True):
            prefix = "/" + route.prefix.strip("/")
            segments = tuple(part for part in prefix.split("/") if part)
            self._routes.append((prefix, segments, self.upstream(route.upstream)))
        self._default = self.upstream(default)

    def upstream(self, name: str) -> Upstream:
        """The upstream of that name; raise ValueError when there is none."""
        found = self._upstreams.get(name)
        if found is None:
            raise ValueError(f"no upstream is named '{name}'")
        return found

    def find(self, path: RequestPath) -> Upstream | BadPath:
        """The upstream of a path, or why it is refused: its encoded form goes elsewhere."""
        literal = self._default
        for prefix, _, upstream in self._routes:
            if path.raw.startswith(prefix) and path.raw[len(prefix) : len(prefix) + 1] in ("", "/"):
                literal = upstream
                break
        meant = self._default
        for _, segments, upstream in self._routes:
            if path.segments[: len(segments)] == segments:
                meant = upstream
                break
        return literal if literal is meant else BadPath("the path is written ambiguously")


def is_same_path(path: RequestPath, canonical: str) -> bool:
    """Whether a lenient server could take the path for `canonical` (a plain path).

    Case, doubled and trailing slashes, encodings and `;parameters` do not make a difference.
    """
    wanted = [part.casefold() for part in canonical.split("/") if part]
    return [part.partition(";")[0].casefold() for part in path.segments] == wanted


_PRIVATE_NAMES = frozenset(
    {".git", ".hg", ".svn", ".ssh", ".aws", ".npmrc", ".netrc", ".pypirc", ".rtstart", ".envrc"}
)
_STREAM_OR_PARAMETER = re.compile(r"[;:]")
_PRIVATE_ENDINGS = (".pem", ".key", ".p12", ".pfx")

_DEVELOPER_TOOLS: dict[Framework, tuple[str, ...]] = {
    # They open the developer's editor or a debugger's port, restart the server, show source files
    # or answer questions about the project; no visitor needs them. A base path may stand before.
    # (sources of Vite 8.3.8 and Next 16.4.6, read 2026-11)
    "vite": ("/__open-in-editor", "/__devtools", "/__inspect"),
    "next": ("/__nextjs", "/_next/mcp"),
    "none": (),
}


def is_private(path: RequestPath, framework: Framework) -> bool:
    """Whether a path names what no visitor may see: secrets in files, or the developer's tools.

    Dev servers deny `.env` by themselves; older ones could be tricked out of it, so the gateway
    does not leave it to them.
    """
    for segment in path.segments:
        name = _STREAM_OR_PARAMETER.split(segment.casefold(), maxsplit=1)[0].rstrip(". ")
        if name in _PRIVATE_NAMES or name == ".env" or name.startswith(".env."):
            return True
        if name.endswith(_PRIVATE_ENDINGS):
            return True
    lowered = "/" + "/".join(path.segments).casefold()
    return any(tool in lowered for tool in _DEVELOPER_TOOLS[framework])
