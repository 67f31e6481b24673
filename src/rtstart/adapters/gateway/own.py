"""The gateway's own paths below `/.rtstart/`: probes, the authority, a typed code, calls."""

import asyncio
import json
from collections.abc import Mapping
from urllib.parse import parse_qs

from aiohttp import web

from rtstart.adapters.gateway import answers, pages, probes
from rtstart.adapters.gateway.answers import Reply
from rtstart.adapters.gateway.arrived import Arrived
from rtstart.adapters.gateway.desk import Desk
from rtstart.adapters.gateway.doors import Doors
from rtstart.adapters.gateway.pages import OpenPages
from rtstart.adapters.gateway.proxy import BodyTooLarge, BodyTooSlow, read_body
from rtstart.adapters.gateway.upstreams import Wires
from rtstart.core.access import INVITATION_PATH, read_code
from rtstart.core.calls import CALLS_PATH
from rtstart.core.gate import is_from_own_page
from rtstart.core.trust import AUTHORITY_URL_PATH

_CALL_BODY_BYTES = 4096
_BODIES_AT_ONCE = 4


class OwnPaths:
    """Answers everything below `/.rtstart/`."""

    def __init__(
        self, desk: Desk, doors: Doors, wires: Mapping[str, Wires], open_pages: OpenPages
    ) -> None:
        self._desk = desk
        self._pages = open_pages
        self._doors = doors
        self._wires = wires
        self._echo = probes.Echo()
        self._stream = probes.Stream()
        self._bodies = asyncio.Semaphore(_BODIES_AT_ONCE)

    async def answer(self, arrived: Arrived) -> web.StreamResponse:
        """Answer one request."""
        if arrived.path.raw == probes.ECHO_PATH and arrived.asked.is_upgrade:
            response = await self._echo.answer(arrived.request)
            if response is not None:
                return response
            reply = answers.plain(503, "Too many echoes at once.\n")
        elif arrived.path.raw == probes.STREAM_PATH and arrived.request.method == "GET":
            response = await self._stream.answer(arrived.request)
            if response is not None:
                return response
            reply = answers.plain(503, "Too many streams at once.\n")
        elif arrived.path.raw == pages.SOCKET_PATH:
            answered = await self._page(arrived)
            if not isinstance(answered, Reply):
                return answered
            reply = answered
        else:
            reply = await self._reply(arrived)
        return await answers.write(arrived.connection, arrived.request, reply)

    async def _reply(self, arrived: Arrived) -> Reply:
        path = arrived.path.raw
        if path == probes.NONCE_PATH:
            return answers.plain(200, self._desk.nonce)
        if path == AUTHORITY_URL_PATH and self._desk.authority:
            kind = (b"Content-Type", b"application/x-x509-ca-cert")
            return Reply(200, [kind], self._desk.authority)
        if path == pages.SCRIPT_PATH:
            return self._pages.script()
        if path == probes.ECHO_PATH:
            # Whoever asked for an upgrade learns that somebody on the way took it out.
            return answers.plain(426, "This is for WebSockets.\n")
        if path == probes.BODY_PATH and arrived.request.method == "POST":
            return await self._count_body(arrived)
        if path == answers.ENTER_PATH:
            return self._enter(arrived)
        if path == CALLS_PATH:
            return await self._call(arrived)
        if path.startswith(probes.UP_PATH):
            return await self._is_up(arrived, path.removeprefix(probes.UP_PATH))
        return answers.plain(404, "There is nothing here.\n")

    async def _page(self, arrived: Arrived) -> web.StreamResponse | Reply:
        """A page's socket, for whoever was let in and comes from the app's own page."""
        if not self._may_know(arrived):
            return answers.problem(401, "not_invited", "Open the invitation link first.")
        if not arrived.asked.is_upgrade:
            return answers.plain(426, "This is for WebSockets.\n")
        if is_from_own_page(arrived.asked, arrived.arrival.origin) is not True:
            return answers.problem(403, "foreign_origin", "Only the app's own page may ask this.")
        visitor = self._doors.visitor(arrived)
        response = await self._pages.answer(arrived, visitor)
        return response or answers.plain(503, "Too many pages at once.\n")

    async def _count_body(self, arrived: Arrived) -> Reply:
        try:
            async with self._bodies:
                body = await read_body(arrived.request, limit=probes.BODY_BYTES, within_s=60.0)
        except (BodyTooLarge, BodyTooSlow):
            return answers.plain(413, "That is too much.\n")
        return answers.plain(200, f"{len(body)}\n")

    def _enter(self, arrived: Arrived) -> Reply:
        typed = parse_qs(arrived.path.query or "").get("code", [""])[0]
        code = read_code(typed)
        if code is None:
            return answers.refused_page(self._desk.settings.project, "unknown")
        return answers.nothing(303, headers=[(b"Location", f"{INVITATION_PATH}{code}".encode())])

    async def _is_up(self, arrived: Arrived, name: str) -> Reply:
        wires = self._wires.get(name)
        if wires is None or not self._may_know(arrived):
            return answers.plain(404, "There is nothing here.\n")
        return answers.nothing(204) if await wires.is_up() else answers.nothing(503)

    def _may_know(self, arrived: Arrived) -> bool:
        is_open = arrived.is_local or self._desk.settings.is_open
        return is_open or self._doors.visitor(arrived) is not None

    async def _call(self, arrived: Arrived) -> Reply:
        """A page tells of a call of its own: `{"call_id": "rtc_…", "state": "started"}`."""
        own_page = is_from_own_page(arrived.asked, arrived.arrival.origin)
        if arrived.request.method != "POST":
            return answers.problem(
                405, "method_not_allowed", "Post a call.", headers=[(b"Allow", b"POST")]
            )
        if not self._may_know(arrived):
            return answers.problem(401, "not_invited", "Open the invitation link first.")
        if own_page is False or (own_page is None and not arrived.is_local):
            return answers.problem(403, "foreign_origin", "Only the app's own page may say this.")
        try:
            body = await read_body(arrived.request, limit=_CALL_BODY_BYTES, within_s=10.0)
            told = json.loads(body)
        except (BodyTooLarge, BodyTooSlow, ValueError):
            told = None
        identifier, _ = arrived.who(self._doors.visitor(arrived))
        match told:
            case {"call_id": str(call_id), "state": "started"} if arrived.is_local:
                self._desk.call_started(call_id, identifier)
            case {"call_id": str(call_id), "state": "started"}:
                if not self._desk.call_told(call_id, identifier):
                    words = "This page tells of more calls than it was given secrets for."
                    return answers.problem(429, "too_many_calls", words)
            case {"call_id": str(call_id), "state": "ended"}:
                self._desk.call_left(call_id, identifier)
            case _:
                return answers.problem(400, "bad_call", "Say a call_id and a state.")
        return answers.nothing(204)
