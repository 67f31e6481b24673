"""The relay between a backend and the API, which the emulator plays."""

import asyncio
import contextlib
import gzip
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import trustme
from aiohttp import ClientSession, WSServerHandshakeError, web

from rtstart.adapters.calls import ApiAccess, CallFact, CallWatch, Speaks, Used
from rtstart.adapters.emulator.ice import LOOPBACK
from rtstart.adapters.emulator.server import Emulator, EmulatorOptions
from rtstart.adapters.gateway import Gateway, GatewaySettings, Upstream
from rtstart.adapters.recordings import read_recording
from rtstart.adapters.relay import Relay, RelaySettings
from rtstart.core.events import Event, Found, Relayed
from rtstart.core.mint_guard import STOPPED, MintRefused
from rtstart.core.realtime.recording import replay_of
from rtstart.core.realtime.scenario import Scenario
from rtstart.core.secrets import Masker
from tests.fakes.http2 import http2_server
from tests.fakes.realtime import KEY, calling, connected, recording, silence
from tests.fakes.speech import ONE_TURN

pytestmark = pytest.mark.integration

GOOD = {
    "expires_after": {"anchor": "created_at", "seconds": 60},
    "session": {"type": "realtime", "model": "gpt-realtime-2.1"},
}


@dataclass
class Running:
    """A relay in front of an emulator, and a backend's client."""

    relay: Relay
    events: list[Event]
    client: httpx.AsyncClient

    async def mint(self, body: Any, path: str = "/realtime/client_secrets") -> httpx.Response:
        return await self.client.post(
            self.relay.base_url + path, json=body, headers={"Authorization": f"Bearer {KEY}"}
        )

    @property
    def realtime_url(self) -> str:
        return self.relay.base_url.replace("http", "ws") + "/realtime"

    @property
    def codes(self) -> list[str]:
        return [event.finding.code for event in self.events if isinstance(event, Found)]


@asynccontextmanager
async def running(base_url: str, *secrets: str, **settings: Any) -> AsyncIterator[Running]:
    events: list[Event] = []
    relay = Relay(RelaySettings(base_url, **settings), emit=events.append, masker=Masker(secrets))
    async with relay, httpx.AsyncClient(trust_env=False, timeout=10) as client:
        await relay.listen()
        yield Running(relay, events, client)


@asynccontextmanager
async def emulated(
    *secrets: str, scenario: Scenario | None = None, **settings: Any
) -> AsyncIterator[Running]:
    async with (
        Emulator(EmulatorOptions(advertise=(LOOPBACK,), scenario=scenario)) as emulator,
        running(emulator.base_url, *secrets, **settings) as r,
    ):
        yield r


@dataclass
class Ears:
    """Hears of calls."""

    started: list[str] = field(default_factory=list)
    stopped: MintRefused | None = None
    facts: asyncio.Queue[tuple[str, CallFact]] = field(default_factory=asyncio.Queue)

    def why_no_call(self) -> MintRefused | None:
        return self.stopped

    def call_started(self, call_id: str) -> None:
        self.started.append(call_id)

    def call_told(self, call_id: str, fact: CallFact) -> None:
        self.facts.put_nowait((call_id, fact))


async def test_mint_passes_and_is_recorded_without_its_secret() -> None:
    async with emulated() as r:
        answer = await r.mint(GOOD)
        again = await r.mint(GOOD)
        secret = answer.json()["value"]
        first, second = r.relay.records()

    assert (answer.status_code, again.status_code, secret[:3]) == (200, 200, "ek_")
    assert (first.path, first.status, first.findings) == ("/realtime/client_secrets", 200, ())
    assert secret not in repr(first)
    assert KEY not in repr(first)
    assert '"type":"realtime"' in first.request_body
    assert "ek_***" in first.answer_body
    assert ("authorization", f"Bearer sk-***{KEY[-2:]}") in [
        (name.lower(), value) for name, value in first.request_headers
    ]
    assert first.connect_ms > 0.0
    assert second.connect_ms == 0.0
    assert 0 < first.first_byte_ms <= first.total_ms
    assert [event.status for event in r.events if isinstance(event, Relayed)] == [200, 200]


async def test_beta_mint_is_refused_by_the_api_and_explained_here() -> None:
    body = {"model": "gpt-4o-realtime-preview", "voice": "alloy", "modalities": ["audio", "text"]}
    async with emulated() as r:
        answer = await r.mint(body, "/realtime/sessions")
        (record,) = r.relay.records()
        second = await r.mint(
            record.corrected and httpx.Response(200, text=record.corrected).json()
        )
        await r.mint(body, "/realtime/sessions")

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "beta_api_shape_disabled")
    assert second.status_code == 200
    assert r.codes == ["RT524", "RT531", "RT531", "RT534", "RT519"]


