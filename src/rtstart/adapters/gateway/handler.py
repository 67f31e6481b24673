"""One request from its head to its answer: the order of the questions is the gateway's policy."""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from itertools import chain
from urllib.parse import parse_qs

from aiohttp import HttpVersion10, HttpVersion11, web

from rtstart.adapters.gateway import answers, probes
from rtstart.adapters.gateway.answers import Reply
from rtstart.adapters.gateway.arrived import Arrived, asked_of
from rtstart.adapters.gateway.connection import CLOSED, Connection
from rtstart.adapters.gateway.desk import Desk
from rtstart.adapters.gateway.doors import Doors
from rtstart.adapters.gateway.hooks import Hooks
from rtstart.adapters.gateway.minting import Minting
from rtstart.adapters.gateway.own import OwnPaths
from rtstart.adapters.gateway.pages import TAIL, OpenPages
from rtstart.adapters.gateway.proxy import (
    BodyTooLarge,
    BodyTooSlow,
    Passage,
    Splice,
    pass_request,
    pass_upgrade,
)
from rtstart.adapters.gateway.settings import Bounds
from rtstart.adapters.gateway.upstreams import UpstreamBroken, UpstreamDown, Wires
from rtstart.core.access import Visitor
from rtstart.core.forwarding import AnswerPolicy, Arrival, client_address
from rtstart.core.gate import (
    ForeignOrigin,
    NotInvited,
    Passed,
    WrongHost,
    judge,
    place,
    told_origin,
)
from rtstart.core.routes import (
    BadPath,
    RequestPath,
    RouteTable,
    Upstream,
    is_private,
    is_same_path,
    parse_target,
)

_METHODS_REFUSED = frozenset({"CONNECT", "TRACE", "TRACK"})
_VERSIONS = (HttpVersion10, HttpVersion11)


