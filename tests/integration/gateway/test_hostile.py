"""A hostile client on a raw socket: shapes that smuggle, climb, forge, stall and flood.

The question is always the same: what reached the service behind the gateway, and was the
connection closed when what follows on it cannot be trusted?
"""

import asyncio
import contextlib
import re
import ssl
import time
from pathlib import Path

import pytest
import trustme

from rtstart.adapters.gateway import Bounds, Webhook
from tests.fakes.gateways import ORIGIN, Running, running

pytestmark = pytest.mark.integration

_TLS_SERVER, _TLS_CLIENT = ssl.PROTOCOL_TLS_SERVER, ssl.PROTOCOL_TLS_CLIENT
HOST = b"Host: app.tunnel.test\r\n"
POST = b"POST /upload HTTP/1.1\r\n" + HOST
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
SOCKET = (
    b"GET %b HTTP/1.1\r\n" + HOST + b"Origin: " + ORIGIN.encode() + b"\r\n"
    b"Connection: Upgrade\r\nUpgrade: websocket\r\n%b\r\n"
)
KEY = b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n"
SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n"


_STATUS = re.compile(rb"HTTP/1\.1 (\d{3})")
_QUIET_S = 0.3
_CLOSES_WITHIN_S = 10.0
"""Long, because a busy machine takes its time; nobody waits for it where all is well."""


async def _exchange(port: int, sent: bytes, *, stays: int = 0) -> tuple[list[int], bool]:
    """Send bytes; return the statuses that came back, and whether the connection was closed.

    Where it is to stay open, `stays` is how many answers come; then a moment more is listened.
    """
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    got = b""
    is_closed = False
    try:
        while not is_closed:
            has_come = stays and len(_STATUS.findall(got)) >= stays
            async with asyncio.timeout(_QUIET_S if has_come else _CLOSES_WITHIN_S):
                chunk = await reader.read(65536)
            got += chunk
            is_closed = not chunk
    except TimeoutError:
        pass
    except ConnectionError:
        is_closed = True
    writer.close()
    return [int(status) for status in _STATUS.findall(got)], is_closed


