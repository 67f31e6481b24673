"""A real HTTP server that answers as tests need it: echoes, streams, uploads, sockets."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from hashlib import sha256

from aiohttp import WSMsgType, web

GZIPPED = gzip.compress(b"compressed by the upstream " * 50, mtime=0)
PAGE = "<!doctype html><h1>Hello</h1>"
FILE = bytes(range(256)) * 4


@dataclass
class FakeUpstream:
    """What a running fake has seen, and knobs for what it does next."""

    port: int = 0
    requests: list[tuple[str, str]] = field(default_factory=list)
    headers: list[list[tuple[str, str]]] = field(default_factory=list)
    cancelled: asyncio.Event = field(default_factory=asyncio.Event)
    more: asyncio.Event = field(default_factory=asyncio.Event)
    uploaded: int = 0
    socket_codes: asyncio.Queue[int | None] = field(default_factory=asyncio.Queue)
    mint_status: int = 200
    may_mint: asyncio.Event | None = None
    mint_is_long: bool = False
    asked_to_mint: asyncio.Event = field(default_factory=asyncio.Event)
    stop: Callable[[], Awaitable[None]] = field(default=lambda: asyncio.sleep(0))

    def header(self, name: str) -> list[str]:
        """The values of a header in the last request."""
        return [value for key, value in self.headers[-1] if key.lower() == name.lower()]


@asynccontextmanager
async def fake_upstream() -> AsyncIterator[FakeUpstream]:
    """Run a fake on a free port of this machine."""
    fake = FakeUpstream()
    server = web.Server(lambda request: _answer(fake, request), handler_cancellation=True)
    loop = asyncio.get_running_loop()
    bound = await loop.create_server(server, "127.0.0.1", 0)
    fake.port = bound.sockets[0].getsockname()[1]

    async def stop() -> None:
        bound.close()
        await server.shutdown(timeout=0.2)
        await bound.wait_closed()

    fake.stop = stop
    try:
        yield fake
    finally:
        await stop()


async def _answer(fake: FakeUpstream, request: web.BaseRequest) -> web.StreamResponse:
    fake.requests.append((request.method, request.raw_path))
    fake.headers.append(
        [(name.decode(), value.decode("utf-8", "replace")) for name, value in request.raw_headers]
    )
    path = request.path.rstrip("/") or "/"
    ways = {
        "/events": _events,
        "/page-in-parts": _page_in_parts,
        "/forever": _forever,
        "/upload": _upload,
        "/slow-upload": _refuse_upload,
        "/early": _early,
        "/socket": _socket,
        "/session": _session,
        "/broken": _broken,
        "/half": _half,
    }
    if path in ways:
        return await ways[path](fake, request)
    return _simple(path, request)


def _simple(path: str, request: web.BaseRequest) -> web.StreamResponse:
    match path:
        case "/gzip":
            return web.Response(
                body=GZIPPED, headers={"Content-Encoding": "gzip", "Content-Type": "text/plain"}
            )
        case "/file":
            part = request.http_range
            if part.start is None:
                return web.Response(body=FILE, headers={"Accept-Ranges": "bytes"})
            end = part.stop if part.stop is not None else len(FILE)
            return web.Response(
                status=206,
                body=FILE[part.start : end],
                headers={"Content-Range": f"bytes {part.start}-{end - 1}/{len(FILE)}"},
            )
        case "/cookies":
            response = web.Response(text="two cookies")
            response.headers.add("Set-Cookie", "a=1; Path=/")
            response.headers.add("Set-Cookie", "b=2; Path=/")
            response.headers.add("Set-Cookie", "__Host-rtstart=stolen; Path=/; Secure")
            return response
        case "/redirect":
            own = request.headers["Host"]
            return web.Response(status=307, headers={"Location": f"http://{own}/there?x=1"})
        case "/nothing":
            return web.Response(status=204)
        case "/unchanged":
            return web.Response(status=304, headers={"ETag": '"x"'})
        case "/hop":
            return web.Response(
                text="hop", headers={"Connection": "X-Private", "X-Private": "1", "X-Kept": "1"}
            )
        case "/page":
            return web.Response(text=PAGE, content_type="text/html")
        case "/missing":
            return web.Response(text=PAGE, content_type="text/html", status=404)
        case "/gzip-page":
            packed = gzip.compress(PAGE.encode(), mtime=0)
            headers = {"Content-Encoding": "gzip", "Content-Type": "text/html"}
            return web.Response(body=packed, headers=headers)
        case "/big":
            return web.Response(body=b"x" * 8_000_000)
        case _:
            return web.Response(text=f"{request.method} {request.raw_path}", status=200)


async def _events(fake: FakeUpstream, request: web.BaseRequest) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    await response.write(b"data: first\n\n")
    await fake.more.wait()
    await response.write(b"data: second\n\n")
    await response.write_eof()
    return response


async def _page_in_parts(fake: FakeUpstream, request: web.BaseRequest) -> web.StreamResponse:
    del fake
    response = web.StreamResponse(headers={"Content-Type": "text/html; charset=utf-8"})
    response.enable_chunked_encoding()
    await response.prepare(request)
    await response.write(PAGE[:15].encode())
    await response.write(PAGE[15:].encode())
    await response.write_eof()
    return response


async def _forever(fake: FakeUpstream, request: web.BaseRequest) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    await response.write(b"begun")
    try:
        await asyncio.Event().wait()
    finally:
        fake.cancelled.set()
    return response


async def _upload(fake: FakeUpstream, request: web.BaseRequest) -> web.StreamResponse:
    digest = sha256()
    fake.uploaded = 0
    async for chunk in request.content.iter_any():
        digest.update(chunk)
        fake.uploaded += len(chunk)
    return web.Response(
        text=json.dumps(
            {
                "size": fake.uploaded,
                "sha256": digest.hexdigest(),
                "length": request.headers.get("Content-Length"),
                "encoding": request.headers.get("Transfer-Encoding"),
            }
        )
    )


async def _refuse_upload(_: FakeUpstream, __: web.BaseRequest) -> web.StreamResponse:
    response = web.Response(status=413, text="too much")
    response.force_close()
    return response


async def _early(_: FakeUpstream, __: web.BaseRequest) -> web.StreamResponse:
    return web.Response(text="early")


async def _socket(fake: FakeUpstream, request: web.BaseRequest) -> web.StreamResponse:
    socket = web.WebSocketResponse(protocols=("vite-hmr", "realtime"), max_msg_size=0)
    await socket.prepare(request)
    async for message in socket:
        if message.type is WSMsgType.TEXT and message.data.startswith("close "):
            await socket.close(code=int(message.data.split()[1]), message=b"as you wish")
        elif message.type is WSMsgType.TEXT:
            await socket.send_str(message.data)
        elif message.type is WSMsgType.BINARY:
            await socket.send_bytes(message.data)
    fake.socket_codes.put_nowait(socket.close_code)
    return socket


async def _session(fake: FakeUpstream, request: web.BaseRequest) -> web.StreamResponse:
    await request.read()
    fake.asked_to_mint.set()
    if fake.may_mint is not None:
        await fake.may_mint.wait()
    if request.method != "POST":
        return web.json_response({"error": "a fake that minted by GET"}, status=200)
    secret = {"value": "ek_test0000", "expires_at": 1}
    if fake.mint_is_long:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b'{"value": "ek_test0000", ')
        try:
            await asyncio.Event().wait()
        finally:
            fake.cancelled.set()
    return web.json_response(
        secret if fake.mint_status == 200 else {"error": {"message": "upstream says no"}},
        status=fake.mint_status,
        headers={"Cache-Control": "public, max-age=60"},
    )


async def _broken(_: FakeUpstream, request: web.BaseRequest) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.write(b"Unauthorized")
        request.transport.close()
    return web.Response()


async def _half(_: FakeUpstream, request: web.BaseRequest) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": "1000"})
    await response.prepare(request)
    await response.write(b"only this much")
    if request.transport is not None:
        request.transport.abort()
    return response
