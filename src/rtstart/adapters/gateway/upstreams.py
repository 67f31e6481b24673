"""Connections to the servers behind the gateway, kept alive between requests.

aiohttp parses the answers; its session layer (cookies, redirects, tracing, a URL object for each
request) is left out because a proxy needs none of it and pays for it on every request.
"""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from aiohttp import ClientError
from aiohttp.client_proto import ResponseHandler
from aiohttp.http import HttpProcessingError, HttpVersion10, RawResponseMessage
from aiohttp.http_writer import StreamWriter
from aiohttp.streams import EMPTY_PAYLOAD, StreamReader

from rtstart.adapters.gateway.connection import RawPipe
from rtstart.core.forwarding import HeaderList
from rtstart.core.routes import Upstream

logger = logging.getLogger(__name__)

_IDLE_S = 3.0  # Node and uvicorn close idle connections after 5 s; stay clear of that moment
_CONNECT_WITHIN_S = 5.0
_FINISH_WITHIN_S = 1.0
_HEADER_BYTES = 64 * 1024
_HEADERS = 1000
_SWITCHING = 101
_SAFE_TO_REPEAT = frozenset({"GET", "HEAD", "OPTIONS"})


class UpstreamDown(Exception):
    """Nothing answers at the upstream's port, or it hung up before it answered."""


class UpstreamBroken(Exception):
    """The upstream answered with something that is not HTTP."""


class _Wire(ResponseHandler):
    """A connection to an upstream. `on_pressure` is told when it cannot keep up with us."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self.on_pressure: Callable[[bool], None] | None = None
        self.idle_since = 0.0

    def pause_writing(self) -> None:
        super().pause_writing()
        if self.on_pressure is not None:
            self.on_pressure(True)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self.on_pressure is not None:
            self.on_pressure(False)


@dataclass(slots=True)
class Answer:
    """An upstream's answer. Close it with `Wires.release` when the body is read, else `abort`."""

    wire: _Wire
    status: int
    reason: bytes
    headers: HeaderList
    payload: StreamReader

    @property
    def is_switched(self) -> bool:
        """Whether the connection has become a WebSocket."""
        return self.status == _SWITCHING


