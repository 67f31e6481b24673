"""Open pages of visitors: the line that they get, and what they are told through it."""

import json

import aiohttp
import pytest

from rtstart.adapters.gateway.pages import TAIL
from rtstart.core.notices import Closed, Ending
from tests.fakes.gateways import ORIGIN, Running, running

pytestmark = pytest.mark.integration

_VISIT = {"Sec-Fetch-Dest": "document", "Accept-Encoding": "gzip"}
_NEW = "https://elsewhere.tunnel.test"


async def _get(r: Running, path: str, **headers: str) -> tuple[bytes, str]:
    cookie = await r.come_in()
    told = r.outside(Cookie=cookie, **headers)
    async with r.client.get(r.public_url + path, headers=told) as answer:
        return await answer.read(), answer.headers.get("Content-Length", "chunked")


@pytest.mark.parametrize("path", ["/page", "/page-in-parts"])
async def test_page_gets_one_line_when_a_visitor_opens_it(path: str) -> None:
    async with running() as r:
        body, size = await _get(r, path, **_VISIT)

        assert body == b"<!doctype html><h1>Hello</h1>" + TAIL
        assert size == ("chunked" if path == "/page-in-parts" else str(len(body)))
        assert r.web.header("Accept-Encoding") == []


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/page", {}),
        ("/page", {"Sec-Fetch-Dest": "iframe"}),
        ("/gzip-page", _VISIT),
        ("/json", _VISIT),
        ("/missing", _VISIT),
    ],
)
async def test_answer_is_left_as_it_is_when_it_is_no_page(
    path: str, headers: dict[str, str]
) -> None:
    async with running() as r:
        body, _ = await _get(r, path, **headers)

    assert TAIL not in body


async def test_developers_own_page_is_left_as_it_is() -> None:
    async with running() as r, r.client.get(r.local_url + "/page", headers=_VISIT) as answer:
        assert await answer.read() == b"<!doctype html><h1>Hello</h1>"


async def test_script_is_there_for_pages() -> None:
    async with running() as r:
        url = r.public_url + "/.rtstart/page.js"
        async with r.client.get(url, headers=r.outside()) as answer:
            assert answer.content_type == "text/javascript"
            assert "/.rtstart/page" in await answer.text()


async def test_page_is_told_what_happens_to_its_address() -> None:
    async with running() as r:
        headers = r.outside(Cookie=await r.come_in("Ada"), Origin=ORIGIN)
        url = r.public_url + "/.rtstart/page"
        async with r.client.ws_connect(url, headers=headers) as socket:
            r.gateway.tell_pages(Ending(300))
            r.gateway.tell_moved(ORIGIN)
            r.gateway.tell_moved(_NEW)
            r.gateway.tell_pages(Closed())
            ending, moved, closed = [json.loads(await socket.receive_str()) for _ in range(3)]

        assert ending == {"kind": "ending", "seconds": 300}
        assert moved.pop("url").startswith(f"{_NEW}/i/")
        assert (moved, closed) == ({"kind": "moved"}, {"kind": "closed"})


async def test_way_to_the_new_address_lets_this_visitor_in_by_their_name() -> None:
    async with running() as r:
        headers = r.outside(Cookie=await r.come_in("Ada"), Origin=ORIGIN)
        async with r.client.ws_connect(r.public_url + "/.rtstart/page", headers=headers) as socket:
            r.gateway.tell_moved(_NEW)
            link = json.loads(await socket.receive_str())["url"]
        r.gateway.set_public_origin(_NEW, ORIGIN)  # as `dev` does while both lead here
        async with r.client.post(
            r.public_url + link.removeprefix(_NEW),
            headers={"Host": "elsewhere.tunnel.test", "Origin": _NEW},
            allow_redirects=False,
        ) as answer:
            assert answer.status == 303

        assert [visitor.name for visitor in r.gateway.visitors()] == ["Ada", "Ada 2"]


async def test_pages_socket_is_cut_when_its_visitor_is_put_out() -> None:
    async with running() as r:
        headers = r.outside(Cookie=await r.come_in(), Origin=ORIGIN)
        async with r.client.ws_connect(r.public_url + "/.rtstart/page", headers=headers) as socket:
            r.gateway.drop_all()
            message = await socket.receive()

    assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, 1000)


@pytest.mark.parametrize(
    ("has_cookie", "origin", "status"), [(False, ORIGIN, 401), (True, "https://evil.test", 403)]
)
async def test_socket_is_refused_to_strangers_and_other_sites(
    has_cookie: bool, origin: str, status: int
) -> None:
    async with running() as r:
        headers = r.outside(Origin=origin)
        if has_cookie:
            headers["Cookie"] = await r.come_in()
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await r.client.ws_connect(r.public_url + "/.rtstart/page", headers=headers)

    assert refused.value.status == status


async def test_visitor_comes_in_where_host_and_origin_are_rewritten() -> None:
    async with running() as r:
        dialled = f"localhost:{r.public}"
        headers = r.outside(Cookie=await r.come_in(), Origin=f"http://{dialled}", Host=dialled)
        async with r.client.ws_connect(r.public_url + "/socket", headers=headers) as socket:
            await socket.send_str("hello")
            assert await socket.receive_str() == "hello"
        own = r.web.header("Origin")
        await (await r.client.get(r.public_url + "/page", headers=headers)).read()

        assert own == [f"http://localhost:{r.web.port}"]
        assert (r.web.header("Origin"), r.web.header("X-Forwarded-Host")) == (
            [ORIGIN],
            ["app.tunnel.test"],
        )
