"""Passes one request to an upstream and its answer back: bytes, streams and WebSockets."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from http import HTTPStatus

from aiohttp import ClientError, web

from rtstart.adapters.gateway.connection import CLOSED, KEPT, Connection, RawPipe, head, writer_of
from rtstart.adapters.gateway.settings import Bounds
from rtstart.adapters.gateway.upstreams import (
    Answer,
    Body,
    UpstreamBroken,
    Wires,
    is_old_http,
    switch,
)
from rtstart.core.forwarding import (
    AnswerPolicy,
    Arrival,
    HeaderList,
    downstream_headers,
    upgrade_headers,
    upstream_headers,
)
from rtstart.core.routes import RequestPath, Upstream

_WITHOUT_BODY = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})


class BodyTooLarge(Exception):
    """A request's body is larger than the gateway takes."""


class BodyTooSlow(Exception):
    """A client stopped sending its body, or reading its answer, for too long."""


@dataclass(frozen=True, slots=True)
class Passed:
    """A request was passed on and answered: what aiohttp wants to hear, and the answer's head."""

    written: web.StreamResponse
    status: int
    headers: HeaderList


@dataclass(frozen=True, slots=True)
class Passage:
    """Where a request goes, whence it came, and by which rules its answer comes back.

    `visitor` is a hash that the token backend may pass on when it mints; usually empty. `tail` is
    put behind the answer when that is a page.
    """

    upstream: Upstream
    wires: Wires
    path: RequestPath
    arrival: Arrival
    policy: AnswerPolicy
    body_limit: int
    visitor: str = ""
    tail: bytes = b""


async def pass_request(
    connection: Connection,
    request: web.BaseRequest,
    passage: Passage,
    bounds: Bounds,
    *,
    whole: bytes | None = None,
    heard: Callable[[int], None] | None = None,
) -> Passed:
    """Forward an ordinary request and its answer. `whole` is its body when that was read already;
    `heard` is told the answer's status before anything of it goes out, and may raise to keep it
    back.

    Raise UpstreamDown, UpstreamBroken, BodyTooLarge or BodyTooSlow while nothing was answered yet.
    """
    headers = upstream_headers(
        request.raw_headers,
        arrival=passage.arrival,
        upstream=passage.upstream,
        visitor=passage.visitor,
    )
    if passage.tail:
        headers = [pair for pair in headers if pair[0].lower() != b"accept-encoding"]
    body = _body_of(request, passage, bounds) if whole is None else Body(_once(whole), len(whole))
    if body is not None:
        headers.append(body.framing)
        if whole is None:
            _invite_body(request)
    try:
        try:
            answer = await passage.wires.ask(
                request.method, passage.path.target, headers, body=body
            )
        except Exception as error:
            if body is not None and body.failure is not None:
                raise body.failure from error
            raise
        if answer.is_switched:
            answer.wire.abort()
            raise UpstreamBroken("it changed protocols without being asked")
        try:
            if heard is not None:
                heard(answer.status)
            # A server may answer before it has read everything. What is still to come from the
            # client would be taken for its next request, so then the connection ends with this.
            has_come = body is None or body.is_sent or request.content.is_eof()
            keep_alive = request.keep_alive and has_come and not is_old_http(request.version)
            await _answer(connection, request, passage, answer, bounds, keep_alive=keep_alive)
            if body is None or (has_come and await body.finish()):
                passage.wires.release(answer)
            else:
                answer.wire.abort()
        except BaseException:
            answer.wire.abort()
            raise
        written = KEPT if keep_alive else CLOSED
        return Passed(written, answer.status, answer.headers)
    finally:
        if body is not None:
            await body.stop()


async def _once(body: bytes) -> AsyncIterator[bytes]:
    yield body


async def read_body(request: web.BaseRequest, *, limit: int, within_s: float) -> bytes:
    """The whole body of a request; raise BodyTooLarge or, when it drips, BodyTooSlow."""
    if (request.content_length or 0) > limit:
        raise BodyTooLarge
    _invite_body(request)
    try:
        async with asyncio.timeout(within_s):
            chunks = _chunks(request, limit=limit, pause_s=within_s)
            return b"".join([chunk async for chunk in chunks])
    except TimeoutError as error:
        raise BodyTooSlow from error


def _body_of(request: web.BaseRequest, passage: Passage, bounds: Bounds) -> Body | None:
    size = request.content_length
    chunked = "Transfer-Encoding" in request.headers
    if size is None and not chunked:
        return None
    if size is not None and size > passage.body_limit:
        raise BodyTooLarge
    return Body(
        _chunks(request, limit=passage.body_limit, pause_s=bounds.body_pause_s),
        None if chunked else size,
    )


async def _chunks(request: web.BaseRequest, *, limit: int, pause_s: float) -> AsyncIterator[bytes]:
    content = request.content
    taken = 0
    while True:
        try:
            async with asyncio.timeout(pause_s):
                chunk = await content.readany()
        except TimeoutError as error:
            raise BodyTooSlow from error
        if not chunk:
            return
        taken += len(chunk)
        if taken > limit:
            raise BodyTooLarge
        yield chunk


def _invite_body(request: web.BaseRequest) -> None:
    if request.headers.get("Expect", "").lower() == "100-continue" and request.transport:
        request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")