class Wires:
    """The connections to one upstream."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream
        self._idle: deque[_Wire] = deque()
        self._loop = asyncio.get_running_loop()

    async def ask(
        self,
        method: str,
        target: str,
        headers: HeaderList,
        *,
        body: "Body | None" = None,
    ) -> Answer:
        """Send a request and return as soon as the head of its answer is there.

        Raise UpstreamDown or UpstreamBroken.
        """
        request = _head_of(method, target, headers)
        while True:
            wire, is_used = await self._wire()
            try:
                return await self._exchange(wire, method, request, body)
            except UpstreamDown:
                wire.abort()
                # A server may close an idle connection at the very moment it is used again.
                if not is_used or body is not None or method not in _SAFE_TO_REPEAT:
                    raise
            except BaseException:
                wire.abort()
                raise

    async def _exchange(
        self, wire: _Wire, method: str, request: bytes, body: "Body | None"
    ) -> Answer:
        wire.set_response_params(
            skip_payload=method == "HEAD",
            read_until_eof=True,
            auto_decompress=False,
            max_line_size=_HEADER_BYTES,
            max_field_size=_HEADER_BYTES,
            max_headers=_HEADERS,
        )
        if wire.transport is None:
            raise UpstreamDown("the connection was lost")
        wire.transport.write(request)
        if body is not None:
            body.start(wire, self._loop)
        while True:
            message, payload = await self._head(wire)
            if message.code >= 200 or message.code == _SWITCHING:
                return Answer(
                    wire,
                    message.code,
                    message.reason.encode("utf-8", "surrogateescape"),
                    list(message.raw_headers),
                    payload,
                )

    async def _head(self, wire: _Wire) -> tuple[RawResponseMessage, StreamReader]:
        try:
            return await wire.read()
        except HttpProcessingError as error:
            raise UpstreamBroken(str(error.message)) from error
        except (ClientError, OSError) as error:
            raise UpstreamDown(str(error)) from error

    async def _wire(self) -> tuple[_Wire, bool]:
        oldest = self._loop.time() - _IDLE_S
        while self._idle:
            wire = self._idle.pop()
            if wire.is_connected() and not wire.should_close and wire.idle_since > oldest:
                return wire, True
            wire.close()
        return await self._dial(), False

    async def _dial(self) -> _Wire:
        try:
            async with asyncio.timeout(_CONNECT_WITHIN_S):
                _, wire = await self._loop.create_connection(
                    lambda: _Wire(self._loop), self._upstream.host, self._upstream.port
                )
        except (OSError, TimeoutError) as error:
            raise UpstreamDown(str(error)) from error
        return wire

    def release(self, answer: Answer) -> None:
        """The answer is read to its end; its connection may serve another."""
        wire = answer.wire
        if wire.should_close or not wire.is_connected():
            wire.close()
            return
        wire.idle_since = self._loop.time()
        self._idle.append(wire)
        while len(self._idle) > 1 and self._idle[0].idle_since < wire.idle_since - _IDLE_S:
            self._idle.popleft().close()

    async def is_up(self) -> bool:
        """Whether a GET of the first page is answered at all, soon."""
        headers = [(b"Host", self._upstream.own_host.encode()), (b"Accept", b"text/html")]
        try:
            async with asyncio.timeout(_CONNECT_WITHIN_S):
                answer = await self.ask("GET", "/", headers)
        except (UpstreamDown, UpstreamBroken, TimeoutError):
            return False
        answer.wire.abort()
        return True

    def close(self) -> None:
        """Close what is idle."""
        while self._idle:
            self._idle.pop().close()


def _head_of(method: str, target: str, headers: HeaderList) -> bytes:
    lines = [f"{method} {target} HTTP/1.1\r\n".encode("utf-8", "surrogateescape")]
    lines += [b"%b: %b\r\n" % pair for pair in headers]
    lines.append(b"\r\n")
    return b"".join(lines)


class Body:
    """A request's body on its way upstream while the answer may already come back."""

    def __init__(self, chunks: AsyncIterator[bytes], size: int | None) -> None:
        """`size` is its Content-Length, or None when it is sent in chunks."""
        self._chunks = chunks
        self._size = size
        self._task: asyncio.Task[None] | None = None
        self.failure: BaseException | None = None

    @property
    def framing(self) -> tuple[bytes, bytes]:
        """The header that announces it."""
        if self._size is None:
            return (b"Transfer-Encoding", b"chunked")
        return (b"Content-Length", str(self._size).encode())

    def start(self, wire: _Wire, loop: asyncio.AbstractEventLoop) -> None:
        """Begin to send; call `stop` in the end."""
        writer = StreamWriter(wire, loop)
        if self._size is None:
            writer.enable_chunking()
            writer._headers_written = True
        self._task = asyncio.create_task(self._send(wire, writer))

    async def _send(self, wire: _Wire, writer: StreamWriter) -> None:
        try:
            async for chunk in self._chunks:
                await writer.write(chunk)
            await writer.write_eof()
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001 (kept and shown by whoever waits for the answer)
            self.failure = error
            wire.abort()

    @property
    def is_sent(self) -> bool:
        """Whether all of it went upstream."""
        return self._task is not None and self._task.done() and self.failure is None

    async def finish(self) -> bool:
        """Whether the rest of it, which has come already, went upstream; waits a moment for it."""
        if self._task is not None and not self._task.done():
            await asyncio.wait([self._task], timeout=_FINISH_WITHIN_S)
        return self.is_sent

    async def stop(self) -> None:
        """End the sending, done or not."""
        if self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.wait([self._task])


def switch(answer: Answer, pipe: RawPipe) -> None:
    """Let the bytes of an upgraded connection flow into a pipe from now on."""
    answer.wire.set_parser(pipe, EMPTY_PAYLOAD)


def is_old_http(version: object) -> bool:
    """Whether a client speaks HTTP/1.0, which knows no chunks."""
    return version == HttpVersion10
