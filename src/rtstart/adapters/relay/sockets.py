"""Realtime sessions that the backend holds itself, over a WebSocket through the relay."""

import asyncio
import json
from collections.abc import Callable, Sequence
from secrets import token_hex
from time import strftime
from typing import TYPE_CHECKING, Protocol, TypeAlias

import aiohttp
from aiohttp import WSMsgType, web

from rtstart.adapters.calls import CallFact, Over, facts_of
from rtstart.core.calls import RELAYED

if TYPE_CHECKING:
    from rtstart.adapters.recordings import Recorder, Recordings

_OWN_HEADERS = frozenset(
    {
        "sec-websocket-key",
        "sec-websocket-version",
        "sec-websocket-extensions",
        "sec-websocket-protocol",
        "content-length",
    }
)
_NORMAL = 1000
_ABNORMAL = 1006
_CONNECT_WITHIN_S = 20.0


class _Ears(Protocol):
    def call_started(self, call_id: str) -> None: ...

    def call_told(self, call_id: str, fact: CallFact) -> None: ...


class RelaySockets:
    """Joins a backend's WebSocket with one to the API, and hears usage as it passes.

    With `recordings` each is written to a file.
    """

    def __init__(self, base_url: str, *, recordings: "Recordings | None" = None) -> None:
        self._base_url = base_url.rstrip("/").replace("http", "ws", 1)
        self._recordings = recordings
        self.calls: _Ears | None = None
        self._client: aiohttp.ClientSession | None = None
        self._open: dict[str, web.WebSocketResponse] = {}
        self._count = 0

    async def open(self) -> None:
        """Begin; close it in the end."""
        self._client = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), trust_env=True)

    async def close(self) -> None:
        """End every session."""
        for call_id in tuple(self._open):
            await self.cut(call_id)
        if self._client is not None:
            await self._client.close()

    async def cut(self, call_id: str) -> bool:
        """End one session; False if there is none of that id."""
        socket = self._open.get(call_id)
        if socket is None:
            return False
        await socket.close(code=1001, message=b"ended by the developer")
        return True

    async def answer(
        self, request: web.BaseRequest, path: str, headers: Sequence[tuple[str, str]]
    ) -> web.StreamResponse:
        """Serve one WebSocket to its end."""
        if self._client is None:
            raise RuntimeError("the relay is not open")
        offered = request.headers.get("Sec-WebSocket-Protocol", "")
        protocols = [name.strip() for name in offered.split(",") if name.strip()]
        query = f"?{request.query_string}" if request.query_string else ""
        passed = [pair for pair in headers if pair[0].lower() not in _OWN_HEADERS]
        try:
            async with asyncio.timeout(_CONNECT_WITHIN_S):
                upstream = await self._client.ws_connect(
                    f"{self._base_url}{path}{query}",
                    headers=passed,
                    protocols=protocols,
                    max_msg_size=0,
                    autoclose=False,
                )
        except aiohttp.WSServerHandshakeError as error:
            return _refused(error.status, f"The API answered {error.status} to the handshake.")
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            return _refused(502, f"The API could not be reached: {error}")
        chosen = (upstream.protocol,) if upstream.protocol else ()
        downstream = web.WebSocketResponse(protocols=chosen, max_msg_size=0, autoclose=False)
        await downstream.prepare(request)
        recorder = self._recorder(request.query.get("model", ""))
        try:
            joins = request.query.get("call_id", "")
            await self._join(downstream, upstream, joins=joins, recorder=recorder)
        finally:
            if recorder is not None:
                recorder.close()
        return downstream

    def _recorder(self, model: str) -> "Recorder | None":
        if self._recordings is None:
            return None
        # Not by an id that somebody sent, nor by our own, which begin anew with each run.
        name = f"relay_{strftime('%Y%m%d-%H%M%S')}_{token_hex(4)}"
        return self._recordings.begin(name, medium="socket", model=model)

    async def _join(
        self,
        downstream: web.WebSocketResponse,
        upstream: aiohttp.ClientWebSocketResponse,
        *,
        joins: str,
        recorder: "Recorder | None",
    ) -> None:
        """Carry a session, or with `joins` the sideband of a call that is watched elsewhere."""
        self._count += 1
        call_id = f"{RELAYED}{self._count}"
        self._open[call_id] = downstream
        ears = None if joins else self.calls
        if self.calls is not None:
            self.calls.call_started(joins or call_id)

        def hear_backend(text: str) -> None:
            if recorder is not None:
                recorder.client_message(text)

        def hear_api(text: str) -> None:
            if ears is not None:
                for fact in facts_of(text):
                    ears.call_told(call_id, fact)
            if recorder is not None:
                recorder.server_message(text)

        up = asyncio.create_task(_pump(downstream, upstream, hear_backend))
        down = asyncio.create_task(_pump(upstream, downstream, hear_api))
        try:
            await asyncio.wait((up, down), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (up, down):
                task.cancel()
            await asyncio.gather(up, down, return_exceptions=True)
            await upstream.close()
            self._open.pop(call_id, None)
            if ears is not None:
                ears.call_told(call_id, Over())


_Socket: TypeAlias = web.WebSocketResponse | aiohttp.ClientWebSocketResponse


async def _pump(source: _Socket, sink: _Socket, hear: Callable[[str], None]) -> None:
    while True:
        message = await source.receive()
        if message.type is WSMsgType.TEXT:
            hear(message.data)
        if not await _passed(message, sink, code=source.close_code):
            return


async def _passed(message: aiohttp.WSMessage, sink: _Socket, *, code: int | None) -> bool:
    """Send a message on; False when it was the last."""
    match message.type:
        case WSMsgType.TEXT:
            await sink.send_str(message.data)
        case WSMsgType.BINARY:
            await sink.send_bytes(message.data)
        case WSMsgType.CLOSE:
            reason = (message.extra or "").encode()
            await sink.close(code=message.data or _NORMAL, message=reason)
            return False
        case _:
            if not sink.closed:
                await sink.close(code=code if code not in (None, _ABNORMAL) else 1011)
            return False
    return True


def _refused(status: int, words: str) -> web.Response:
    error = {"message": words, "type": "relay_error", "code": "upstream_refused", "param": None}
    return web.json_response(text=json.dumps({"error": error}), status=status)
