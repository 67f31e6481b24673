"""The page of an app in any state it can be in, served without an app behind it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web

_SCRIPT = Path(__file__).with_name("states.js")
_CONFIG = {"model": "gpt-realtime-2.1", "voice": "marin", "emulated": True, "through_server": True}


@asynccontextmanager
async def states_of(web_folder: Path) -> AsyncIterator[str]:
    """The address of the page; in it, `names` are its states and `show(name)` shows one."""
    html = (web_folder / "index.html").read_text(encoding="utf-8")
    html = html.replace("/web/main.js", "/states.js")

    async def page(_request: web.Request) -> web.Response:
        return web.Response(text=html, content_type="text/html")

    async def script(_request: web.Request) -> web.FileResponse:
        return web.FileResponse(_SCRIPT)

    async def config(_request: web.Request) -> web.Response:
        return web.json_response(_CONFIG)

    app = web.Application()
    app.router.add_get("/", page)
    app.router.add_get("/states.js", script)
    app.router.add_get("/session/config", config)
    app.router.add_static("/web", web_folder)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://localhost:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()
