"""WebSockets through the gateway: shaken hands, frames, close codes and pressure stay theirs."""

import asyncio

import aiohttp
import pytest

from tests.fakes.gateways import ORIGIN, running

pytestmark = pytest.mark.integration


async def test_subprotocol_query_and_origin_of_the_server_itself() -> None:
    async with running() as r:
        async with r.client.ws_connect(
            r.local_url + "/socket?token=abc",
            protocols=("vite-hmr",),
            origin=r.local_url,
        ) as socket:
            await socket.send_str("hello")
            said = await socket.receive_str()

        assert (said, socket.protocol) == ("hello", "vite-hmr")
        assert r.web.requests == [("GET", "/socket?token=abc")]
        own = f"localhost:{r.web.port}"
        assert [r.web.header("Host"), r.web.header("Origin")] == [[own], [f"http://{own}"]]
        assert r.web.header("X-Forwarded-Host") == [f"localhost:{r.local}"]


async def test_compression_is_agreed_by_the_two_ends() -> None:
    async with running() as r:
        url = r.local_url + "/socket"
        async with r.client.ws_connect(url, compress=15) as socket:
            await socket.send_str("a" * 100_000)
            said = await socket.receive_str()

    assert (len(said), socket.compress) == (100_000, 15)


async def test_close_code_of_the_server_reaches_the_client() -> None:
    async with running() as r, r.client.ws_connect(r.local_url + "/socket") as socket:
        await socket.send_str("close 4000")
        message = await socket.receive()

    assert (message.type, message.data, message.extra) == (
        aiohttp.WSMsgType.CLOSE,
        4000,
        "as you wish",
    )


async def test_close_code_of_the_client_reaches_the_server() -> None:
    async with running() as r:
        socket = await r.client.ws_connect(r.local_url + "/socket")
        await socket.close(code=4001)
        async with asyncio.timeout(2):
            code = await r.web.socket_codes.get()

    assert code == 4001


async def test_large_messages_pass_while_the_reader_is_slow() -> None:
    async with running() as r:
        url = r.local_url + "/socket"
        async with r.client.ws_connect(url, max_msg_size=0, compress=0) as socket:
            sent = [bytes([number]) * 1_000_000 for number in range(12)]

            async def send() -> None:
                for message in sent:
                    await socket.send_bytes(message)

            sending = asyncio.ensure_future(send())
            await asyncio.sleep(0.3)  # the echo fills every buffer on the way
            got = [await socket.receive_bytes() for _ in sent]
            await sending

    assert got == sent


async def test_refused_upgrade_is_passed_on() -> None:
    async with running() as r:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await r.client.ws_connect(r.local_url + "/nothing-here")

    assert refused.value.status == 200


async def test_socket_of_another_site_is_refused() -> None:
    async with running() as r:
        for origin in ("https://evil.test", "null", f"http://localhost:{r.local + 1}"):
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await r.client.ws_connect(r.local_url + "/socket", origin=origin)
            assert refused.value.status == 403

        assert r.web.requests == []


async def test_public_socket_without_origin_or_cookie_is_refused() -> None:
    async with running() as r:
        cookie = await r.come_in()
        url = r.public_url + "/socket"
        statuses = []
        for headers in (
            r.outside(Origin=ORIGIN),
            r.outside(Cookie=cookie),
            r.outside(Cookie=cookie, Origin="https://evil.test"),
        ):
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await r.client.ws_connect(url, headers=headers)
            statuses.append(refused.value.status)
        async with r.client.ws_connect(url, headers=r.outside(Cookie=cookie, Origin=ORIGIN)) as s:
            await s.send_str("in")
            assert await s.receive_str() == "in"

    assert statuses == [401, 403, 403]


async def test_dropped_visitor_loses_their_socket() -> None:
    async with running() as r:
        cookie = await r.come_in()
        headers = r.outside(Cookie=cookie, Origin=ORIGIN)
        async with r.client.ws_connect(r.public_url + "/socket", headers=headers) as socket:
            await socket.send_str("in")
            await socket.receive_str()
            (visitor,) = r.gateway.visitors()
            r.gateway.drop(visitor.id)
            message = await socket.receive(timeout=2)

        assert message.type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.CLOSE)
        async with r.client.get(r.public_url + "/", headers=headers) as answer:
            assert answer.status == 401


async def test_echo_probe_answers_everybody() -> None:
    async with running() as r:
        url = r.public_url + "/.rtstart/echo"
        async with r.client.ws_connect(url, headers=r.outside()) as socket:
            await socket.send_str("prove")
            assert await socket.receive_str() == "prove"
