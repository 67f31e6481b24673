"""Gateways and clients for tests that speak to them over real sockets."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import aiohttp

from rtstart.adapters.gateway import Gateway, GatewaySettings, Route, Upstream
from rtstart.core.events import Event
from tests.fakes.upstream import FakeUpstream, fake_upstream

ORIGIN = "https://app.tunnel.test"


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Running:
    """A gateway in front of two fakes, with a local and a public port."""

    gateway: Gateway
    web: FakeUpstream
    token: FakeUpstream
    local: int
    public: int
    events: list[Event]
    clock: Clock
    client: aiohttp.ClientSession

    @property
    def local_url(self) -> str:
        return f"http://localhost:{self.local}"

    @property
    def public_url(self) -> str:
        """Where a tunnel would connect; ask with `outside()` headers."""
        return f"http://127.0.0.1:{self.public}"

    async def web_stop(self) -> None:
        """Stop the service behind `web`."""
        await self.web.stop()

    def outside(self, **headers: str) -> dict[str, str]:
        """The headers of a request as a tunnel hands it on."""
        return {"Host": "app.tunnel.test", "X-Forwarded-For": "203.0.113.9", **headers}

    async def come_in(self, name: str = "") -> str:
        """Spend an invitation; return the Cookie header of the new visitor."""
        invitation = self.gateway.invite(name)
        async with self.client.post(
            self.public_url + invitation.path,
            headers=self.outside(Origin=ORIGIN),
            allow_redirects=False,
        ) as answer:
            assert answer.status == 303, await answer.text()
            return answer.headers["Set-Cookie"].partition(";")[0]


@asynccontextmanager
async def running(
    *, tls: ssl.SSLContext | None = None, **changes: object
) -> AsyncIterator[Running]:
    """A gateway on free ports; `changes` go into its settings."""
    events: list[Event] = []
    clock = Clock()
    async with fake_upstream() as web, fake_upstream() as token:
        settings = GatewaySettings(
            project="myapp",
            upstreams=(Upstream("web", web.port), Upstream("token", token.port)),
            default="web",
            routes=(Route("/session", "token"),),
            mint_paths=("/session",),
        )
        settings = replace(settings, **changes)  # type: ignore[arg-type]  # the tests' own words
        gateway = Gateway(settings, emit=events.append, clock=clock)
        jar = aiohttp.DummyCookieJar()
        async with gateway, aiohttp.ClientSession(cookie_jar=jar, auto_decompress=False) as client:
            local = await gateway.listen_local(0)
            public = await gateway.listen_public("127.0.0.1", 0, tls)
            gateway.set_public_origin(ORIGIN)
            gateway.believe_client_header(ORIGIN, "X-Forwarded-For")
            yield Running(gateway, web, token, local, public, events, clock, client)
