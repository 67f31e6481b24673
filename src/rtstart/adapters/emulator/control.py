"""The control routes under `/.rtstart`: faults on and off while an emulator runs.

They take JSON only, which a page of another origin cannot send without asking first, and nobody
answers that question here.
"""

from collections.abc import Mapping
from dataclasses import asdict

from aiohttp import web

from rtstart.core.reading import Reader
from rtstart.core.realtime.faults import FaultBoard, read_fault


class Control:
    """Serves the control routes around one board."""

    def __init__(self, board: FaultBoard) -> None:
        self._board = board

    def add_to(self, app: web.Application) -> None:
        """Put the routes into an application."""
        app.router.add_get("/.rtstart/faults", self._list)
        app.router.add_post("/.rtstart/faults", self._add)
        app.router.add_delete("/.rtstart/faults", self._clear)
        app.router.add_delete("/.rtstart/faults/{name}", self._remove)

    def _all(self) -> web.Response:
        return web.json_response({"faults": [asdict(rule) for rule in self._board.rules]})

    async def _list(self, request: web.Request) -> web.Response:
        del request
        return self._all()

    async def _add(self, request: web.Request) -> web.Response:
        if request.content_type != "application/json":
            return _wrong("send the fault as application/json")
        try:
            table = await request.json()
        except ValueError as error:
            return _wrong(f"this is no JSON: {error}")
        if not isinstance(table, Mapping):
            return _wrong('a fault is an object such as {"name": "drop", "at": "5s"}')
        words: list[str] = []
        rule = read_fault(Reader(table, (), []), words)
        if words:
            return _wrong("; ".join(words))
        self._board.add(rule)
        return self._all()

    async def _remove(self, request: web.Request) -> web.Response:
        self._board.remove(request.match_info["name"])
        return self._all()

    async def _clear(self, request: web.Request) -> web.Response:
        del request
        self._board.clear()
        return self._all()


def _wrong(words: str) -> web.Response:
    return web.json_response({"error": {"message": words}}, status=400)
