"""Questions that prove an address from outside: is this our page, does a WebSocket come through.

They are open to everybody, so that an address can be proved before anybody is invited; what they
tell is worth nothing and what they cost is bounded.
"""

import asyncio

from aiohttp import WSMsgType, web

PREFIX = "/.rtstart/"
"""Paths that are the gateway's own on every listener."""

NONCE_PATH = "/.rtstart/nonce"
ECHO_PATH = "/.rtstart/echo"
STREAM_PATH = "/.rtstart/stream"
BODY_PATH = "/.rtstart/body"
UP_PATH = "/.rtstart/up/"

_ECHOES_AT_ONCE = 8
_ECHO_MESSAGES = 64
_ECHO_BYTES = 64 * 1024
_ECHO_WITHIN_S = 30.0
_STREAM_PAUSE_S = 0.25
BODY_BYTES = 2_000_000
"""The largest body that is counted and thrown away."""


class Echo:
    """A WebSocket that sends back what it gets, a few times."""

    def __init__(self) -> None:
        self._open = 0

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse | None:
        """Serve one socket to its end; None when too many are open already."""
        if self._open >= _ECHOES_AT_ONCE:
            return None
        # aiohttp decodes the key, and answers other letters with 500.
        if not request.headers.get("Sec-WebSocket-Key", "").isascii():
            raise web.HTTPBadRequest
        socket = web.WebSocketResponse(max_msg_size=_ECHO_BYTES, compress=False, timeout=2.0)
        self._open += 1
        try:
            await socket.prepare(request)
            async with asyncio.timeout(_ECHO_WITHIN_S):
                await _repeat(socket)
        except TimeoutError:
            await socket.close(code=1001, message=b"probe time is over")
        finally:
            self._open -= 1
        return socket


class Stream:
    """A stream of two events a moment apart: whoever holds it back is seen doing so."""

    def __init__(self) -> None:
        self._open = 0

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse | None:
        """Send both parts; None when too many are being sent already."""
        if self._open >= _ECHOES_AT_ONCE:
            return None
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
        )
        self._open += 1
        try:
            await response.prepare(request)
            await response.write(b"data: 1\n\n")
            await asyncio.sleep(_STREAM_PAUSE_S)
            await response.write(b"data: 2\n\n")
            await response.write_eof()
        finally:
            self._open -= 1
        return response


async def _repeat(socket: web.WebSocketResponse) -> None:
    for _ in range(_ECHO_MESSAGES):
        message = await socket.receive()
        if message.type is WSMsgType.TEXT:
            await socket.send_str(message.data)
        elif message.type is WSMsgType.BINARY:
            await socket.send_bytes(message.data)
        else:
            return
    await socket.close(code=1000, message=b"enough")
