"""One request from its head to its answer: the order of the questions is the gateway's policy."""

import json
from dataclasses import dataclass
from http import HTTPStatus

from aiohttp import web

from rtstart.adapters.gateway import answers, probes
from rtstart.adapters.gateway.answers import Reply
from rtstart.adapters.gateway.connection import CLOSED, Connection
from rtstart.adapters.gateway.desk import Desk
from rtstart.adapters.gateway.proxy import (
    BodyTooLarge,
    BodyTooSlow,
    Passage,
    pass_request,
    pass_upgrade,
)
from rtstart.adapters.gateway.upstreams import UpstreamBroken, UpstreamDown, Wires
from rtstart.core.access import (
    INVITATION_PATH,
    Admitted,
    Visitor,
    device_words,
    read_code,
)
from rtstart.core.events import Minted
from rtstart.core.forwarding import (
    COOKIE_NAME,
    AnswerPolicy,
    Arrival,
    client_address,
    cookie_values,
)
from rtstart.core.gate import (
    FORWARDING_HEADERS,
    Asked,
    ForeignOrigin,
    NotInvited,
    Passed,
    WrongHost,
    is_from_own_page,
    judge,
    place,
)
from rtstart.core.mint_guard import MintAllowed, MintAsked, MintRefused
from rtstart.core.routes import (
    BadPath,
    RequestPath,
    RouteTable,
    is_private,
    is_same_path,
    parse_target,
)
from rtstart.core.trust import AUTHORITY_URL_PATH

_DEVELOPER = "developer"
_GUEST = "guest"
_METHODS_REFUSED = frozenset({"CONNECT", "TRACE", "TRACK"})


@dataclass(frozen=True, slots=True)
class _Arrived:
    """A request whose place is known."""

    connection: Connection
    request: web.BaseRequest
    asked: Asked
    path: RequestPath
    arrival: Arrival

    @property
    def is_local(self) -> bool:
        return self.connection.kind == "local"


