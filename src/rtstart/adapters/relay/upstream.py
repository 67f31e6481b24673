"""The way to the API: pooled connections, HTTP/2 where it is spoken."""

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

_TIMEOUT = httpx.Timeout(connect=10.0, read=300.0, write=60.0, pool=10.0)
_LIMITS = httpx.Limits(max_connections=64, max_keepalive_connections=16, keepalive_expiry=60.0)


@dataclass(slots=True)
class Exchange:
    """A request that is under way: its answer's head, and what it took to get it.

    `connect_ms` is 0 when a kept connection served.
    """

    answer: httpx.Response
    connect_ms: float
    first_byte_ms: float


class Api:
    """The API's server. Use it as a context manager."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url.rstrip("/")
        self._client = httpx.AsyncClient(http2=True, timeout=_TIMEOUT, limits=_LIMITS)

    async def close(self) -> None:
        """Close every connection."""
        await self._client.aclose()

    def url(self, target: str) -> str:
        """Where a target below `/v1` is at the API."""
        return f"{self._base_url}{target}"

    @asynccontextmanager
    async def ask(
        self,
        method: str,
        target: str,
        headers: Sequence[tuple[str, str]],
        body: bytes | AsyncIterator[bytes] | None,
    ) -> AsyncIterator[Exchange]:
        """Send a request; the answer's body is read from the exchange. Raises httpx's errors."""
        watch = _Watch()
        # Not by the client's own `build_request`: what the backend did not ask for, such as a
        # packed answer, is not asked for in its name.
        request = httpx.Request(
            method,
            self.url(target),
            headers=list(headers),
            content=body,
            extensions={"trace": watch.trace},
        )
        began = time.perf_counter()
        answer = await self._client.send(request, stream=True)
        try:
            yield Exchange(answer, watch.connect_ms, (time.perf_counter() - began) * 1000)
        finally:
            await answer.aclose()


class _Watch:
    """Hears from httpx when a new connection is made."""

    def __init__(self) -> None:
        self.connect_ms = 0.0
        self._began = 0.0

    async def trace(self, name: str, _: dict[str, Any]) -> None:
        if name == "connection.connect_tcp.started":
            self._began = time.perf_counter()
        elif name in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            self.connect_ms = (time.perf_counter() - self._began) * 1000
