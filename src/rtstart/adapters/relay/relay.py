"""Passes the token backend's requests on to the API, and looks at them on the way."""

import hmac
import socket
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Protocol

import httpx
from aiohttp import web

from rtstart.adapters.calls import CallFact
from rtstart.adapters.relay.reading import (
    LARGEST_BODY,
    api_request,
    begins_call,
    is_looked_at,
)
from rtstart.adapters.relay.records import Records, RelayRecord, Sample, masked_headers
from rtstart.adapters.relay.sockets import RelaySockets
from rtstart.adapters.relay.upstream import Api, Exchange
from rtstart.core.calls import CALL_ID
from rtstart.core.events import Emit, Found, Relayed
from rtstart.core.findings import Finding
from rtstart.core.findings.api import API_UNREACHABLE
from rtstart.core.findings.machine import RECORDING_LOST
from rtstart.core.findings.session import ANSWER_REFUSED
from rtstart.core.hosts import is_localhost, parse_authority
from rtstart.core.mint_guard import MintRefused
from rtstart.core.realtime.lint import Linted, accepted_call, lint
from rtstart.core.secrets import Masker

_PREFIX = "/v1"
_HOP_BY_HOP = frozenset(
    {
        "connection",
        "host",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "expect",
    }
)
_FROM_A_BROWSER = ("Origin", "Sec-Fetch-Site")


class CallEars(Protocol):
    """Who wants to know of calls that pass here, and says whether any may begin."""

    def why_no_call(self) -> MintRefused | None:
        """Why no call may begin now; None when one may."""
        ...

    def call_started(self, call_id: str) -> None:
        """A call has begun."""
        ...

    def call_told(self, call_id: str, fact: CallFact) -> None:
        """Something was heard about a call."""
        ...


@dataclass(frozen=True, slots=True)
class RelaySettings:
    """Where the relay leads.

    `base_url` is that of the API, with its version. With a `key`, the backend is given `local_key`
    in its place, and the relay puts the real one in: then the key reaches no child at all. With
    `record_dir` each WebSocket of the backend's is written to a file there.
    """

    base_url: str
    key: str = field(default="", repr=False)
    local_key: str = field(default="", repr=False)
    record_dir: Path | None = None


@dataclass(slots=True)
class _Passing:
    """One request on its way."""

    number: int
    request: web.BaseRequest
    path: str
    headers: list[tuple[str, str]]
    began: float
    sent: Sample
    got: Sample
    body: bytes = b""
    linted: Linted | None = None