async def test_refusal_that_the_lint_did_not_foresee_is_told_in_the_apis_words() -> None:
    async with emulated() as r:
        answer = await r.client.post(
            r.relay.base_url + "/realtime/client_secrets",
            json=GOOD,
            headers={"Authorization": "Bearer sk-live-wrong-wrong-wrong-wrong"},
        )

    assert answer.status_code == 401
    (found,) = [event.finding for event in r.events if isinstance(event, Found)]
    assert (found.code, found.what[:22]) == ("RT540", "The API answered 401: ")


async def test_unified_offer_tells_its_call() -> None:
    async with emulated() as r:
        ears = Ears()
        r.relay.tell_calls_to(ears)
        async with calling(r.relay.base_url, recording(ONE_TURN.path)):
            pass

    assert [call_id[:4] for call_id in ears.started] == ["rtc_"]


async def test_session_part_of_a_form_is_looked_at() -> None:
    form = {
        "sdp": (None, "v=0\r\n", "application/sdp"),
        "session": (None, '{"model": "gpt-realtime-2.1"}', "application/json"),
    }
    async with emulated() as r:
        await r.client.post(
            r.relay.base_url + "/realtime/calls",
            files=form,
            headers={"Authorization": f"Bearer {KEY}"},
        )

    assert r.codes == ["RT530"]


async def test_socket_of_the_backend_passes_is_heard_and_can_be_cut() -> None:
    async with emulated() as r:
        ears = Ears()
        r.relay.tell_calls_to(ears)
        async with connected(r.realtime_url) as client:
            await client.speak(recording(ONE_TURN.path))
            await client.events.next("response.done")
            (call_id,) = ears.started
            is_cut = await r.relay.cut(call_id)
            code = await client.closed()

        facts = [ears.facts.get_nowait() for _ in range(ears.facts.qsize())]
        assert (call_id, is_cut, code) == ("rtc_relay_1", True, 1001)
        assert await r.relay.cut("rtc_relay_9") is False
    assert (call_id, Speaks("gpt-realtime-2.1")) in facts
    assert any(isinstance(fact, Used) for _, fact in facts)


OWN_SECRET = "a-password-of-the-app"


def _files(folder: Path) -> list[Path]:
    return list(folder.iterdir())


async def _answered(url: str, *, instructions: str = "") -> bytes:
    """Speak a turn; gives the sound of the answer."""
    async with connected(url) as client:
        await client.update(instructions=instructions)
        await client.speak(recording(ONE_TURN.path))
        await client.events.next("response.done")
        return client.answer_sound().tobytes()


async def test_socket_of_the_backend_is_recorded_masked_and_its_answers_given_again(
    tmp_path: Path,
) -> None:
    secrets = f"{KEY} ek_0123456789abcdef {OWN_SECRET}"
    async with emulated(OWN_SECRET, record_dir=tmp_path) as r:
        first = await _answered(r.realtime_url, instructions=secrets)
    (path,) = _files(tmp_path)
    call = read_recording(path)
    async with emulated(scenario=replay_of(call)) as r:
        again = await _answered(r.realtime_url)

    text = gzip.decompress(path.read_bytes()).decode()
    assert [word for word in (KEY, "0123456789abcdef", OWN_SECRET) if word in text] == []
    assert (call.medium, call.model) == ("socket", "gpt-realtime-2.1")
    assert call.happenings[0].event["type"] == "session.created"
    assert path.stat().st_mode & 0o777 == 0o600
    assert (len(first) > 48_000, again == first) == (True, True)


async def test_sideband_of_a_call_is_recorded_with_the_model_of_the_call(tmp_path: Path) -> None:
    async with emulated(record_dir=tmp_path) as r:
        ears = Ears()
        r.relay.tell_calls_to(ears)
        async with (
            calling(r.relay.base_url, silence(0)),
            connected(r.realtime_url, query=f"call_id={ears.started[0]}") as side,
        ):
            await side.events.next("session.created")
    (path,) = _files(tmp_path)

    assert read_recording(path).model == "gpt-realtime-2.1"


async def test_nothing_is_recorded_when_nobody_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with emulated() as r, connected(r.realtime_url) as client:
        await client.update()

    assert _files(tmp_path) == []


