"""A small HTTP/2 server over TLS, to see that connections are pooled and the protocol is spoken."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, RequestReceived, StreamEnded


@dataclass
class Http2Server:
    """What a running server has seen."""

    port: int = 0
    connections: int = 0
    requests: list[tuple[str, str]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)


class _Connection(asyncio.Protocol):
    def __init__(self, server: Http2Server) -> None:
        self._server = server
        self._http = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._server.connections += 1
        self._http.initiate_connection()
        self._flush()

    def data_received(self, data: bytes) -> None:
        for event in self._http.receive_data(data):
            match event:
                case RequestReceived(headers=headers):
                    told = {str(name): str(value) for name, value in headers or ()}
                    self._server.requests.append((told[":method"], told[":path"]))
                    self._server.headers.append(told)
                case DataReceived(stream_id=stream, flow_controlled_length=size):
                    self._http.acknowledge_received_data(size or 0, stream)
                case StreamEnded(stream_id=stream):
                    self._answer(stream)
                case _:
                    pass
        self._flush()

    def _answer(self, stream: int) -> None:
        body = json.dumps({"value": "ek_test0000", "expires_at": 1}).encode()
        headers = [(":status", "200"), ("content-type", "application/json")]
        self._http.send_headers(stream, headers)
        self._http.send_data(stream, body, end_stream=True)

    def _flush(self) -> None:
        if self._transport is not None:
            self._transport.write(self._http.data_to_send())


@asynccontextmanager
async def http2_server(context: ssl.SSLContext) -> AsyncIterator[Http2Server]:
    """Run one on a free port of this machine."""
    context.set_alpn_protocols(["h2"])
    server = Http2Server()
    loop = asyncio.get_running_loop()
    bound = await loop.create_server(lambda: _Connection(server), "127.0.0.1", 0, ssl=context)
    server.port = bound.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        bound.close()
        await bound.wait_closed()