GET = b"GET / HTTP/1.1\r\n"
END = b"\r\n\r\n"
TE = POST + b"Transfer-Encoding"
LENGTH = POST + b"Content-Length: "
SHAPES = {
    "length and coding": (
        400,
        LENGTH + b"6\r\nTransfer-Encoding: chunked" + END + b"0" + END + b"G",
    ),
    "coding and no coding": (
        400,
        TE + b": chunked\r\nTransfer-Encoding: identity" + END + b"0" + END,
    ),
    "unknown coding": (400, TE + b": xchunked" + END + b"0" + END),
    "blank before the colon": (400, TE + b" : chunked" + END + b"0" + END),
    "vertical tab": (400, TE + b": \x0bchunked" + END + b"0" + END),
    "two codings": (501, TE + b": gzip, chunked" + END + b"0" + END),
    "two lengths": (400, LENGTH + b"1\r\nContent-Length: 2" + END + b"ab"),
    "one length twice": (400, LENGTH + b"2\r\nContent-Length: 2" + END + b"ab"),
    "list of lengths": (400, LENGTH + b"2, 2" + END + b"ab"),
    "length with plus": (400, LENGTH + b"+2" + END + b"ab"),
    "length with minus": (400, LENGTH + b"-2" + END + b"ab"),
    "length with underscore": (400, LENGTH + b"1_0" + END + b"ab"),
    "hexadecimal length": (400, LENGTH + b"0x2" + END + b"ab"),
    "folded header": (400, GET + HOST + b"X-A: b\r\n c" + END),
    "bare line feeds": (400, b"GET / HTTP/1.1\nHost: app.tunnel.test\n\n"),
    "bare return": (400, GET + HOST + b"X-A: a\rX-B: c" + END),
    "zero byte": (400, GET + HOST + b"X-A: a\x00b" + END),
    "blank in a name": (400, GET + HOST + b"X A: b" + END),
    "header without colon": (400, GET + HOST + b"X-A" + END),
    "quoted chunk extension": (400, CHUNKED + b'3;a="\r\n"\r\nabc\r\n0' + END),
    "endless chunk": (400, CHUNKED + b"FFFFFFFFFFFFFFFFF\r\nabc\r\n0" + END),
    "negative chunk": (400, CHUNKED + b"-1\r\nabc\r\n0" + END),
    "chunk with bare line feeds": (400, CHUNKED + b"3\nabc\n0\n\n"),
    "chunk that spills": (400, CHUNKED + b"3\r\nabcXX0" + END),
    "absolute form": (400, b"GET http://evil.test/ HTTP/1.1\r\n" + HOST + b"\r\n"),
    "own absolute form": (400, b"GET http://app.tunnel.test/ HTTP/1.1\r\n" + HOST + b"\r\n"),
    "asterisk": (400, b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n"),
    "CONNECT": (405, b"CONNECT evil.test:443 HTTP/1.1\r\n" + HOST + b"\r\n"),
    "TRACE": (405, b"TRACE / HTTP/1.1\r\n" + HOST + b"\r\n"),
    "unknown method": (400, b"G3T / HTTP/1.1\r\n" + HOST + b"\r\n"),
    "two hosts": (400, GET + HOST + b"Host: localhost" + END),
    "no host": (400, GET + b"\r\n"),
    "no host in old HTTP": (400, b"GET / HTTP/1.0" + END),
    "foreign host": (421, GET + b"Host: evil.test" + END),
    "HTTP/2 preface": (400, b"PRI * HTTP/2.0\r\n\r\nSM" + END),
    "HTTP/2 in words": (400, b"GET / HTTP/2.0\r\n" + HOST + b"\r\n"),
    "TLS hello": (400, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + END),
    "blank in the path": (400, b"GET /a b HTTP/1.1\r\n" + HOST + b"\r\n"),
    "line end in the path": (400, b"GET /a%0d%0aX:y HTTP/1.1\r\n" + HOST + b"\r\n"),
    "large header": (400, GET + HOST + b"X: " + b"a" * 40_000 + END),
    "many headers": (400, GET + HOST + b"X: a\r\n" * 500 + b"\r\n"),
    "large head": (431, GET + HOST + (b"X: " + b"a" * 9000 + b"\r\n") * 9 + b"\r\n"),
    "long path": (400, b"GET /" + b"a" * 40_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n"),
}


@pytest.mark.parametrize("shape", SHAPES)
async def test_shape_is_refused_and_the_connection_closed(shape: str) -> None:
    status, sent = SHAPES[shape]
    async with running(is_open=True) as r:
        statuses, is_closed = await _exchange(r.public, sent + SMUGGLED)

        assert (statuses, is_closed) == ([status], True)
        assert r.web.requests == []


@pytest.mark.parametrize(
    "path",
    [
        "/../.env",
        "/%2e%2e/.env",
        "/%2e%2e%2f.env",
        "/..%5c.env",
        "/%252e%252e%252f.env",
        "/@fs/home/me/app/../../.env",
        "//evil.test/%2f..",
        "/session/%2e%2e/x",
        "/x%2f..%2fsession",
        "/%73ession",
        "/x/..;/session",
    ],
)
async def test_path_that_climbs_or_hides_reaches_nothing(path: str) -> None:
    async with running(is_open=True) as r:
        for port in (r.public, r.local):
            sent = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"
            statuses, is_closed = await _exchange(port, sent.encode())
            assert (statuses, is_closed) == ([400], True), path
        assert r.web.requests == r.token.requests == []


@pytest.mark.parametrize(
    "path",
    [
        "/.env",
        "/.ENV",
        "/.env.local",
        "/%2eenv",
        "/%252eenv",
        "/.env::$DATA",
        "/.env;x",
        "/@fs/home/me/app/.env?raw??",
        "/@fs/home/me/app/.env?import&url",
        "/src/.env?.svg",
        "/.git/HEAD",
        "/.rtstart%2Frun.json",
        "/server.pem",
    ],
)
async def test_secret_files_are_not_asked_for_from_outside(path: str) -> None:
    async with running(is_open=True) as r:
        sent = b"GET " + path.encode() + b" HTTP/1.1\r\n" + HOST + b"\r\n"
        statuses, _ = await _exchange(r.public, sent, stays=1)

        assert statuses == [404]
        assert r.web.requests == []


@pytest.mark.parametrize(
    ("sent", "reached"),
    [
        (SOCKET % (b"/socket", b""), ["/socket"]),
        (SOCKET % (b"/no-socket", KEY), ["/no-socket"]),
        (SOCKET % (b"/socket", KEY.replace(b": 13", b": 777")), ["/socket"]),
        (SOCKET % (b"/no-socket", KEY + b"Connection: keep-alive\r\n"), ["/no-socket"]),
    ],
)
async def test_nothing_is_smuggled_behind_an_upgrade_that_was_refused(
    sent: bytes, reached: list[str]
) -> None:
    async with running(is_open=True) as r:
        statuses, is_closed = await _exchange(r.public, sent + SMUGGLED)

        assert [path for _, path in r.web.requests] == reached
        assert (len(statuses), is_closed) == (1, True)


@pytest.mark.parametrize("origin", [b"null", b"https://evil.test", b"", ORIGIN.encode() + b" x"])
async def test_nothing_is_smuggled_behind_an_upgrade_that_the_gateway_refused(
    origin: bytes,
) -> None:
    async with running(is_open=True) as r:
        sent = (SOCKET % (b"/socket", KEY)).replace(ORIGIN.encode(), origin)
        statuses, is_closed = await _exchange(r.public, sent + SMUGGLED)

        assert (statuses, is_closed, r.web.requests) == ([403], True, [])


async def test_of_two_origins_neither_is_believed() -> None:
    async with running(is_open=True) as r:
        sent = SOCKET % (b"/socket", KEY + b"Origin: https://evil.test\r\n")
        socket, _ = await _exchange(r.public, sent)
        sent = b"POST /session HTTP/1.1\r\n" + HOST + b"Origin: %b\r\n" % ORIGIN.encode() * 2
        sent += b"Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
        mint, _ = await _exchange(r.public, sent)

        assert (socket, mint, r.web.requests, r.token.requests) == ([403], [403], [], [])


async def test_bytes_behind_a_true_upgrade_belong_to_the_socket() -> None:
    async with running(is_open=True) as r:
        statuses, _ = await _exchange(r.public, SOCKET % (b"/socket", KEY) + SMUGGLED, stays=1)

        assert statuses == [101]
        assert r.web.requests == [("GET", "/socket")]


async def test_other_protocols_are_not_switched_to() -> None:
    async with running(is_open=True) as r:
        head = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMA\r\n"
        statuses, _ = await _exchange(
            r.public, b"GET /a HTTP/1.1\r\n" + HOST + head + b"\r\n", stays=1
        )

        assert statuses == [200]
        assert r.web.header("Upgrade") == r.web.header("HTTP2-Settings") == []


async def test_pipelined_requests_are_judged_one_by_one() -> None:
    async with running() as r:
        cookie = (await r.come_in()).encode()
        invited = b"GET /in HTTP/1.1\r\n" + HOST + b"Cookie: " + cookie + b"\r\n\r\n"
        stranger = b"GET /out HTTP/1.1\r\n" + HOST + b"\r\n"
        statuses, _ = await _exchange(r.public, invited + stranger + invited, stays=3)

        assert statuses == [200, 401, 200]
        assert r.web.requests == [("GET", "/in"), ("GET", "/in")]


async def test_body_of_a_refused_request_is_not_read_as_a_request() -> None:
    async with running() as r:
        body = SMUGGLED
        head = b"POST /x HTTP/1.1\r\n" + HOST + b"Content-Length: %d\r\n\r\n" % len(body)
        statuses, is_closed = await _exchange(r.public, head + body + SMUGGLED)

        assert (statuses, is_closed, r.web.requests) == ([401], True, [])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-Forwarded-Host", "evil.test"),
        ("X-Forwarded-Proto", "http"),
        ("Forwarded", "host=evil.test;proto=http"),
        ("X-Forwarded-Prefix", "/evil"),
        ("X-Original-URL", "/session"),
        ("X-Rewrite-URL", "/session"),
        ("X-HTTP-Method-Override", "POST"),
        ("X-Forwarded-Ssl", "off"),
        ("X_Forwarded_Host", "evil.test"),
        ("x_real_ip", "198.51.100.1"),
        ("X-Client-IP", "198.51.100.1"),
        ("X-Middleware-Subrequest", "middleware:middleware"),
        ("X-Invoke-Path", "/session"),
        ("Proxy", "http://evil.test"),
        ("Connection", "cookie, x-forwarded-host"),
    ],
)
async def test_forged_headers_do_not_reach_the_service(name: str, value: str) -> None:
    async with running(is_open=True) as r:
        head = f"{name}: {value}\r\n".encode()
        await _exchange(r.public, b"GET /a HTTP/1.1\r\n" + HOST + head + b"\r\n", stays=1)

        assert r.web.header("X-Forwarded-Host") == ["app.tunnel.test"]
        assert r.web.header("X-Forwarded-Proto") == ["https"]
        if name not in ("X-Forwarded-Host", "X-Forwarded-Proto", "Forwarded"):
            assert r.web.header(name) in ([], [value] if name.startswith("X-HTTP") else [])


