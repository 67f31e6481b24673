"""One client's connection. All that knows aiohttp's server from the inside is in this file.

Answers are written as bytes, head and body together, because a proxy that rebuilds every header
is slow and changes what it should pass on. aiohttp reads requests, keeps connections alive and
shuts them down.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any, Literal, TypeAlias, cast

from aiohttp import web
from aiohttp.http_writer import StreamWriter
from aiohttp.web_protocol import RequestHandler

from rtstart.adapters.gateway.settings import Bounds
from rtstart.core.forwarding import HeaderList

logger = logging.getLogger(__name__)

Handle: TypeAlias = Callable[["Connection", web.BaseRequest], Awaitable[web.StreamResponse]]


class _Written(web.StreamResponse):
    """Tells aiohttp that the answer is already on its way."""

    async def prepare(self, request: web.BaseRequest) -> None:  # noqa: ARG002 (aiohttp's signature)
        return None

    async def write_eof(self, data: bytes = b"") -> None:  # noqa: ARG002 (aiohttp's signature)
        return None


def _written(*, keep_alive: bool) -> _Written:
    written = _Written()
    written._keep_alive = keep_alive
    return written


class RawPipe:
    """Where the bytes of a connection go once it has become a WebSocket."""

    def __init__(self, send: Callable[[bytes], None], end: Callable[[], None]) -> None:
        self._send = send
        self._end = end

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        """Pass bytes on; never asks aiohttp to close."""
        self._send(data)
        return False, b""

    def feed_eof(self) -> None:
        """The other side has gone."""
        self._end()


_FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\n"
    b"Connection: close\r\nContent-Length: 0\r\n\r\n"
)


class _Crowd:
    """How many connections each client holds, so that none takes the place of all the others."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._held: Counter[str] = Counter()

    def enter(self, client: str) -> bool:
        if self._held[client] >= self._most:
            return False
        self._held[client] += 1
        return True

    def leave(self, client: str) -> None:
        self._held[client] -= 1
        if not self._held[client]:
            del self._held[client]


