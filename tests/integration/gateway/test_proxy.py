"""Ordinary requests through the gateway: nothing lost, nothing buffered, nothing rewritten."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from hashlib import sha256
from io import BytesIO

import aiohttp
import pytest

from rtstart.adapters.gateway import Upstream
from tests.fakes.gateways import ORIGIN, running
from tests.fakes.upstream import FILE, GZIPPED

pytestmark = pytest.mark.integration


async def test_request_reaches_the_longest_prefix() -> None:
    async with running() as r:
        for path in ("/", "/session/config?x=1", "/sessions"):
            async with r.client.get(r.local_url + path) as answer:
                assert answer.status == 200

        assert r.web.requests == [("GET", "/"), ("GET", "/sessions")]
        assert r.token.requests == [("GET", "/session/config?x=1")]


async def test_ordinary_request_carries_the_public_host_and_origin() -> None:
    async with running() as r:
        cookie = await r.come_in()
        headers = r.outside(Cookie=f"{cookie}; theme=dark", Origin=ORIGIN, Connection="x-gone")
        async with r.client.get(r.public_url + "/a", headers={**headers, "x-gone": "1"}) as answer:
            assert answer.status == 200

        expected = {
            "Host": [f"localhost:{r.web.port}"],
            "Origin": [ORIGIN],
            "Cookie": ["theme=dark"],
            "X-Forwarded-For": ["203.0.113.9"],
            "X-Forwarded-Host": ["app.tunnel.test"],
            "X-Forwarded-Proto": ["https"],
            "x-gone": [],
            "Forwarded": ['for=203.0.113.9;host="app.tunnel.test";proto=https'],
        }
        assert {name: r.web.header(name) for name in expected} == expected


async def test_server_sent_events_pass_at_once() -> None:
    async with running() as r, r.client.get(r.local_url + "/events") as answer:
        first = await answer.content.readuntil(b"\n\n")
        r.web.more.set()
        rest = await answer.content.read()

    assert (first, rest) == (b"data: first\n\n", b"data: second\n\n")


async def test_range_passes() -> None:
    async with running() as r:
        headers = {"Range": "bytes=10-19"}
        async with r.client.get(r.local_url + "/file", headers=headers) as answer:
            body = await answer.read()

    assert answer.status == 206
    assert answer.headers["Content-Range"] == f"bytes 10-19/{len(FILE)}"
    assert body == FILE[10:20]


async def test_compressed_answer_is_untouched() -> None:
    async with running() as r, r.client.get(r.local_url + "/gzip") as answer:
        body = await answer.read()

    assert (answer.headers["Content-Encoding"], body) == ("gzip", GZIPPED)


async def test_upload_of_known_size_passes_unchanged() -> None:
    sent = bytes(range(256)) * 80_000  # 20 MB
    async with running() as r, r.client.post(r.local_url + "/upload", data=BytesIO(sent)) as answer:
        told = json.loads(await answer.read())

    assert told == {
        "size": len(sent),
        "sha256": sha256(sent).hexdigest(),
        "length": str(len(sent)),
        "encoding": None,
    }


async def test_upload_in_chunks_stays_chunked() -> None:
    async def parts() -> AsyncIterator[bytes]:
        for number in range(50):
            yield bytes([number]) * 1000

    async with running() as r, r.client.post(r.local_url + "/upload", data=parts()) as answer:
        told = json.loads(await answer.read())

    assert (told["size"], told["length"], told["encoding"]) == (50_000, None, "chunked")


async def test_compressed_upload_is_untouched() -> None:
    async with running() as r:
        headers = {"Content-Encoding": "gzip"}
        async with r.client.post(
            r.local_url + "/upload", data=GZIPPED, headers=headers, compress=None
        ) as answer:
            told = json.loads(await answer.read())

    # The fake unpacks what it got; had the gateway unpacked it, the size would not fit.
    assert told["length"] == str(len(GZIPPED))


async def test_expect_continue_is_answered() -> None:
    async with running() as r:
        async with r.client.post(r.local_url + "/upload", data=b"x" * 9, expect100=True) as answer:
            told = json.loads(await answer.read())

        assert told["size"] == 9
        assert r.web.header("Expect") == []


async def test_upload_refused_early_shows_the_refusal() -> None:
    async with running() as r:
        data = BytesIO(b"x" * 30_000_000)
        async with r.client.post(r.local_url + "/slow-upload", data=data) as answer:
            assert (answer.status, await answer.text()) == (413, "too much")


async def test_answers_without_body_keep_the_connection() -> None:
    async with running() as r:
        statuses = []
        for method, path in (
            ("GET", "/nothing"),
            ("GET", "/unchanged"),
            ("HEAD", "/file"),
            ("GET", "/a"),
        ):
            async with r.client.request(method, r.local_url + path) as answer:
                statuses.append((answer.status, await answer.read()))

    assert statuses == [(204, b""), (304, b""), (200, b""), (200, b"GET /a")]


async def test_two_cookies_pass_and_our_own_does_not() -> None:
    async with running() as r, r.client.get(r.local_url + "/cookies") as answer:
        assert answer.headers.getall("Set-Cookie") == ["a=1; Path=/", "b=2; Path=/"]


async def test_redirect_to_the_server_itself_leads_back_here() -> None:
    async with (
        running() as r,
        r.client.get(r.local_url + "/redirect", allow_redirects=False) as answer,
    ):
        assert answer.headers["Location"] == f"{r.local_url}/there?x=1"


async def test_hop_by_hop_headers_end_here() -> None:
    async with running() as r, r.client.get(r.local_url + "/hop") as answer:
        assert ("X-Private" in answer.headers, answer.headers["X-Kept"]) == (False, "1")


async def test_client_that_leaves_ends_the_upstream_request() -> None:
    async with running() as r:
        async with r.client.get(r.local_url + "/forever") as answer:
            assert await answer.content.readexactly(5) == b"begun"
            answer.close()
        async with asyncio.timeout(2):
            await r.web.cancelled.wait()


async def test_cut_answer_is_seen_as_cut_and_is_no_news(caplog: pytest.LogCaptureFixture) -> None:
    async with running() as r, r.client.get(r.local_url + "/half") as answer:
        with pytest.raises(aiohttp.ClientPayloadError):
            await answer.read()

    assert [one.message for one in caplog.records if one.levelname == "ERROR"] == []


async def test_answer_that_is_not_http_is_named() -> None:
    async with running() as r, r.client.get(r.local_url + "/broken") as answer:
        told = await answer.json()

    assert (answer.status, told["error"]["code"]) == (502, "upstream_broken")


async def test_old_http_client_gets_a_body_without_chunks() -> None:
    async with running() as r:
        r.web.more.set()
        reader, writer = await asyncio.open_connection("127.0.0.1", r.local)
        writer.write(b"GET /events HTTP/1.0\r\nHost: localhost\r\n\r\n")
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        writer.close()

    assert b"chunked" not in head.lower()
    assert body == b"data: first\n\ndata: second\n\n"


async def test_slow_reader_holds_the_upstream_back_and_gets_everything() -> None:
    async with running() as r:
        reader, writer = await asyncio.open_connection("127.0.0.1", r.local, limit=2**12)
        writer.write(b"GET /big HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        await reader.readuntil(b"\r\n\r\n")
        size = 0
        while chunk := await reader.read(100_000):
            size += len(chunk)
        writer.close()

    assert size == 8_000_000


async def test_connection_that_is_told_to_stay_stays_when_the_answer_comes_early() -> None:
    async with running() as r:
        reader, writer = await asyncio.open_connection("127.0.0.1", r.local)
        for number in range(300):
            writer.write(b"POST /early HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n")
            if number % 3:
                await asyncio.sleep(0)
            writer.write(b"{}")
            head = await reader.readuntil(b"\r\n\r\n")
            assert await reader.readexactly(5) == b"early"
            if b"Connection: close" in head:
                writer.close()
                reader, writer = await asyncio.open_connection("127.0.0.1", r.local)
        writer.close()


async def test_answer_before_the_body_ends_the_connection() -> None:
    async with running() as r:
        reader, writer = await asyncio.open_connection("127.0.0.1", r.local)
        writer.write(b"POST /early HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n")
        head = await reader.readuntil(b"\r\n\r\n")
        writer.write(b"{}GET /next HTTP/1.1\r\nHost: localhost\r\n\r\n")
        rest = await reader.read()
        writer.close()

        assert b"Connection: close" in head
        assert rest == b"early"
        assert r.web.requests == [("POST", "/early")]


async def test_idle_connection_that_the_server_closed_is_not_used_for_a_get() -> None:
    served = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal served
        await reader.readuntil(b"\r\n\r\n")
        served += 1
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        # The next request on this connection is read and then left without an answer.
        await reader.read(1)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    upstream = Upstream("web", server.sockets[0].getsockname()[1])
    async with running(upstreams=(upstream,), routes=(), mint_paths=()) as r:
        statuses = []
        for method in ("GET", "GET", "POST"):
            async with r.client.request(method, r.local_url + "/") as answer:
                statuses.append(answer.status)
    server.close()
    await server.wait_closed()

    assert (statuses, served) == ([200, 200, 503], 2)


async def test_upload_waits_for_a_server_that_does_not_read() -> None:
    gone = asyncio.Event()

    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.pause_reading()  # type: ignore[attr-defined]  # asyncio's own transport
        await gone.wait()
        writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    upstream = Upstream("web", server.sockets[0].getsockname()[1])
    async with running(upstreams=(upstream,), routes=(), mint_paths=()) as r:
        _, writer = await asyncio.open_connection("127.0.0.1", r.local)
        writer.write(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 90000000\r\n\r\n")
        sent = 0
        with contextlib.suppress(TimeoutError):
            while sent < 90_000_000:
                writer.write(b"x" * 500_000)
                async with asyncio.timeout(0.5):
                    await writer.drain()
                sent += 500_000
        writer.transport.abort()
        gone.set()
    server.close()
    await server.wait_closed()

    assert sent < 30_000_000


async def test_server_that_changes_protocols_unasked_is_cut_off() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\nraw")
        await reader.read()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    upstream = Upstream("web", server.sockets[0].getsockname()[1])
    async with (
        running(upstreams=(upstream,), routes=(), mint_paths=()) as r,
        r.client.get(r.local_url + "/") as answer,
    ):
        status = answer.status
    server.close()
    await server.wait_closed()

    assert status == 502