class Handler:
    """Answers every request of every listener of one gateway."""

    def __init__(self, desk: Desk) -> None:
        settings = desk.settings
        self._desk = desk
        self._routes = {
            "local": RouteTable(settings.upstreams, settings.routes, default=settings.default),
            "public": RouteTable(
                settings.upstreams, settings.routes, default=settings.shown or settings.default
            ),
        }
        self._wires = {upstream.name: Wires(upstream) for upstream in settings.upstreams}
        self._doors = Doors(desk)
        self.pages = OpenPages(desk)
        self._own = OwnPaths(desk, self._doors, self._wires, self.pages)
        self._minting = Minting(desk)
        self._hooks = Hooks(desk)

    def close(self) -> None:
        """Close idle connections to the upstreams."""
        for wires in self._wires.values():
            wires.close()

    async def __call__(
        self, connection: Connection, request: web.BaseRequest
    ) -> web.StreamResponse:
        """Answer one request."""
        placed = self._place(connection, request)
        if isinstance(placed, Reply):
            return await answers.write(connection, request, placed)
        if placed.path.raw.startswith(probes.PREFIX):
            return await self._own.answer(placed)
        code = self._doors.code_in(placed.path, placed.arrival.client)
        if code is not None and not placed.is_local:
            return await self._doors.answer(placed, code)
        return await self._judge(placed)

    def _place(self, connection: Connection, request: web.BaseRequest) -> Arrived | Reply:
        """Read the request and find out under which name it came; else why it goes no further."""
        refused = _bad_form(request, self._desk.settings.bounds)
        if refused is not None:
            return refused
        path = parse_target(request.raw_path)
        if isinstance(path, BadPath):
            return _bad_path(path)
        asked = asked_of(request)
        peer = str(connection.peername[0]) if isinstance(connection.peername, tuple) else ""
        origin = place(
            asked,
            listener=connection.kind,
            scheme="https" if connection.ssl_context else "http",
            public_origins=self._desk.origins,
        )
        if isinstance(origin, WrongHost):
            self._desk.refuse(f"host {origin.why}", peer)
            return _wrong_host(origin)
        client = client_address(
            request.raw_headers,
            peer=peer,
            told_by=self._desk.client_headers.get(origin, "")
            if connection.is_behind_tunnel
            else "",
        )
        told = told_origin(asked, origin)
        arrival = Arrival(origin, client, connection.kind, is_rewritten=told != asked.origin)
        asked = replace(asked, origin=told)
        return Arrived(connection, request, asked, path, arrival)

    async def _judge(self, arrived: Arrived) -> web.StreamResponse:
        hook = self._hooks.key_for(arrived.path)
        visitor = self._doors.visitor(arrived)
        judgement = judge(
            arrived.asked,
            listener=arrived.connection.kind,
            arrived=arrived.arrival.origin,
            visitor=visitor,
            is_open=self._desk.settings.is_open or hook is not None,
        )
        match judgement:
            case NotInvited():
                self._desk.refuse("not invited", arrived.arrival.client)
                reply = self._how_to_get_in(arrived)
            case ForeignOrigin(origin):
                self._desk.refuse("socket of another site", arrived.arrival.client)
                words = f"A page of another site ({origin or 'unnamed'}) may not open sockets here."
                reply = answers.problem(403, "foreign_origin", words)
            case Passed():
                return await self._route(arrived, visitor, hook)
        return await answers.write(arrived.connection, arrived.request, reply)

    def _how_to_get_in(self, arrived: Arrived) -> Reply:
        if answers.wants_page(arrived.request):
            return answers.how_to_get_in_page(self._desk.settings.project)
        words = "This app is private: open its invitation link first."
        return answers.problem(401, "not_invited", words)

    async def _route(
        self, arrived: Arrived, visitor: Visitor | None, hook: bytes | None
    ) -> web.StreamResponse:
        connection, request, path = arrived.connection, arrived.request, arrived.path
        upstream = self._routes[arrived.connection.kind].find(path)
        if isinstance(upstream, BadPath):
            return await answers.write(connection, request, _bad_path(upstream))
        if not arrived.is_local and is_private(path, upstream.framework):
            self._desk.refuse("private path", arrived.arrival.client)
            reply = answers.plain(404, "This is not shown to visitors.\n")
            return await answers.write(connection, request, reply)
        passage = self._passage(arrived, upstream)
        try:
            if hook is not None:
                return await self._hooks.answer(arrived, passage, hook)
            if any(is_same_path(path, mint) for mint in self._desk.settings.mint_paths):
                return await self._minting.answer(arrived, passage, visitor)
            if arrived.asked.is_upgrade:
                return await self._upgrade(arrived, passage, visitor)
            return await self._pass(arrived, passage, visitor)
        except (UpstreamDown, UpstreamBroken, BodyTooLarge, BodyTooSlow) as error:
            return await answers.write(connection, request, self._failed(arrived, passage, error))

    def _passage(self, arrived: Arrived, upstream: Upstream) -> Passage:
        return Passage(
            upstream=upstream,
            wires=self._wires[upstream.name],
            path=arrived.path,
            arrival=arrived.arrival,
            policy=AnswerPolicy(frames_refused=not arrived.is_local),
            body_limit=self._desk.settings.bounds.body_bytes,
            tail=b"" if arrived.is_local or not _is_visit(arrived) else TAIL,
        )

    async def _pass(
        self, arrived: Arrived, passage: Passage, visitor: Visitor | None
    ) -> web.StreamResponse:
        identifier, _ = arrived.who(visitor)
        with self._desk.serving(identifier, arrived.connection):
            passed = await pass_request(
                arrived.connection, arrived.request, passage, self._desk.settings.bounds
            )
        if passed.status == 201 and _is_offer(arrived.path):
            # The answer to an SDP offer: its address ends with the id of the new call.
            told = {name.lower(): value for name, value in passed.headers}
            call_id = told.get(b"location", b"").rpartition(b"/")[2].decode("ascii", "replace")
            self._desk.call_started(call_id, identifier)
        return passed.written

    def _failed(self, arrived: Arrived, passage: Passage, error: Exception) -> Reply:
        name = passage.upstream.name
        if isinstance(error, BodyTooLarge):
            return answers.problem(413, "body_too_large", "The request's body is too large.")
        if isinstance(error, BodyTooSlow):
            return answers.problem(408, "body_too_slow", "The request's body did not come.")
        if isinstance(error, UpstreamBroken):
            words = f"The service '{name}' answered with something that is not HTTP."
            return answers.problem(502, "upstream_broken", words)
        if answers.wants_page(arrived.request):
            return answers.down_page(self._desk.settings.project, name)
        words = f"The service '{name}' does not answer yet. Its output says why."
        return answers.problem(503, "upstream_down", words, headers=[(b"Retry-After", b"1")])

    async def _upgrade(
        self, arrived: Arrived, passage: Passage, visitor: Visitor | None
    ) -> web.StreamResponse:
        identifier, _ = arrived.who(visitor)
        bounds = self._desk.settings.bounds
        if self._desk.open_sockets(identifier) >= bounds.sockets_per_visitor:
            reply = answers.problem(429, "too_many_sockets", "Too many sockets are open already.")
            return await answers.write(arrived.connection, arrived.request, reply)
        written, splice = await pass_upgrade(arrived.connection, arrived.request, passage, bounds)
        if splice is not None:
            try:
                with self._desk.holding(identifier, splice), self._calling(arrived, splice):
                    await splice.until_ended()
            finally:
                splice.close()
        return written or CLOSED

    def _calling(self, arrived: Arrived, splice: Splice) -> AbstractContextManager[None]:
        """A session over WebSocket that passes here is a call; a sideband belongs to another."""
        query = parse_qs(arrived.path.query or "")
        if not _is_session(arrived.path) or "call_id" in query:
            return nullcontext()
        identifier, _ = arrived.who(self._doors.visitor(arrived))
        return self._desk.carrying(identifier, splice, model=query.get("model", [""])[0])