class Connection(RequestHandler):
    """A client's connection, with a deadline for the head of each request."""

    __slots__ = (
        "_awaits_head",
        "_bounds",
        "_client",
        "_crowd",
        "_has_begun",
        "_head_timer",
        "is_behind_tunnel",
        "kind",
        "on_pressure",
    )

    def __init__(
        self,
        server: web.Server,
        *,
        bounds: Bounds,
        kind: Literal["local", "public"],
        is_behind_tunnel: bool,
        crowd: _Crowd | None = None,
    ) -> None:
        super().__init__(
            server,
            loop=asyncio.get_running_loop(),
            keepalive_timeout=bounds.idle_s,
            logger=logger,
            access_log=None,  # type: ignore[arg-type]  # None is how aiohttp turns it off
            max_line_size=bounds.line_bytes,
            max_field_size=bounds.line_bytes,
            max_headers=bounds.headers,
            lingering_time=2.0,
            auto_decompress=False,
        )
        self._bounds = bounds
        self._crowd = crowd
        self._client = ""
        self._head_timer: asyncio.TimerHandle | None = None
        self._awaits_head = True
        self._has_begun = False
        self.kind = kind
        self.is_behind_tunnel = is_behind_tunnel
        self.on_pressure: Callable[[bool], None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client has connected; its first request must come soon.

        Tunnels hold connections ready for visitors to come, localtunnel ten of them: those are
        waited for longer, and are let go without a word. An answer that nobody asked for would be
        given to the next visitor (with 408 that ends every localtunnel before Node, facts: 4.1).
        """
        super().connection_made(transport)
        if self._crowd is not None and not self._has_place(self._crowd):
            if self.transport is not None:
                self.transport.write(_FULL)
            self.force_close()
        elif self.is_behind_tunnel:
            self._head_timer = self._loop.call_later(self._bounds.idle_s, self.force_close)
        else:
            self._start_head_timer()

    def connection_lost(self, exc: BaseException | None) -> None:
        """The client has gone."""
        self._stop_head_timer()
        if self._crowd is not None and self._client:
            self._crowd.leave(self._client)
            self._client = ""
        super().connection_lost(exc)

    def _has_place(self, crowd: _Crowd) -> bool:
        client = str(self.peername[0]) if isinstance(self.peername, tuple) else "nobody"
        if not crowd.enter(client):
            return False
        self._client = client
        return True

    def data_received(self, data: bytes) -> None:
        """Bytes came; a head that did not come whole has a deadline for the rest."""
        super().data_received(data)
        is_held_ready = self.is_behind_tunnel and not self._has_begun
        self._has_begun = True
        if self._awaits_head and not self._messages:
            if is_held_ready:
                self._stop_head_timer()
            if self._head_timer is None:
                self._start_head_timer()

    def begin_request(self) -> None:
        """The head of a request is complete."""
        self._awaits_head = False
        self._stop_head_timer()

    def end_request(self) -> None:
        """A request is answered; the next one may come on this connection."""
        self._awaits_head = True

    def cut(self) -> None:
        """End the connection at once, whatever is under way on it."""
        if self.transport is not None:
            self.transport.abort()

    def _start_head_timer(self) -> None:
        self._head_timer = self._loop.call_later(self._bounds.head_within_s, self._too_slow)

    def _stop_head_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _too_slow(self) -> None:
        self._head_timer = None
        if self.transport is not None:
            self.transport.write(
                b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
            )
        self.force_close()

    def pause_writing(self) -> None:
        """The client reads slower than we write."""
        super().pause_writing()
        if self.on_pressure is not None:
            self.on_pressure(True)

    def resume_writing(self) -> None:
        """The client has caught up."""
        super().resume_writing()
        if self.on_pressure is not None:
            self.on_pressure(False)

    def log_exception(self, *args: Any, **kw: Any) -> None:
        """Malformed requests are the client's trouble, not news for the developer."""
        logger.debug(*args, **kw)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002 (aiohttp's signature)
    ) -> web.StreamResponse:
        """Answer a request that could not be read, or whose handling failed; then close."""
        log = logger.debug if status < 500 else logger.error
        log("request failed with %s", status, exc_info=exc)
        if request.writer.output_size > 0 or self.transport is None:
            raise ConnectionError("the answer had begun")
        text = b"The request could not be read.\n" if status < 500 else b"The gateway failed.\n"
        reason = b"Bad Request" if status < 500 else b"Internal Server Error"
        headers: HeaderList = [
            (b"Content-Type", b"text/plain; charset=utf-8"),
            (b"Content-Length", str(len(text)).encode()),
        ]
        self.transport.write(head(status, reason, headers, keep_alive=False) + text)
        return CLOSED


KEPT = _written(keep_alive=True)
"""What a handler returns when its answer is written and the connection may carry another."""

CLOSED = _written(keep_alive=False)
"""What a handler returns when the connection is to be closed."""


def head(status: int, reason: bytes, headers: HeaderList, *, keep_alive: bool) -> bytes:
    """The head of an answer, with the empty line that ends it."""
    lines = [b"HTTP/1.1 %d %b\r\n" % (status, reason)]
    lines += [b"%b: %b\r\n" % pair for pair in headers]
    lines.append(b"\r\n" if keep_alive else b"Connection: close\r\n\r\n")
    return b"".join(lines)


def writer_of(request: web.BaseRequest) -> StreamWriter:
    """The writer of a request's answer; it waits while the client cannot keep up."""
    return cast(StreamWriter, request.writer)


class ConnectionServer:
    """Makes a `Connection` for each client of one listener, and closes them all at the end."""

    def __init__(
        self,
        handle: Handle,
        *,
        bounds: Bounds,
        kind: Literal["local", "public"],
        is_behind_tunnel: bool,
    ) -> None:
        self._handle = handle
        self._bounds = bounds
        self._kind: Literal["local", "public"] = kind
        self._is_behind_tunnel = is_behind_tunnel
        self._server = web.Server(self._begin, handler_cancellation=True)
        # Behind a tunnel all visitors share an address, and on this machine there is one person.
        is_shared = is_behind_tunnel or kind == "local"
        self._crowd = None if is_shared else _Crowd(bounds.connections_per_client)

    def __call__(self) -> asyncio.Protocol:
        """A protocol for a client that has just connected."""
        if len(self._server.connections) >= self._bounds.connections:
            return _TurnedAway()
        return Connection(
            self._server,
            bounds=self._bounds,
            kind=self._kind,
            is_behind_tunnel=self._is_behind_tunnel,
            crowd=self._crowd,
        )

    async def _begin(self, request: web.BaseRequest) -> web.StreamResponse:
        connection = cast(Connection, request.protocol)
        connection.begin_request()
        try:
            return await self._handle(connection, request)
        except ConnectionError as error:
            # One of the two ends has gone while the answer came. Nobody is left to be told.
            logger.debug("an answer was cut: %s", error)
            connection.cut()
            return CLOSED
        finally:
            connection.end_request()

    async def close(self) -> None:
        """Cut every connection, after giving running answers a moment to end."""
        self._server.pre_shutdown()
        await self._server.shutdown(timeout=0.5)


class _TurnedAway(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.WriteTransport):
            transport.write(_FULL)
        transport.close()