@pytest.mark.parametrize(
    "cookies",
    [
        "{good}; __Host-rtstart=v1.planted",
        "__Host-rtstart=v1.planted; {good}",
        "{good}\r\nCookie: __Host-rtstart=v1.planted",
        "__Host-rtstart=v1.planted",
        "__host-rtstart={value}",
        "__Host-rtstart ={value}x",
        "__Host-rtstart=",
        "__Host-rtstart",
    ],
)
async def test_planted_cookie_lets_nobody_in(cookies: str) -> None:
    async with running() as r:
        good = await r.come_in()
        text = cookies.format(good=good, value=good.partition("=")[2])
        sent = b"GET / HTTP/1.1\r\n" + HOST + f"Cookie: {text}\r\n\r\n".encode()
        statuses, _ = await _exchange(r.public, sent, stays=1)

        assert (statuses, r.web.requests) == ([401], [])


async def _until_closed(reader: asyncio.StreamReader) -> bytes:
    async with asyncio.timeout(4):
        try:
            return await reader.read()
        except ConnectionError:
            return b""


async def test_connection_that_a_tunnel_holds_ready_is_let_go_without_a_word() -> None:
    async with running(bounds=Bounds(head_within_s=0.1, idle_s=0.4), is_open=True) as r:
        began = asyncio.get_running_loop().time()
        reader, writer = await asyncio.open_connection("127.0.0.1", r.public)
        said = await _until_closed(reader)
        spent = asyncio.get_running_loop().time() - began
        writer.close()

        assert said == b""
        assert spent >= 0.4