async def test_call_goes_on_when_it_cannot_be_recorded(tmp_path: Path) -> None:
    (tmp_path / "calls").write_text("no folder", encoding="utf-8")
    async with emulated(record_dir=tmp_path / "calls") as r, connected(r.realtime_url) as client:
        await client.update()

    assert r.codes == ["RT212"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/realtime/client_secrets", 503),
        ("POST", "/realtime/calls", 503),
        ("POST", "/realtime/calls/rtc_1/accept", 503),
        ("POST", "/realtime/calls/rtc_1/hangup", 200),
        ("POST", "/realtime/calls/rtc_1/reject", 200),
        ("GET", "/realtime?model=gpt-realtime-2.1", 503),
        ("GET", "/models", 200),
    ],
)
async def test_no_call_begins_by_the_backend_while_all_calls_are_stopped(
    method: str, path: str, status: int
) -> None:
    async def api(_: web.BaseRequest) -> web.Response:
        return web.json_response({})

    async with _server(api) as base, running(base) as r:
        r.relay.tell_calls_to(Ears(stopped=STOPPED))
        answer = await r.client.request(method, r.relay.base_url + path)

    assert answer.status_code == status
    if status == 503:
        assert answer.json()["error"]["code"] == "minting_stopped"


async def test_call_that_the_backend_accepts_is_told() -> None:
    async def api(_: web.BaseRequest) -> web.Response:
        return web.Response()

    async with _server(api) as base, running(base) as r:
        ears = Ears()
        r.relay.tell_calls_to(ears)
        for path in ("rtc_1/accept", "rtc_2/reject", "no-call/accept"):
            await r.client.post(f"{r.relay.base_url}/realtime/calls/{path}", json={})

    assert ears.started == ["rtc_1"]


async def test_sideband_of_the_backend_is_no_second_call() -> None:
    async def api(request: web.BaseRequest) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        done = {"type": "response.done", "response": {"usage": {"total_tokens": 1}}}
        await socket.send_json(done)
        await socket.close()
        return socket

    async with _server(api) as base, running(base) as r, ClientSession() as client:
        ears = Ears()
        r.relay.tell_calls_to(ears)
        async with client.ws_connect(r.relay.base_url + "/realtime?call_id=rtc_1") as socket:
            await socket.receive_json()
            await socket.receive()

    assert (ears.started, ears.facts.qsize()) == (["rtc_1"], 0)


async def test_close_code_and_subprotocol_of_the_api_reach_the_backend() -> None:
    async with emulated() as r, ClientSession() as client:
        url = r.relay.base_url + "/realtime?model=gpt-nope"
        async with client.ws_connect(
            url, protocols=("realtime",), headers={"Authorization": f"Bearer {KEY}"}
        ) as socket:
            error = await socket.receive_json()
            await socket.receive()

        assert (error["error"]["code"], socket.close_code) == ("invalid_model", 4000)
        assert socket.protocol == "realtime"
        assert r.codes == ["RT519"]


async def test_refused_handshake_keeps_its_status() -> None:
    async with emulated() as r, ClientSession() as client:
        with pytest.raises(WSServerHandshakeError) as refused:
            await client.ws_connect(
                r.relay.base_url + "/realtime?call_id=rtc_none",
                headers={"Authorization": f"Bearer {KEY}"},
            )

    assert refused.value.status == 404


async def test_kill_switch_ends_sessions_that_the_backend_holds() -> None:
    async with emulated() as r:
        watch = CallWatch(ApiAccess("http://127.0.0.1:9/v1", KEY), cut=r.relay.cut)
        settings = GatewaySettings(project="x", upstreams=(Upstream("web", 1),), default="web")
        gateway = Gateway(settings, emit=r.events.append, calls=watch)
        async with watch, gateway:
            r.relay.tell_calls_to(gateway)
            async with connected(r.relay.base_url.replace("http", "ws") + "/realtime") as client:
                await client.events.next("session.created")
                stopped = await gateway.stop_calls()
                code = await client.closed()

            assert (stopped.hung_up, stopped.still_open, code) == (1, (), 1001)


async def test_key_can_stay_in_the_relay() -> None:
    real = "sk-test-the-real-key-0000000000"
    local = "sk-local-given-to-the-backend"
    seen: list[str] = []

    async def api(request: web.BaseRequest) -> web.Response:
        seen.append(request.headers["Authorization"])
        return web.json_response({"value": "ek_test0000", "expires_at": 1})

    async with _server(api) as base, running(base, key=real, local_key=local) as r:
        statuses = []
        for given in (local, "sk-something-else", "", "ek_page"):
            headers = {"Authorization": f"Bearer {given}"} if given else {}
            answer = await r.client.post(
                r.relay.base_url + "/realtime/client_secrets", json=GOOD, headers=headers
            )
            statuses.append(answer.status_code)

    assert statuses == [200, 401, 401, 200]
    assert seen == [f"Bearer {real}", "Bearer ek_page"]