class Handler:
    """Answers every request of every listener of one gateway."""

    def __init__(self, desk: Desk) -> None:
        settings = desk.settings
        self._desk = desk
        self._routes = RouteTable(settings.upstreams, settings.routes, default=settings.default)
        self._wires = {upstream.name: Wires(upstream) for upstream in settings.upstreams}
        self._echo = probes.Echo()

    def close(self) -> None:
        """Close idle connections to the upstreams."""
        for wires in self._wires.values():
            wires.close()

    async def __call__(
        self, connection: Connection, request: web.BaseRequest
    ) -> web.StreamResponse:
        """Answer one request."""
        reply = self._bad_form(request)
        if reply is not None:
            return await answers.write(connection, request, reply)
        asked = _asked(request)
        path = parse_target(request.raw_path)
        if isinstance(path, BadPath):
            return await answers.write(connection, request, _bad_path(path))
        peer = connection.peername
        client = client_address(
            request.raw_headers,
            peer=str(peer[0]) if isinstance(peer, tuple) else "",
            behind_tunnel=connection.is_behind_tunnel,
        )
        origin = place(
            asked,
            listener=connection.kind,
            scheme="https" if connection.ssl_context else "http",
            public_origins=self._desk.origins,
        )
        if isinstance(origin, WrongHost):
            self._desk.refuse(f"host {origin.why}", client)
            return await answers.write(connection, request, _wrong_host(origin))
        arrival = Arrival(origin, client, connection.kind)
        return await self._answer(_Arrived(connection, request, asked, path, arrival))

    def _bad_form(self, request: web.BaseRequest) -> Reply | None:
        if request.method in _METHODS_REFUSED:
            return answers.problem(405, "method_not_allowed", "This method is not used here.")
        size = sum(len(name) + len(value) for name, value in request.raw_headers)
        if size > self._desk.settings.bounds.header_bytes:
            return answers.plain(431, "The headers of this request are too large.\n")
        return None

    async def _answer(self, arrived: _Arrived) -> web.StreamResponse:
        connection, request, path = arrived.connection, arrived.request, arrived.path
        if path.raw.startswith(probes.PREFIX):
            return await self._own_path(arrived)
        code = _code_in(path)
        if code is not None and not arrived.is_local:
            return await answers.write(connection, request, self._invitation(arrived, code))
        visitor = self._visitor(arrived)
        match judge(
            arrived.asked,
            listener=connection.kind,
            arrived=arrived.arrival.origin,
            visitor=visitor,
            is_open=self._desk.settings.is_open,
        ):
            case NotInvited():
                return await self._not_invited(arrived)
            case ForeignOrigin(origin):
                self._desk.refuse("socket of another site", arrived.arrival.client)
                words = (
                    f"A page of another site ({origin or 'unnamed'}) may not open a socket here."
                )
                reply = answers.problem(403, "foreign_origin", words)
                return await answers.write(connection, request, reply)
            case Passed(visitor):
                return await self._pass(arrived, visitor)

    def _visitor(self, arrived: _Arrived) -> Visitor | None:
        if arrived.is_local:
            return None
        return self._desk.book.visitor_of(
            cookie_values(arrived.request.raw_headers), now=self._desk.clock()
        )

    async def _not_invited(self, arrived: _Arrived) -> web.StreamResponse:
        self._desk.refuse("not invited", arrived.arrival.client)
        if answers.wants_page(arrived.request):
            reply = answers.how_to_get_in_page(self._desk.settings.project)
        else:
            words = "This app is private: open its invitation link first."
            reply = answers.problem(401, "not_invited", words)
        return await answers.write(arrived.connection, arrived.request, reply)

    def _invitation(self, arrived: _Arrived, code: str) -> Reply:
        request, client = arrived.request, arrived.arrival.client
        project = self._desk.settings.project
        if request.method in ("GET", "HEAD"):
            refused = self._desk.book.look_at(code, now=self._desk.clock(), client=client)
            if refused is None:
                return answers.confirm_page(project, code)
            return answers.refused_page(project, refused.why, retry_after_s=refused.retry_after_s)
        if request.method != "POST":
            return answers.problem(
                405, "method_not_allowed", "Post to come in.", headers=[(b"Allow", b"GET, POST")]
            )
        if is_from_own_page(arrived.asked, arrived.arrival.origin) is False:
            return answers.problem(403, "foreign_origin", "Open the invitation link itself.")
        spent = self._desk.spend(
            code, client=client, device=device_words(request.headers.get("User-Agent", ""))
        )
        if isinstance(spent, Admitted):
            return self._welcome(spent)
        return answers.refused_page(project, spent.why, retry_after_s=spent.retry_after_s)

    def _welcome(self, admitted: Admitted) -> Reply:
        age = int(self._desk.settings.access.visitor_lifetime_s)
        cookie = (
            f"{COOKIE_NAME}={admitted.cookie}; Path=/; Max-Age={age}; HttpOnly; Secure; "
            "SameSite=Lax"
        )
        return answers.nothing(
            303,
            headers=[
                (b"Location", b"/"),
                (b"Set-Cookie", cookie.encode()),
                # The next request must not carry the invitation's path as its Referer.
                (b"Referrer-Policy", b"no-referrer"),
            ],
        )

    async def _own_path(self, arrived: _Arrived) -> web.StreamResponse:
        connection, request, path = arrived.connection, arrived.request, arrived.path
        if path.raw == probes.NONCE_PATH:
            reply = answers.plain(200, self._desk.nonce)
        elif path.raw == probes.ECHO_PATH and arrived.asked.is_upgrade:
            response = await self._echo.answer(request)
            if response is not None:
                return response
            reply = answers.plain(503, "Too many echoes at once.\n")
        elif path.raw == AUTHORITY_URL_PATH and self._desk.authority:
            kind = (b"Content-Type", b"application/x-x509-ca-cert")
            reply = Reply(200, [kind], self._desk.authority)
        elif path.raw.startswith(probes.UP_PATH):
            reply = await self._is_up(arrived, path.raw.removeprefix(probes.UP_PATH))
        else:
            reply = answers.plain(404, "There is nothing here.\n")
        return await answers.write(connection, request, reply)

    async def _is_up(self, arrived: _Arrived, name: str) -> Reply:
        wires = self._wires.get(name)
        may_know = arrived.is_local or self._desk.settings.is_open or self._visitor(arrived)
        if wires is None or not may_know:
            return answers.plain(404, "There is nothing here.\n")
        return answers.nothing(204) if await wires.is_up() else answers.nothing(503)

    async def _pass(self, arrived: _Arrived, visitor: Visitor | None) -> web.StreamResponse:
        connection, request, path = arrived.connection, arrived.request, arrived.path
        upstream = self._routes.find(path)
        if isinstance(upstream, BadPath):
            return await answers.write(connection, request, _bad_path(upstream))
        if not arrived.is_local and is_private(path, upstream.framework):
            self._desk.refuse("private path", arrived.arrival.client)
            return await answers.write(
                connection, request, answers.plain(404, "This is not shown to visitors.\n")
            )
        passage = Passage(
            upstream=upstream,
            wires=self._wires[upstream.name],
            path=path,
            arrival=arrived.arrival,
            policy=AnswerPolicy(frames_refused=not arrived.is_local),
            body_limit=self._desk.settings.bounds.body_bytes,
        )
        try:
            if arrived.asked.is_upgrade:
                return await self._upgrade(arrived, passage, visitor)
            if any(is_same_path(path, mint) for mint in self._desk.settings.mint_paths):
                return await self._mint(arrived, passage, visitor)
            written, _ = await pass_request(
                connection, request, passage, self._desk.settings.bounds
            )
        except (UpstreamDown, UpstreamBroken, BodyTooLarge, BodyTooSlow) as error:
            return await answers.write(connection, request, self._failed(arrived, passage, error))
        return written

    def _failed(self, arrived: _Arrived, passage: Passage, error: Exception) -> Reply:
        name = passage.upstream.name
        match error:
            case BodyTooLarge():
                return answers.problem(
                    413, "body_too_large", "The body of this request is too large."
                )
            case BodyTooSlow():
                return answers.problem(
                    408, "body_too_slow", "The body of this request did not come."
                )
            case UpstreamBroken():
                words = f"The service '{name}' answered with something that is not HTTP."
                return answers.problem(502, "upstream_broken", words)
            case _ if answers.wants_page(arrived.request):
                return answers.down_page(self._desk.settings.project, name)
            case _:
                return answers.problem(
                    503,
                    "upstream_down",
                    f"The service '{name}' does not answer yet. Its output says why.",
                    headers=[(b"Retry-After", b"1")],
                )

    async def _upgrade(
        self, arrived: _Arrived, passage: Passage, visitor: Visitor | None
    ) -> web.StreamResponse:
        who = visitor.id if visitor else (_DEVELOPER if arrived.is_local else _GUEST)
        connection, request = arrived.connection, arrived.request
        if self._desk.open_sockets(who) >= self._desk.settings.bounds.sockets_per_visitor:
            reply = answers.problem(429, "too_many_sockets", "Too many sockets are open already.")
            return await answers.write(connection, request, reply)
        written, splice = await pass_upgrade(
            connection, request, passage, self._desk.settings.bounds
        )
        if splice is not None:
            try:
                with self._desk.holding(who, splice):
                    await splice.until_ended()
            finally:
                splice.close()
        return written or CLOSED

    async def _mint(
        self, arrived: _Arrived, passage: Passage, visitor: Visitor | None
    ) -> web.StreamResponse:
        desk, request = self._desk, arrived.request
        who = visitor.id if visitor else (_DEVELOPER if arrived.is_local else _GUEST)
        name = visitor.name if visitor else who
        started = desk.clock()
        decision = desk.guard.decide(
            MintAsked(
                visitor=who,
                method=request.method,
                content_type=request.headers.get("Content-Type", ""),
                from_own_page=is_from_own_page(arrived.asked, arrived.arrival.origin),
                is_local=arrived.is_local,
                body_bytes=request.content_length,
            ),
            now=started,
        )
        if isinstance(decision, MintRefused):
            desk.emit(Minted(name, decision.status, 0.0, decision.code))
            return await answers.write(arrived.connection, request, _mint_refused(decision))
        return await self._minted(arrived, passage, decision, name=name, started=started)

    async def _minted(
        self,
        arrived: _Arrived,
        passage: Passage,
        allowed: MintAllowed,
        *,
        name: str,
        started: float,
    ) -> web.StreamResponse:
        desk = self._desk
        guarded = Passage(
            upstream=passage.upstream,
            wires=passage.wires,
            path=passage.path,
            arrival=passage.arrival,
            policy=AnswerPolicy(frames_refused=not arrived.is_local, not_stored=True),
            body_limit=desk.settings.limits.body_bytes,
            visitor=desk.book.safety_identifier(allowed.visitor),
        )
        status = int(HTTPStatus.SERVICE_UNAVAILABLE)
        try:
            written, status = await pass_request(
                arrived.connection, arrived.request, guarded, desk.settings.bounds
            )
        finally:
            desk.guard.answered(allowed, status=status)
            milliseconds = (desk.clock() - started) * 1000
            desk.emit(Minted(name, status, round(milliseconds, 1)))
        return written