async def _answer(
    connection: Connection,
    request: web.BaseRequest,
    passage: Passage,
    answer: Answer,
    bounds: Bounds,
    *,
    keep_alive: bool,
) -> None:
    headers = downstream_headers(
        answer.headers, arrival=passage.arrival, upstream=passage.upstream, policy=passage.policy
    )
    has_body = request.method != "HEAD" and answer.status not in _WITHOUT_BODY
    tail = passage.tail if has_body and takes_tail(answer.status, answer.headers) else b""
    chunked = False
    size = _content_length(answer.headers)
    if size is not None:
        headers.append((b"Content-Length", b"%d" % (int(size) + len(tail)) if tail else size))
    elif has_body and not is_old_http(request.version):
        headers.append((b"Transfer-Encoding", b"chunked"))
        chunked = True
    start = head(answer.status, answer.reason, headers, keep_alive=keep_alive)
    if has_body:
        await _stream(connection, request, answer, start, chunked=chunked, tail=tail, bounds=bounds)
    else:
        _write(connection, start)


def takes_tail(status: int, headers: HeaderList) -> bool:
    """Whether an answer is a page that a line can be put behind: HTML, whole and not packed."""
    told = {name.lower(): value.lower() for name, value in headers}
    return (
        status == HTTPStatus.OK
        and told.get(b"content-type", b"").startswith(b"text/html")
        and told.get(b"content-encoding", b"identity") == b"identity"
        and b"content-disposition" not in told
    )


def _content_length(headers: HeaderList) -> bytes | None:
    size = None
    for name, value in headers:
        lowered = name.lower()
        if lowered == b"transfer-encoding":
            return None
        if lowered == b"content-length":
            size = value
    return size


async def _stream(
    connection: Connection,
    request: web.BaseRequest,
    answer: Answer,
    start: bytes,
    *,
    chunked: bool,
    tail: bytes,
    bounds: Bounds,
) -> None:
    payload = answer.payload
    # What came together with the head goes out together with it. The head itself never waits for
    # a body that is still to come (server-sent events).
    chunk = payload.read_nowait()
    data = start
    while True:
        is_end = payload.is_eof() and payload.at_eof()
        if is_end:
            chunk += tail
        if chunk:
            data += b"%x\r\n%b\r\n" % (len(chunk), chunk) if chunked else chunk
        if is_end and chunked:
            data += b"0\r\n\r\n"
        if data:
            _write(connection, data)
        if is_end:
            return
        if connection.writing_paused:
            await _until_read(connection, request, bounds)
        data = b""
        try:
            chunk = await payload.readany()
        except (ClientError, OSError) as error:
            # Too late to say anything: a cut connection tells that the answer is not whole.
            if connection.transport is not None:
                connection.transport.abort()
            raise ConnectionResetError("the upstream hung up") from error


async def _until_read(connection: Connection, request: web.BaseRequest, bounds: Bounds) -> None:
    try:
        async with asyncio.timeout(bounds.body_pause_s):
            await writer_of(request).drain()
    except TimeoutError as error:
        if connection.transport is not None:
            connection.transport.abort()
        raise ConnectionResetError("the client stopped reading") from error


def _write(connection: Connection, data: bytes) -> None:
    if connection.transport is None or connection.transport.is_closing():
        raise ConnectionResetError("the client has gone")
    connection.transport.write(data)


class Splice:
    """Two connections joined after a WebSocket handshake: bytes pass as they are, both ways.

    Frames are not taken apart, so subprotocols, extensions, pings and close codes stay what the
    two ends made them. Each side is read only as fast as the other side takes.
    """

    def __init__(self, connection: Connection, answer: Answer) -> None:
        self._connection = connection
        self._answer = answer
        self._ended = asyncio.Event()

    def start(self) -> None:
        """Let bytes flow; what came early on either side goes first."""
        connection, wire = self._connection, self._answer.wire
        connection.on_pressure = lambda paused: _hold(wire.transport, paused)
        wire.on_pressure = lambda paused: _hold(connection.transport, paused)
        switch(self._answer, RawPipe(self._down, self._ended.set))
        connection.set_parser(RawPipe(self._up, self._ended.set))  # type: ignore[arg-type]

    def _up(self, data: bytes) -> None:
        transport = self._answer.wire.transport
        if transport is not None and not transport.is_closing():
            transport.write(data)

    def _down(self, data: bytes) -> None:
        transport = self._connection.transport
        if transport is not None and not transport.is_closing():
            transport.write(data)

    async def until_ended(self) -> None:
        """Wait until either side has gone."""
        await self._ended.wait()

    def cut(self) -> None:
        """End it from here."""
        self._ended.set()

    def close(self) -> None:
        """Close both sides; what was written already still goes out."""
        self._connection.on_pressure = None
        self._answer.wire.on_pressure = None
        self._answer.wire.close()


def _hold(transport: asyncio.Transport | None, paused: bool) -> None:
    if transport is None or transport.is_closing():
        return
    if paused:
        transport.pause_reading()
    else:
        transport.resume_reading()


async def pass_upgrade(
    connection: Connection, request: web.BaseRequest, passage: Passage, bounds: Bounds
) -> tuple[web.StreamResponse | None, Splice | None]:
    """Forward a WebSocket upgrade. A splice comes back when the upstream has agreed, else the
    upstream's refusal has been passed on.

    Raise UpstreamDown or UpstreamBroken while nothing was answered yet.
    """
    headers = upgrade_headers(
        request.raw_headers, arrival=passage.arrival, upstream=passage.upstream
    )
    answer = await passage.wires.ask("GET", passage.path.target, headers)
    if not answer.is_switched:
        try:
            await _answer(connection, request, passage, answer, bounds, keep_alive=False)
        finally:
            answer.wire.abort()
        # What a client sent behind an upgrade that was refused is not read as a request.
        return CLOSED, None
    agreed = [pair for pair in answer.headers if pair[0].lower() not in (b"connection", b"upgrade")]
    agreed += [(b"Connection", b"Upgrade"), (b"Upgrade", b"websocket")]
    _write(connection, head(101, answer.reason, agreed, keep_alive=True))
    splice = Splice(connection, answer)
    splice.start()
    return None, splice
