"""Coming in: the pages of an invitation, and who bears a cookie or a token."""

from aiohttp import web

from rtstart.adapters.gateway import answers
from rtstart.adapters.gateway.answers import Reply
from rtstart.adapters.gateway.arrived import Arrived
from rtstart.adapters.gateway.desk import Desk
from rtstart.core.access import INVITATION_PATH, Admitted, Visitor, device_words, read_code
from rtstart.core.forwarding import COOKIE_NAME, cookie_values
from rtstart.core.gate import is_from_own_page
from rtstart.core.routes import RequestPath

TOKEN_HEADER = "X-Rtstart-Token"  # noqa: S105 (a header's name)
"""Carries the standing invite token, for programs that keep no cookies."""


class Doors:
    """Lets people in, and knows them again."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def visitor(self, arrived: Arrived) -> Visitor | None:
        """Who asks, by cookie or by token; None for a stranger and for the developer."""
        if arrived.is_local:
            return None
        now = self._desk.clock()
        token = arrived.request.headers.get(TOKEN_HEADER)
        if token is not None and self._is_token(token, arrived.arrival.client):
            return self._desk.book.bearer(now=now)
        return self._desk.book.visitor_of(cookie_values(arrived.request.raw_headers), now=now)

    def _is_token(self, given: str, client: str) -> bool:
        token = given.encode("utf-8", "surrogateescape")
        return self._desk.book.bears_token(token, now=self._desk.clock(), client=client)

    def code_in(self, path: RequestPath, client: str) -> str | None:
        """The code of an invitation's path; other paths below `/i/` are the app's."""
        if not path.raw.startswith(INVITATION_PATH):
            return None
        typed = path.raw.removeprefix(INVITATION_PATH)
        return typed if self._is_token(typed, client) else read_code(typed)

    async def answer(self, arrived: Arrived, code: str) -> web.StreamResponse:
        """Answer a request for an invitation's page, or let its bearer in."""
        return await answers.write(arrived.connection, arrived.request, self._reply(arrived, code))

    def _reply(self, arrived: Arrived, code: str) -> Reply:
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
            code, client=client, device=device_words(arrived.agent), agent=arrived.agent
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
