"""Stock Vite, Next and uvicorn projects behind the gateway, seen in Chromium from outside.

The browser comes by HTTPS under a name that is not localhost, by an invitation, as a visitor
would; nothing in the projects knows of the gateway.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import web
from playwright.async_api import ConsoleMessage, Page, async_playwright

from rtstart.adapters.certificates import local_certificate, server_context
from rtstart.adapters.gateway import Gateway, GatewaySettings, Upstream
from rtstart.adapters.processes import run_to_end
from rtstart.core.events import Event
from rtstart.core.trust import trust_on_computer
from tests.e2e import frameworks
from tests.e2e.frameworks import DevServer

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(420)]

_HOST = "devbox.local"
_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--host-resolver-rules=MAP {_HOST} 127.0.0.1",
]
_ARTIFACTS = Path("artifacts").resolve()
_ARTIFACTS.mkdir(exist_ok=True)


@asynccontextmanager
async def _in_public(
    server: DevServer, home: Path, *, shown: DevServer | None = None
) -> AsyncIterator[tuple[Gateway, str]]:
    """A gateway with HTTPS in front of a dev server, whose authority this browser trusts.

    Visitors get `shown` in its place, when it is given.
    """
    certificate = await local_certificate(
        home / "ca",
        host_name="devbox",
        addresses=(),
        now=datetime.now(UTC),
        env={"PATH": "/nowhere"},
    )
    trust = trust_on_computer(
        "linux", str(certificate.authority_path), name=certificate.authority_name
    )
    for command in trust.commands:
        told = await run_to_end(
            f"{command} -f /dev/null" if "certutil" in command else command,
            cwd=home,
            env=os.environ | {"HOME": str(home)},
            deadline_s=20,
        )
        assert told.code == 0, told.last_lines
    events: list[Event] = []
    upstreams = [Upstream("web", server.port, framework=server.framework)]
    if shown is not None:
        upstreams.append(Upstream("preview", shown.port))
    settings = GatewaySettings(
        project="myapp",
        upstreams=tuple(upstreams),
        default="web",
        shown="preview" if shown else "",
    )
    async with Gateway(settings, emit=events.append) as gateway:
        port = await gateway.listen_public("127.0.0.1", 0, server_context(certificate))
        origin = f"https://{_HOST}:{port}"
        gateway.set_public_origin(origin)
        yield gateway, origin


@asynccontextmanager
async def _browser(home: Path) -> AsyncIterator[Page]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=_FLAGS,
            env={**os.environ, "HOME": str(home)},
        )
        try:
            yield await browser.new_page()
        finally:
            await browser.close()


async def _come_in(page: Page, gateway: Gateway, origin: str) -> None:
    await page.goto(gateway.invite("Ada").url_at(origin))
    await page.get_by_role("button", name="Come in").click()
    await page.wait_for_selector("#title")
    assert page.url == f"{origin}/"


def _listen(page: Page) -> list[str]:
    said: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        said.append(message.text)

    page.on("console", hear)
    return said


async def _see_edit(page: Page, edit: Callable[[], None], *, film: str) -> None:
    """Edit, and see the page change without a reload."""
    await page.evaluate("window.notReloaded = true")
    await page.screenshot(path=_ARTIFACTS / f"{film}-before.png")
    edit()
    await page.wait_for_function(
        "document.querySelector('#title').textContent === 'after the edit'", timeout=20_000
    )
    await page.screenshot(path=_ARTIFACTS / f"{film}-after.png")
    assert await page.evaluate("window.notReloaded") is True


def _edited(path: Path) -> Callable[[], None]:
    def edit() -> None:
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace("before the edit", "after the edit"), encoding="utf-8")

    return edit


async def test_vite_shows_edits_without_reload(tmp_path: Path) -> None:
    env = await frameworks.node_environment(tmp_path / "node")
    folder = tmp_path / "app"
    frameworks.write(folder, frameworks.VITE_FILES)
    await frameworks.install(folder, env)

    async with (
        frameworks.vite(folder, env) as server,
        _in_public(server, tmp_path) as (gateway, origin),
        _browser(tmp_path) as page,
    ):
        said = _listen(page)
        await _come_in(page, gateway, origin)
        await _see_edit(page, _edited(folder / "words.js"), film="gateway-vite")

        assert "[vite] connected." in said
        assert not [text for text in said if "failed to connect" in text]


async def test_s24_visitors_get_the_build_and_the_developer_the_source(tmp_path: Path) -> None:
    env = await frameworks.node_environment(tmp_path / "node")
    folder = tmp_path / "app"
    frameworks.write(folder, frameworks.VITE_FILES)
    await frameworks.install(folder, env)

    async with (
        frameworks.vite(folder, env) as server,
        frameworks.vite_preview(folder, env) as preview,
        _in_public(server, tmp_path, shown=preview) as (gateway, origin),
        _browser(tmp_path) as page,
    ):
        local = f"http://localhost:{await gateway.listen_local(0)}"
        await _come_in(page, gateway, origin)
        outside = await page.text_content("#title")
        given = [await page.evaluate(_FETCH, path) for path in _SOURCES]
        await page.goto(local)
        own = [await page.evaluate(_FETCH, path) for path in _SOURCES]

        assert outside == "before the edit"
        assert ["import" in text for text in given] == [False, False, False]
        assert ["import" in text for text in own] == [True, True, True]


async def test_next_hydrates_acts_and_shows_edits(tmp_path: Path) -> None:
    env = await frameworks.node_environment(tmp_path / "node")
    folder = tmp_path / "app"
    frameworks.write(folder, frameworks.NEXT_FILES)
    await frameworks.install(folder, env)

    async with (
        frameworks.next_dev(folder, env) as server,
        _in_public(server, tmp_path) as (gateway, origin),
        _browser(tmp_path) as page,
    ):
        said = _listen(page)
        await _come_in(page, gateway, origin)
        # React hangs its properties on an element when it takes it over.
        await page.wait_for_function(
            "Object.keys(document.querySelector('button')).some((key) => key.startsWith('__react'))"
        )
        await page.get_by_role("button", name="Shout").click()
        await page.wait_for_function("document.querySelector('#said').textContent === 'HYDRATED'")
        await _see_edit(page, _edited(folder / "app/page.jsx"), film="gateway-next")

        # The line that the gateway puts behind a page must not disturb React, which owns all of it.
        assert await page.evaluate("window.__rtstartPage")
        assert not [text for text in said if "hydrat" in text.lower()]
        assert await page.text_content("#said") == "HYDRATED"


async def test_uvicorn_reloads_behind_the_gateway(tmp_path: Path) -> None:
    folder = tmp_path / "app"
    frameworks.write(folder, frameworks.PYTHON_FILES)

    async with (
        frameworks.uvicorn(folder, dict(os.environ)) as server,
        _in_public(server, tmp_path) as (gateway, origin),
        _browser(tmp_path) as page,
    ):
        await _come_in(page, gateway, origin)
        await page.screenshot(path=_ARTIFACTS / "gateway-uvicorn-before.png")
        said = await page.evaluate(_ASK_SOCKET)
        _edited(folder / "words.py")()
        async with asyncio.timeout(20):
            while await page.text_content("#title") != "after the edit":
                await page.reload()

        await page.screenshot(path=_ARTIFACTS / "gateway-uvicorn-after.png")
        assert [said, await page.evaluate(_ASK_SOCKET)] == ["before the edit", "after the edit"]
        assert await page.text_content("#title") == "after the edit"


async def test_stranger_types_a_code_and_waits_for_a_service(tmp_path: Path) -> None:
    port = frameworks.free_port()
    server = DevServer(tmp_path, port, "none")

    async with _in_public(server, tmp_path) as (gateway, origin), _browser(tmp_path) as page:
        await page.goto(f"{origin}/some/page")
        await page.screenshot(path=_ARTIFACTS / "gateway-private.png")
        code = gateway.invite("Ada").code.lower().replace("-", "")
        await page.get_by_label("Invitation code").fill(code)
        await page.get_by_role("button", name="Continue").click()
        await page.screenshot(path=_ARTIFACTS / "gateway-invited.png")
        await page.get_by_role("button", name="Come in").click()
        await page.get_by_text("web is not answering yet").wait_for()
        await page.screenshot(path=_ARTIFACTS / "gateway-down.png")

        runner = web.ServerRunner(web.Server(_page))
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        await page.wait_for_selector("#title", timeout=5000)
        await runner.cleanup()

        assert page.url == f"{origin}/"
        assert [visitor.name for visitor in gateway.visitors()] == ["Ada"]


async def _page(_: web.BaseRequest) -> web.Response:
    return web.Response(text='<h1 id="title">here</h1>', content_type="text/html")


_ASK_SOCKET = """() => new Promise((resolve, reject) => {
  const socket = new WebSocket(location.origin.replace("http", "ws") + "/words");
  socket.onmessage = (message) => { resolve(message.data); socket.close(); };
  socket.onerror = () => reject(new Error("the socket failed"));
})"""
_SOURCES = ("/main.js", "/main.js?raw", "/@vite/client")
_FETCH = "(path) => fetch(path).then((answer) => answer.text())"