async def test_connection_that_a_tunnel_held_ready_serves_when_it_is_needed() -> None:
    async with running(bounds=Bounds(head_within_s=0.1), is_open=True) as r:
        reader, writer = await asyncio.open_connection("127.0.0.1", r.public)
        await asyncio.sleep(0.3)
        writer.write(b"GET /1 HTTP/1.1\r\n" + HOST + b"\r\n")
        said = await reader.readuntil(b"GET /1")
        writer.close()

        assert said.startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("begun", [b"GET / HT", b"GET / HTTP/1.1\r\n" + HOST + b"X-Slow: "])
async def test_head_that_does_not_come_is_not_waited_for(begun: bytes) -> None:
    async with running(bounds=Bounds(head_within_s=0.2)) as r:
        reader, writer = await asyncio.open_connection("127.0.0.1", r.public)
        writer.write(begun)
        said = await _until_closed(reader)
        writer.close()

        assert said.startswith(b"HTTP/1.1 408 ")


async def test_dripping_head_is_cut_however_often_it_drips() -> None:
    async with running(bounds=Bounds(head_within_s=0.3)) as r:
        reader, writer = await asyncio.open_connection("127.0.0.1", r.public)
        ended = asyncio.ensure_future(_until_closed(reader))
        drops = 0
        while not ended.done() and drops < 40:
            writer.write(b"G" if not drops else b"E")
            drops += 1
            await asyncio.wait([ended], timeout=0.05)
        writer.close()

        assert (await ended).startswith(b"HTTP/1.1 40")
        assert drops < 15


