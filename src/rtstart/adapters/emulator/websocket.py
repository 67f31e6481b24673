"""The WebSocket transport: frames in and out, pings, close codes."""

import asyncio
import secrets
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from aiohttp import WSMsgType, web

from rtstart.adapters.emulator.call import Call
from rtstart.core.realtime.messages import MAX_AUDIO_BYTES

PING_S = 20.0
SILENT_S = 65.0
"""A client from which not even a pong came for so long is gone (half-open sockets)."""

_AT_ONCE = 50
_MAX_MESSAGE_BYTES = MAX_AUDIO_BYTES * 4 // 3 + 64 * 1024
_MAX_WAITING_BYTES = 64 * 1024 * 1024


def new_socket() -> web.WebSocketResponse:
    """A socket that selects the subprotocol `realtime` when the client offers any.

    Messages leave uncompressed: sound in base64 hardly shrinks, and deflate costs more than all
    the rest of a session.
    """
    return web.WebSocketResponse(
        protocols=("realtime",), autoping=False, compress=False, max_msg_size=_MAX_MESSAGE_BYTES
    )


class SocketChannel:
    """Sends what a call has to say, in order, without making the call wait."""

    def __init__(self, socket: web.WebSocketResponse, abort: Callable[[], None]) -> None:
        self._socket = socket
        self._abort = abort
        self._waiting: deque[str] = deque()
        self._waiting_bytes = 0
        self._more = asyncio.Event()
        self._closing: tuple[int, str] | None = None

    def send(self, text: str) -> None:
        """Queue a message. A client that reads nothing for long is cut off."""
        if self._closing is not None:
            return
        self._waiting.append(text)
        self._waiting_bytes += len(text)
        if self._waiting_bytes > _MAX_WAITING_BYTES:
            self._waiting.clear()
            self._closing = (1008, "")
        self._more.set()

    def close(self, code: int, reason: str) -> None:
        """Close the socket once everything queued is out."""
        if self._closing is None:
            self._closing = (code, reason)
            self._more.set()

    def drop(self) -> None:
        """Cut the connection; the other side sees it break."""
        self._closing = (1006, "")
        self._abort()

    async def pump(self) -> None:
        """Send until the channel is closed or the client is gone."""
        with suppress(ConnectionError):
            while True:
                await self._more.wait()
                self._more.clear()
                while self._waiting:
                    text = self._waiting.popleft()
                    self._waiting_bytes -= len(text)
                    await self._socket.send_str(text)
                if self._closing is not None:
                    code, reason = self._closing
                    # A control frame holds 125 bytes, two of them the code.
                    await self._socket.close(code=code, message=reason.encode()[:123])
                    return


async def serve(
    socket: web.WebSocketResponse, call: Call, *, is_owner: bool, abort: Callable[[], None]
) -> None:
    """Serve one client of a call until either side ends it; `abort` cuts its connection."""
    channel = SocketChannel(socket, abort)
    loop = asyncio.get_running_loop()
    heard_at = loop.time()
    count = 0

    async def ping() -> None:
        while True:
            await asyncio.sleep(PING_S)
            if loop.time() - heard_at > SILENT_S:
                channel.close(1006, "")
                return
            with suppress(ConnectionError):
                await socket.ping(secrets.token_bytes(4))

    helpers = [loop.create_task(channel.pump()), loop.create_task(ping())]
    number = call.join(channel, is_owner=is_owner)
    try:
        async for message in socket:
            heard_at = loop.time()
            count += 1
            if count % _AT_ONCE == 0:
                # Of a flood as much as the socket's buffer holds would be served in one go.
                await asyncio.sleep(0)
            match message.type:
                case WSMsgType.TEXT:
                    await call.receive_long(message.data, number)
                case WSMsgType.BINARY:
                    call.receive_binary(number)
                case WSMsgType.PING:
                    await socket.pong(message.data)
                case _:
                    pass
    finally:
        call.leave(number)
        for helper in helpers:
            helper.cancel()
        await asyncio.gather(*helpers, return_exceptions=True)
