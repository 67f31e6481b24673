"""Pages that are open in visitors' browsers, and what they are told about their address.

A page that came through a tunnel gets one line of script more, which holds a WebSocket to here.
Nothing of it is in the app's code, and the developer's own page on localhost never gets it.
"""

import asyncio
from dataclasses import dataclass, field
from importlib.resources import files

from aiohttp import web

from rtstart.adapters.gateway import answers
from rtstart.adapters.gateway.answers import Reply
from rtstart.adapters.gateway.arrived import Arrived
from rtstart.adapters.gateway.desk import Desk
from rtstart.core.access import Visitor
from rtstart.core.notices import Moved, Notice, notice_text

SCRIPT_PATH = "/.rtstart/page.js"
SOCKET_PATH = "/.rtstart/page"
TAIL = b'<script src="/.rtstart/page.js" defer></script>\n'
"""What is put behind the last byte of a page, where browsers still read it as its body."""

_PAGES_AT_ONCE = 256
_HEARTBEAT_S = 20.0
"""Tunnels drop sockets on which nothing is said; none is known to do so within this time."""


@dataclass(eq=False, slots=True)
class _Page:
    """One open page. What is put into `told` is sent to it; None cuts it off."""

    name: str
    origin: str
    told: "asyncio.Queue[str | None]" = field(default_factory=asyncio.Queue)

    def cut(self) -> None:
        """Its visitor is put out."""
        self.told.put_nowait(None)


class OpenPages:
    """Knows the open pages, and tells them."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._pages: set[_Page] = set()
        self._script = files("rtstart.adapters.gateway").joinpath("page.js").read_bytes()

    def script(self) -> Reply:
        """The script that pages get."""
        kind = (b"Content-Type", b"text/javascript; charset=utf-8")
        reply = answers.plain(200, "")
        return Reply(200, [kind, *reply.headers[1:]], self._script)

    def tell(self, notice: Notice) -> None:
        """Tell every page."""
        for page in self._pages:
            page.told.put_nowait(notice_text(notice))

    def tell_moved(self, origin: str) -> None:
        """Tell the pages of other addresses where the app is now, each with a way in of its own."""
        for page in self._pages:
            if page.origin != origin:
                url = origin
                if not self._desk.settings.is_open:
                    url = self._desk.invite(page.name).url_at(origin)
                page.told.put_nowait(notice_text(Moved(url)))

    async def answer(self, arrived: Arrived, visitor: Visitor | None) -> web.StreamResponse | None:
        """Serve one page's socket to its end; None when there are too many."""
        if len(self._pages) >= _PAGES_AT_ONCE:
            return None
        identifier, name = arrived.who(visitor)
        page = _Page(name, str(arrived.arrival.origin))
        socket = web.WebSocketResponse(
            max_msg_size=1024, compress=False, timeout=2.0, heartbeat=_HEARTBEAT_S
        )
        await socket.prepare(arrived.request)
        with self._desk.holding(identifier, page):
            self._pages.add(page)
            try:
                await _serve(socket, page)
            finally:
                self._pages.discard(page)
        await socket.close(code=1000)
        return socket


async def _serve(socket: web.WebSocketResponse, page: _Page) -> None:
    """Send what is told until the page goes or is cut off. Pages have nothing to say."""
    hearing = asyncio.ensure_future(socket.receive())
    telling = asyncio.ensure_future(page.told.get())
    try:
        while True:
            await asyncio.wait({hearing, telling}, return_when=asyncio.FIRST_COMPLETED)
            if hearing.done():
                return
            words = telling.result()
            if words is None:
                return
            await socket.send_str(words)
            telling = asyncio.ensure_future(page.told.get())
    finally:
        for task in (hearing, telling):
            task.cancel()
        await asyncio.gather(hearing, telling, return_exceptions=True)