async def test_second_request_has_its_own_deadline() -> None:
    async with running(bounds=Bounds(head_within_s=0.3), is_open=True) as r:
        reader, writer = await asyncio.open_connection("127.0.0.1", r.public)
        writer.write(b"GET /1 HTTP/1.1\r\n" + HOST + b"\r\n")
        await reader.readuntil(b"GET /1")
        writer.write(b"GET /2 HTTP/1.1\r\nX-Slow: ")
        said = await _until_closed(reader)
        writer.close()

        assert said.startswith(b"HTTP/1.1 408 ")


async def test_body_that_does_not_come_is_not_waited_for() -> None:
    async with running(bounds=Bounds(body_pause_s=0.2), is_open=True) as r:
        reader, writer = await asyncio.open_connection("127.0.0.1", r.public)
        writer.write(POST + b"Content-Length: 1000\r\n\r\nonly this")
        said = await _until_closed(reader)
        writer.close()

        assert said.startswith(b"HTTP/1.1 408 ")


async def test_client_that_does_not_read_is_cut() -> None:
    async with running(bounds=Bounds(body_pause_s=0.3), is_open=True) as r:
        reader, writer = await asyncio.open_connection("127.0.0.1", r.public, limit=1024)
        writer.write(b"GET /big HTTP/1.1\r\n" + HOST + b"\r\n")
        await asyncio.sleep(1.2)
        got = 0
        try:
            async with asyncio.timeout(3):
                while chunk := await reader.read(100_000):
                    got += len(chunk)
        except ConnectionError:
            pass
        writer.close()

        assert got < 8_000_000


async def test_too_many_connections_are_turned_away_and_others_go_on() -> None:
    async with running(bounds=Bounds(connections=5), is_open=True) as r:
        idle = [await asyncio.open_connection("127.0.0.1", r.public) for _ in range(5)]
        turned_away, is_closed = await _exchange(r.public, b"")
        idle[0][1].write(b"GET /a HTTP/1.1\r\n" + HOST + b"\r\n")
        served = await idle[0][0].readuntil(b"GET /a")
        for _, writer in idle:
            writer.close()

        assert (turned_away, is_closed) == ([503], True)
        assert served.startswith(b"HTTP/1.1 200 OK")


async def test_one_client_on_the_network_does_not_take_every_place() -> None:
    authority = trustme.CA()
    server, client = (ssl.SSLContext(one) for one in (_TLS_SERVER, _TLS_CLIENT))
    authority.issue_cert("app.tunnel.test").configure_cert(server)
    authority.configure_trust(client)

    async def dial() -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(
            "127.0.0.1", r.public, ssl=client, server_hostname="app.tunnel.test"
        )

    async def ask() -> bytes:
        reader, writer = await dial()
        writer.write(b"GET /a HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n")
        said = b""
        with contextlib.suppress(ConnectionError):
            said = await reader.read()
        writer.close()
        return said[:12]

    bounds = Bounds(connections_per_client=2)
    async with running(tls=server, bounds=bounds, is_open=True) as r:
        held = [await dial() for _ in range(2)]
        reader, writer = await dial()
        turned_away = await reader.read()
        writer.close()
        held[0][1].write(b"GET /b HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n")
        await held[0][0].read()
        async with asyncio.timeout(5):
            while await ask() != b"HTTP/1.1 200":
                pass  # the server may hear a moment later that the first one has gone
        for _, writer in held:
            writer.close()

    assert turned_away.startswith(b"HTTP/1.1 503 ")


async def test_body_over_the_limit_is_refused_before_and_while_it_comes() -> None:
    async with running(bounds=Bounds(body_bytes=1000), is_open=True) as r:
        told, _ = await _exchange(r.public, POST + b"Content-Length: 1001\r\n\r\n", stays=1)
        counted, _ = await _exchange(
            r.public, CHUNKED + b"3e9\r\n" + b"x" * 1001 + b"\r\n0\r\n\r\n", stays=1
        )

        assert (told, counted) == ([413], [413])
        assert r.web.uploaded == 0