def _bad_form(request: web.BaseRequest, bounds: Bounds) -> Reply | None:
    """Refuse what no honest client sends, and close: what follows on the wire is not trusted."""
    if request.method in _METHODS_REFUSED:
        return answers.last(
            answers.problem(405, "method_not_allowed", "This method is not used here.")
        )
    if request.version not in _VERSIONS:
        return answers.last(answers.plain(505, "This gateway speaks HTTP/1.1.\n"))
    coding = request.headers.getall("Transfer-Encoding", ())
    if coding and [one.strip().lower() for one in coding] != ["chunked"]:
        # The coding ends here, so one that cannot be undone here must not pass as if it were.
        return answers.last(answers.plain(501, "The only transfer coding here is chunked.\n"))
    if sum(map(len, chain.from_iterable(request.raw_headers))) > bounds.header_bytes:
        return answers.last(answers.plain(431, "The headers of this request are too large.\n"))
    return None


def _is_visit(arrived: Arrived) -> bool:
    """Whether a person's browser opens a page in a window of its own."""
    request = arrived.request
    return request.method == "GET" and request.headers.get("Sec-Fetch-Dest") == "document"


def _is_session(path: RequestPath) -> bool:
    return path.segments[-1:] == ("realtime",)


def _is_offer(path: RequestPath) -> bool:
    return path.segments[-2:] == ("realtime", "calls")


def _bad_path(path: BadPath) -> Reply:
    words = f"This address is refused: {path.why}."
    return answers.last(answers.problem(400, "bad_path", words))


def _wrong_host(wrong: WrongHost) -> Reply:
    match wrong.why:
        case "forwarded":
            words = (
                "A tunnel or proxy points at the port that is meant for this machine only. Point "
                "it at the gateway's public port, which rtstart shows, or use --tunnel."
            )
        case "foreign":
            words = f"Nothing is served here under the name {wrong.host}."
        case _:
            return answers.last(answers.plain(400, "The Host header cannot be read.\n"))
    return answers.last(answers.wrong_host_page(words))
