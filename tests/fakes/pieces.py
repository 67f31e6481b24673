"""A slow network in front of a page: its HTML comes piece by piece, each when a test lets it."""

import asyncio
import re
from itertools import pairwise
from types import TracebackType
from typing import Self
from urllib.parse import urljoin

from aiohttp import ClientSession, web
from playwright.async_api import Page

# Where an element ends, a browser under load may stop reading and paint what it has.
_SEAM = re.compile(r"(?<=</)\w+>\n?")
# What lies in a closed drawer moves nothing, and has more elements than all the rest.
_FORM = re.compile(r"(<form.*?</form>)", re.DOTALL)
# Set once the browser has read a piece; a comment is nothing to styles and scripts.
_IS_READ = """(name) => {
  const walker = document.createTreeWalker(document, NodeFilter.SHOW_COMMENT);
  while (walker.nextNode()) if (walker.currentNode.data === name) return true;
  return false;
}"""
_PAINTED = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


class InPieces:
    """The page of an app, cut after each element of its body; all else as the app has it."""

    def __init__(self, app_url: str) -> None:
        self._app_url = app_url
        self._pieces: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._all: list[str] = []
        self._arrived = asyncio.Event()

    @property
    def url(self) -> str:
        """Where the page is, in pieces."""
        return f"http://localhost:{self._port}/"

    async def show(self, page: Page) -> int:
        """Open the page, each piece painted before the next one comes; how many there were."""
        await page.goto(self.url, wait_until="commit")
        await self._arrived.wait()
        for number, piece in enumerate(self._all):
            name = f"piece {number}"
            self._pieces.put_nowait(f"{piece}<!--{name}-->".encode())
            await page.wait_for_function(_IS_READ, arg=name)
            await page.evaluate(_PAINTED)
        self._pieces.put_nowait(None)
        await page.wait_for_load_state("load")
        return len(self._all)

    async def __aenter__(self) -> Self:
        self._client = ClientSession()
        app = web.Application()
        app.router.add_get("/", self._page)
        app.router.add_route("*", "/{path:.+}", self._pass_on)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self._port: int = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._runner.cleanup()
        await self._client.close()

    async def _page(self, request: web.Request) -> web.StreamResponse:
        async with self._client.get(self._app_url) as answer:
            html = await answer.text()
        head, body, rest = html.partition("<body>")
        self._all = [body, *_cut(rest)]
        response = web.StreamResponse(headers={"content-type": "text/html; charset=utf-8"})
        await response.prepare(request)
        await response.write(head.encode())
        self._arrived.set()
        while (piece := await self._pieces.get()) is not None:
            await response.write(piece)
        return response

    async def _pass_on(self, request: web.Request) -> web.Response:
        url = urljoin(self._app_url, request.path_qs)
        async with self._client.request(request.method, url) as answer:
            kind = {"content-type": answer.headers.get("content-type", "text/plain")}
            return web.Response(status=answer.status, body=await answer.read(), headers=kind)


def _cut(html: str) -> list[str]:
    pieces: list[str] = []
    for part in _FORM.split(html):
        seams = [] if part.startswith("<form") else [one.end() for one in _SEAM.finditer(part)]
        places = [0, *seams, len(part)]
        pieces += [part[start:end] for start, end in pairwise(places) if start < end]
    return pieces