async def test_relay_is_for_backends_on_this_machine_only() -> None:
    async with emulated() as r:
        port = r.relay.port
        asked: list[tuple[str, dict[str, str]]] = [
            ("/v1/models", {"Host": "evil.test"}),
            ("/v1/models", {"Origin": "http://localhost:4173"}),
            ("/v1/models", {"Sec-Fetch-Site": "same-site"}),
            ("/keys", {}),
            ("/v1/models", {"Authorization": f"Bearer {KEY}"}),
        ]
        statuses = []
        for path, headers in asked:
            answer = await r.client.get(f"http://127.0.0.1:{port}{path}", headers=headers)
            statuses.append(answer.status_code)

    assert statuses == [421, 403, 403, 404, 200]


async def test_answers_stream_and_stay_packed() -> None:
    more = asyncio.Event()

    async def api(request: web.BaseRequest) -> web.StreamResponse:
        assert "Accept-Encoding" not in request.headers
        response = web.StreamResponse(headers={"X-Request-Id": "req_1"})
        await response.prepare(request)
        await response.write(b"first")
        await more.wait()
        await response.write(b"second")
        return response

    async with _server(api) as base, running(base) as r:
        request = r.client.build_request("GET", r.relay.base_url + "/models")
        del request.headers["Accept-Encoding"]
        answer = await r.client.send(request, stream=True)
        pieces = answer.aiter_raw()
        first = await anext(pieces)
        more.set()
        rest = b"".join([piece async for piece in pieces])

    assert (first, rest, answer.headers["X-Request-Id"]) == (b"first", b"second", "req_1")


async def test_upload_streams_through() -> None:
    async def api(request: web.BaseRequest) -> web.Response:
        return web.json_response({"size": len(await request.read())})

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b"x" * 10_000

    async with _server(api) as base, running(base) as r:
        answer = await r.client.post(r.relay.base_url + "/files", content=pieces())
        large = await r.client.post(r.relay.base_url + "/realtime/calls", content=b"x" * 1_100_000)

    assert (answer.json(), large.status_code) == ({"size": 1_000_000}, 413)


async def test_api_that_cannot_be_reached_is_named() -> None:
    async with running("http://127.0.0.1:9/v1") as r:
        answer = await r.mint(GOOD)
        await r.mint(GOOD)

    assert (answer.status_code, answer.json()["error"]["code"]) == (502, "upstream_unreachable")
    assert r.codes == ["RT525"]


@pytest.mark.parametrize(
    "head", [b"Content-Length: 50\r\n\r\nabc", b"Transfer-Encoding: chunked\r\n\r\n5\r\nab"]
)
async def test_answer_that_the_api_breaks_off_is_seen_as_cut(head: bytes) -> None:
    async def api(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n" + head)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(api, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with running(f"http://127.0.0.1:{port}/v1") as r:
        reader, writer = await asyncio.open_connection("127.0.0.1", r.relay.port)
        writer.write(b"GET /v1/models HTTP/1.1\r\nHost: localhost\r\n\r\n")
        got = b""
        with contextlib.suppress(ConnectionError):
            while chunk := await reader.read(65536):
                got += chunk
        writer.close()
        told = [event.status for event in r.events if isinstance(event, Relayed)]
    server.close()
    await server.wait_closed()

    assert (got.count(b"HTTP/1.1"), b"\r\n0\r\n" in got) == (1, False)
    assert (told, r.codes) == ([200], ["RT525"])


async def test_connections_are_kept_and_speak_http2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    trusted = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(trusted)
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))

    async with http2_server(context) as server, running(f"https://localhost:{server.port}/v1") as r:
        answers = [await r.mint(GOOD) for _ in range(3)]
        records = r.relay.records()

    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert (server.connections, len(server.requests)) == (1, 3)
    assert server.headers[0]["authorization"] == f"Bearer {KEY}"
    assert server.headers[0][":authority"] == f"localhost:{server.port}"
    assert {record.http_version for record in records} == {"HTTP/2"}


async def test_watch_of_a_call_that_the_relay_holds_needs_the_relay() -> None:
    facts: list[CallFact] = []
    async with CallWatch(ApiAccess("http://127.0.0.1:9/v1", KEY)) as watch:
        watch.watch("rtc_relay_1", facts.append)
        problem = await watch.hang_up("rtc_relay_1")

    assert (facts, problem) == ([], "the relay does not hold it")


@asynccontextmanager
async def _server(
    handle: Any,
) -> AsyncIterator[str]:
    runner = web.ServerRunner(web.Server(handle), shutdown_timeout=0.2)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    finally:
        await runner.cleanup()