async def test_invitation_that_is_replayed_by_many_at_once_lets_one_in() -> None:
    async with running() as r:
        path = r.gateway.invite().path.encode()
        sent = b"POST " + path + b" HTTP/1.1\r\n" + HOST + b"Content-Length: 0\r\n\r\n"
        found = await asyncio.gather(*(_exchange(r.public, sent, stays=1) for _ in range(20)))

        assert sorted(status for statuses, _ in found for status in statuses) == [303] + [403] * 19
        assert len(r.gateway.visitors()) == 1


@pytest.mark.parametrize(
    "origin",
    ["https://evil.test", "null", "https://app.tunnel.test.evil.test", "http://app.tunnel.test"],
)
@pytest.mark.parametrize("path", ["/session", "/.rtstart/calls", "/i/CODE", "/socket"])
async def test_page_of_another_site_gets_nothing_by_an_invited_browser(
    path: str, origin: str
) -> None:
    async with running() as r:
        cookie = (await r.come_in()).encode()
        target = path.replace("/i/CODE", r.gateway.invite().path).encode()
        head = HOST + b"Cookie: " + cookie + b"\r\nOrigin: " + origin.encode() + b"\r\n"
        if path == "/socket":
            sent = b"GET " + target + b" HTTP/1.1\r\n" + head
            sent += b"Connection: Upgrade\r\nUpgrade: websocket\r\n" + KEY + b"\r\n"
        else:
            sent = b"POST " + target + b" HTTP/1.1\r\n" + head
            sent += b"Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
        statuses, _ = await _exchange(r.public, sent, stays=1)

        assert statuses == [403]
        assert r.web.requests == r.token.requests == []
        assert len(r.gateway.visitors()) == 1


@pytest.mark.parametrize(
    ("line", "path", "status"),
    [
        (b"X-Rtstart-Token: \xff", "/", 401),
        (b"Cookie: __Host-rtstart=v1.\xff", "/", 401),
        (b"User-Agent: \xff\xed\xa0\x80", "CODE", 303),
        (b"Origin: https://\xff", "/session", 401),
        (b"Content-Type: \xff", "/session", 401),
        (b"webhook-id: \xff\r\nwebhook-timestamp: NOW\r\nwebhook-signature: v1,\xff", "/hook", 401),
        (b"webhook-id: 1\r\nwebhook-timestamp: " + b"9" * 5000, "/hook", 401),
        (b"X-Forwarded-For: \xff", "/i/7FK2-QX9D", 403),
    ],
)
async def test_bytes_that_are_no_text_break_nothing(
    tmp_path: Path, line: bytes, path: str, status: int
) -> None:
    hook = Webhook("/hook", "whsec_bXkgc2VjcmV0")
    async with running(webhooks=(hook,), audit_path=tmp_path / "audit") as r:
        target = r.gateway.invite().path if path == "CODE" else path
        sent = b"POST " + target.encode() + b" HTTP/1.1\r\n" + HOST
        sent += line.replace(b"NOW", str(int(time.time())).encode())
        statuses, _ = await _exchange(r.public, sent + b"\r\nContent-Length: 0\r\n\r\n", stays=1)

        assert statuses == [status]
        assert (tmp_path / "audit").exists() == (path not in ("/", "/session"))


async def test_visitor_cannot_hold_endless_sockets() -> None:
    async with running(bounds=Bounds(sockets_per_visitor=2)) as r:
        sockets = [await _open_socket(r) for _ in range(3)]

        assert [line[9:12] for line, _ in sockets] == [b"101", b"101", b"429"]
        for _, writer in sockets:
            writer.close()


async def _open_socket(r: Running) -> tuple[bytes, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", r.local)
    sent = SOCKET % (b"/socket", KEY)
    sent = sent.replace(HOST, b"Host: localhost\r\n").replace(ORIGIN.encode(), b"http://localhost")
    writer.write(sent)
    return await reader.readuntil(b"\r\n"), writer


async def test_probe_socket_with_a_key_in_other_letters_is_a_bad_request() -> None:
    key = "Sec-WebSocket-Key: ÄÄÄÄÄÄÄÄÄÄÄ=\r\nSec-WebSocket-Version: 13\r\n".encode()
    async with running(is_open=True) as r:
        statuses, _ = await _exchange(r.public, SOCKET % (b"/.rtstart/echo", key), stays=1)

    assert statuses == [400]
