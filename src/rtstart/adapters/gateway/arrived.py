"""A request whose place is known: through which door it came, under which name, from where."""

from dataclasses import dataclass

from aiohttp import web

from rtstart.adapters.gateway.connection import Connection
from rtstart.core.access import DEVELOPER, Visitor
from rtstart.core.forwarding import Arrival
from rtstart.core.gate import FORWARDING_HEADERS, Asked
from rtstart.core.routes import RequestPath


@dataclass(frozen=True, slots=True)
class Arrived:
    """One request, read and placed."""

    connection: Connection
    request: web.BaseRequest
    asked: Asked
    path: RequestPath
    arrival: Arrival

    @property
    def is_local(self) -> bool:
        """Whether it came from the developer's own machine."""
        return self.connection.kind == "local"

    @property
    def agent(self) -> str:
        """What the client calls itself, as text that can be written anywhere."""
        said = self.request.headers.get("User-Agent", "")
        return said.encode("utf-8", "replace").decode()

    def who(self, visitor: Visitor | None) -> tuple[str, str]:
        """Id and name of whoever asks: a visitor, the developer, or a guest where all may come."""
        if visitor is not None:
            return visitor.id, visitor.name
        if self.is_local:
            return DEVELOPER, DEVELOPER
        return f"guest {self.arrival.client}", "guest"


def asked_of(request: web.BaseRequest) -> Asked:
    """What a request says about itself."""
    headers = request.headers
    origins = headers.getall("Origin", ())
    return Asked(
        method=request.method,
        hosts=tuple(headers.getall("Host", ())),
        origin=", ".join(origins) if origins else None,  # of two, neither is believed
        fetch_site=headers.get("Sec-Fetch-Site"),
        is_upgrade=request.method == "GET" and headers.get("Upgrade", "").lower() == "websocket",
        is_forwarded=any(name in headers for name in FORWARDING_HEADERS),
    )