def _asked(request: web.BaseRequest) -> Asked:
    headers = request.headers
    return Asked(
        method=request.method,
        hosts=tuple(headers.getall("Host", ())),
        origin=headers.get("Origin"),
        fetch_site=headers.get("Sec-Fetch-Site"),
        is_upgrade=request.method == "GET" and headers.get("Upgrade", "").lower() == "websocket",
        is_forwarded=any(name.lower() in FORWARDING_HEADERS for name, _ in request.raw_headers),
    )


def _code_in(path: RequestPath) -> str | None:
    """The code of an invitation's path; other paths below `/i/` are the app's."""
    if not path.raw.startswith(INVITATION_PATH):
        return None
    return read_code(path.raw.removeprefix(INVITATION_PATH))


def _bad_path(path: BadPath) -> Reply:
    return answers.problem(400, "bad_path", f"This address is refused: {path.why}.")


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
            return answers.plain(400, "The Host header is missing or cannot be read.\n")
    return answers.wrong_host_page(words)


def _mint_refused(refused: MintRefused) -> Reply:
    headers = []
    if refused.retry_after_s:
        headers.append((b"Retry-After", str(refused.retry_after_s).encode()))
    if refused.status == HTTPStatus.METHOD_NOT_ALLOWED:
        headers.append((b"Allow", b"POST"))
    body = answers.problem(refused.status, refused.code, refused.words, headers=headers)
    if not refused.retry_after_s:
        return body
    payload = json.loads(body.body)
    payload["error"]["retry_after"] = refused.retry_after_s
    return Reply(body.status, body.headers, json.dumps(payload).encode() + b"\n")