class Relay:
    """The API's address for the token backend, on this machine. Use it as a context manager."""

    def __init__(
        self,
        settings: RelaySettings,
        *,
        emit: Emit,
        masker: Masker | None = None,
    ) -> None:
        self._settings = settings
        self._emit = emit
        self._masker = masker or Masker()
        self._calls: CallEars | None = None
        self._api = Api(settings.base_url)
        recordings = None
        if settings.record_dir is not None:
            # Only then, because it takes long to load.
            from rtstart.adapters.recordings import Recordings

            recordings = Recordings(settings.record_dir, self._masker, self._tell_loss)
        self._sockets = RelaySockets(settings.base_url, recordings=recordings)
        self._records = Records()
        self._said: set[tuple[str, str]] = set()
        self._runner: web.ServerRunner | None = None
        self.port = 0

    async def __aenter__(self) -> "Relay":
        server = web.Server(
            self._answer, handler_cancellation=True, access_log=None, auto_decompress=False
        )
        self._runner = web.ServerRunner(server, shutdown_timeout=1.0)
        await self._runner.setup()
        await self._sockets.open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._sockets.close()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
        await self._api.close()

    async def listen(self, port: int = 0) -> int:
        """Listen on 127.0.0.1; return the port. Port 0 takes a free one."""
        return await self.listen_on(socket.create_server(("127.0.0.1", port)))

    async def listen_on(self, bound: socket.socket) -> int:
        """Listen on a socket that is bound already, and close it at the end; return its port."""
        if self._runner is None:
            raise RuntimeError("the relay is used outside its `async with`")
        await web.SockSite(self._runner, bound).start()
        self.port = int(self._runner.addresses[-1][1])
        return self.port

    @property
    def base_url(self) -> str:
        """What OPENAI_BASE_URL of the backend is to be."""
        return f"http://127.0.0.1:{self.port}{_PREFIX}"

    def tell_calls_to(self, ears: CallEars) -> None:
        """Say who wants to know of calls that pass here."""
        self._calls = ears
        self._sockets.calls = ears

    def records(self) -> tuple[RelayRecord, ...]:
        """The last requests, oldest first, without secrets."""
        return self._records.all()

    async def cut(self, call_id: str) -> bool:
        """End a session that the backend holds through here; False if there is none of that id."""
        return await self._sockets.cut(call_id)

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        refused = self._refused(request)
        if refused is not None:
            return refused
        headers = self._headers(request)
        if headers is None:
            return _problem(401, "wrong_local_key", "This relay takes only the key it gave out.")
        path = request.path.removeprefix(_PREFIX)
        if self._calls is not None and begins_call(request.method, path, request.query):
            stopped = self._calls.why_no_call()
            if stopped is not None:
                return _problem(stopped.status, stopped.code, stopped.words)
        if request.method == "GET" and request.headers.get("Upgrade", "").lower() == "websocket":
            self._look(request, path, b"")
            return await self._sockets.answer(request, path, headers)
        passing = _Passing(
            self._records.next_number(), request, path, headers, time.time(), Sample(), Sample()
        )
        return await self._pass(passing)

    def _refused(self, request: web.BaseRequest) -> web.Response | None:
        authority = parse_authority(request.headers.get("Host", ""))
        if authority is None or not is_localhost(authority.host):
            return _problem(421, "wrong_host", "The relay answers to this machine only.")
        if any(name in request.headers for name in _FROM_A_BROWSER):
            return _problem(403, "from_a_page", "The relay is for the backend, not for pages.")
        if not request.path.startswith(f"{_PREFIX}/") or ".." in request.raw_path:
            return _problem(404, "not_the_api", "The API begins with /v1/.")
        return None

    def _headers(self, request: web.BaseRequest) -> list[tuple[str, str]] | None:
        """The headers to send on; None when the credential is not the one that was given out."""
        named = request.headers.get("Connection", "").lower().split(",")
        dropped = _HOP_BY_HOP | {name.strip() for name in named}
        headers = [pair for pair in request.headers.items() if pair[0].lower() not in dropped]
        if not self._settings.key:
            return headers
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if given.startswith("ek_"):
            return headers
        if not hmac.compare_digest(given.encode(), self._settings.local_key.encode()):
            return None
        kept = [pair for pair in headers if pair[0].lower() != "authorization"]
        return [*kept, ("Authorization", f"Bearer {self._settings.key}")]

    async def _pass(self, passing: _Passing) -> web.StreamResponse:
        request = passing.request
        body: bytes | AsyncIterator[bytes] | None = None
        if request.body_exists:
            body = _chunks(request, passing.sent)
            size = request.content_length
            if is_looked_at(request.method, passing.path) and size is not None:
                if size > LARGEST_BODY:
                    return _problem(413, "body_too_large", "No request here needs such a body.")
                body = passing.body = b"".join([chunk async for chunk in body])
        target = request.raw_path.removeprefix(_PREFIX)
        try:
            async with self._api.ask(request.method, target, passing.headers, body) as exchange:
                return await self._answered(passing, exchange)
        except httpx.TimeoutException:
            return self._unreachable(passing, 504, "upstream_timeout", "did not answer in time")
        except httpx.TransportError as error:
            words = f"could not be reached ({str(error) or type(error).__name__})"
            return self._unreachable(passing, 502, "upstream_unreachable", words)

    async def _answered(self, passing: _Passing, exchange: Exchange) -> web.StreamResponse:
        answer = exchange.answer
        response = web.StreamResponse(
            status=answer.status_code, reason=answer.reason_phrase or None
        )
        for name, value in answer.headers.multi_items():
            if name.lower() not in _HOP_BY_HOP:
                response.headers.add(name, value)
        began = time.perf_counter()
        try:
            await response.prepare(passing.request)
            async for chunk in answer.aiter_raw():
                passing.got.take(chunk)
                await response.write(chunk)
            await response.write_eof()
        except (httpx.TransportError, ConnectionError) as error:
            # Too late to say anything: a cut connection tells that the answer is not whole.
            if passing.request.transport is not None:
                passing.request.transport.abort()
            if isinstance(error, httpx.TransportError):
                self._tell_unreachable(passing, f"hung up before its answer was whole ({error})")
        finally:
            rest_ms = (time.perf_counter() - began) * 1000
            # Looked at only now, so that nobody waits for it.
            self._look_at(passing)
            self._record(passing, exchange, total_ms=exchange.first_byte_ms + rest_ms)
        return response

    def _look_at(self, passing: _Passing) -> None:
        if is_looked_at(passing.request.method, passing.path):
            passing.linted = self._look(passing.request, passing.path, passing.body)

    def _record(self, passing: _Passing, exchange: Exchange, *, total_ms: float) -> None:
        answer = exchange.answer
        body = passing.got.text(answer.headers.get("content-encoding", ""), self._masker)
        linted = passing.linted
        if linted and answer.is_error and not linted.has_errors:
            self._say(ANSWER_REFUSED.found(_words(body, answer.status_code), where=passing.path))
        self._tell_call(passing, answer)
        record = RelayRecord(
            number=passing.number,
            at=passing.began,
            method=passing.request.method,
            path=passing.path,
            status=answer.status_code,
            http_version=answer.http_version,
            connect_ms=round(exchange.connect_ms, 2),
            first_byte_ms=round(exchange.first_byte_ms, 2),
            total_ms=round(total_ms, 2),
            request_headers=masked_headers(passing.headers, self._masker),
            request_body=passing.sent.text("", self._masker),
            answer_headers=masked_headers(answer.headers.multi_items(), self._masker),
            answer_body=body,
            findings=linted.findings if linted else (),
            corrected=_corrected(linted),
        )
        self._records.keep(record)
        self._emit(
            Relayed(
                record.number,
                record.method,
                record.path,
                record.status,
                record.first_byte_ms,
                record.total_ms,
            )
        )

    def _tell_call(self, passing: _Passing, answer: httpx.Response) -> None:
        call_id = ""
        if answer.status_code == HTTPStatus.CREATED:
            call_id = answer.headers.get("location", "").rpartition("/")[2]
        elif answer.is_success and passing.request.method == "POST":
            call_id = accepted_call(passing.path)
        if self._calls is not None and CALL_ID.fullmatch(call_id):
            self._calls.call_started(call_id)

    def _look(self, request: web.BaseRequest, path: str, body: bytes) -> Linted:
        headers = {name.lower(): value for name, value in request.headers.items()}
        query = dict(request.query)
        linted = lint(api_request(request.method, path, query, headers, body))
        for finding in linted.findings:
            self._say(finding)
        return linted

    def _say(self, finding: Finding) -> None:
        """Tell a finding once a run: a backend repeats its mistakes."""
        key = (finding.code, finding.what)
        if key not in self._said:
            self._said.add(key)
            self._emit(Found(finding))

    def _tell_loss(self, path: Path, error: OSError) -> None:
        what = f"The file of a call cannot be written: {error.strerror or error}"
        self._say(RECORDING_LOST.found(what, where=str(path)))

    def _unreachable(
        self, passing: _Passing, status: int, code: str, words: str
    ) -> web.StreamResponse:
        what = self._tell_unreachable(passing, words)
        self._look_at(passing)
        self._emit(Relayed(passing.number, passing.request.method, passing.path, status, 0.0, 0.0))
        return _problem(status, code, f"{what}.")

    def _tell_unreachable(self, passing: _Passing, words: str) -> str:
        what = f"{httpx.URL(self._settings.base_url).host} {words}"
        self._say(API_UNREACHABLE.found(what, where=f"{passing.request.method} {passing.path}"))
        return what


async def _chunks(request: web.BaseRequest, sample: Sample) -> AsyncIterator[bytes]:
    async for chunk in request.content.iter_any():
        sample.take(chunk)
        yield chunk


def _corrected(linted: Linted | None) -> str:
    told = [finding.data.get("corrected") for finding in linted.findings] if linted else []
    return next((text for text in told if isinstance(text, str)), "")


def _words(body: str, status: int) -> str:
    try:
        message = httpx.Response(200, text=body).json()["error"]["message"]
    except (ValueError, KeyError, TypeError):
        message = ""
    return f"The API answered {status}" + (f": {message}" if message else "")


def _problem(status: int, code: str, words: str) -> web.Response:
    error = {"message": words, "type": "relay_error", "code": code, "param": None}
    return web.json_response({"error": error}, status=status)
