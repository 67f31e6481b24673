"""The HTTP routes: minting, models, calls, what is gone, and how errors look."""

import asyncio
from collections.abc import AsyncIterator
from io import BytesIO
from typing import Any

import pytest
from aiohttp import ClientSession, FormData

from rtstart.adapters.emulator.server import Emulator
from tests.fakes.realtime import KEY, PeerClient, connected, silence

pytestmark = pytest.mark.integration

AUTH = {"Authorization": f"Bearer {KEY}"}
BETA = {
    "error": {
        "message": "The Realtime Beta API is no longer supported. Please use /v1/realtime for the "
        "GA API.",
        "type": "invalid_request_error",
        "code": "beta_api_shape_disabled",
        "param": None,
    }
}


@pytest.fixture
async def http() -> AsyncIterator[ClientSession]:
    """A client that is closed after the test."""
    async with ClientSession() as session:
        yield session


async def _mint(http: ClientSession, emulator: Emulator, **body: object) -> tuple[int, Any]:
    url = f"{emulator.base_url}/realtime/client_secrets"
    async with http.post(url, json=body, headers=AUTH) as answer:
        return answer.status, await answer.json()


async def test_a_secret_is_minted(http: ClientSession, emulator: Emulator) -> None:
    session = {"type": "realtime", "model": "gpt-realtime-2.1-mini", "instructions": "Be kind"}

    status, body = await _mint(http, emulator, session=session, expires_after={"seconds": 60})

    assert status == 200
    assert set(body) == {"value", "expires_at", "session"}
    assert body["value"].startswith("ek_emu")
    assert len(body["value"]) == 35
    shown = {name: body["session"][name] for name in (*session, "object", "expires_at")}
    assert shown == {**session, "object": "realtime.session", "expires_at": 0}


async def test_every_answer_says_that_it_is_emulated(
    http: ClientSession, emulator: Emulator
) -> None:
    for path in ("/healthz", "/v1/models", "/nowhere"):
        async with http.get(f"{emulator.url}{path}") as answer:
            assert answer.headers["x-rtstart-emulator"] == "0.1.0"
            assert answer.headers["x-request-id"].startswith("req_emu")


async def test_minting_is_refused_in_words(http: ClientSession, emulator: Emulator) -> None:
    status, body = await _mint(http, emulator, session={"type": "realtime", "voice": "alloy"})

    assert (status, body) == (
        400,
        {
            "error": {
                "type": "invalid_request_error",
                "code": "unknown_parameter",
                "message": "Unknown parameter: 'session.voice'.",
                "param": "session.voice",
            }
        },
    )


@pytest.mark.parametrize(
    ("method", "path", "headers", "body", "status", "code"),
    [
        ("POST", "/v1/realtime/client_secrets", {}, "{}", 401, None),
        (
            "POST",
            "/v1/realtime/client_secrets",
            {"Authorization": f"Bearer sk-proj-{'x' * 40}"},
            "{}",
            401,
            "invalid_api_key",
        ),
        (
            "POST",
            "/v1/realtime/client_secrets",
            {"Authorization": "Bearer ek_emu"},
            "{}",
            401,
            "invalid_api_key",
        ),
        ("POST", "/v1/realtime/client_secrets", AUTH, "{", 400, None),
        ("POST", "/v1/realtime/client_secrets", AUTH, "[" * 100_000, 400, None),
        ("POST", "/v1/realtime/client_secrets", AUTH, "", 200, None),
        ("POST", "/v1/realtime/client_secrets", AUTH, b"\xff\xfe{}", 400, None),
        (
            "POST",
            "/v1/realtime/client_secrets",
            {**AUTH, "Content-Type": "application/json; charset=nonsense"},
            "{}",
            200,
            None,
        ),
        ("POST", "/v1/realtime/client_secrets", AUTH, '{"expires_after":1e999}', 400, None),
        (
            "POST",
            "/v1/realtime/calls",
            {**AUTH, "Content-Type": "multipart/form-data"},
            "v=0",
            400,
            None,
        ),
        (
            "POST",
            "/v1/realtime/calls",
            {**AUTH, "Content-Type": "multipart/form-data; boundary=x"},
            "v=0",
            400,
            None,
        ),
        ("GET", "/v1/realtime/client_secrets", AUTH, "", 405, None),
        (
            "POST",
            "/v1/realtime/client_secrets",
            {**AUTH, "OpenAI-Beta": "realtime=v1"},
            "{}",
            400,
            "beta_api_shape_disabled",
        ),
        ("POST", "/v1/realtime/sessions", AUTH, "{}", 400, "beta_api_shape_disabled"),
        ("POST", "/v1/realtime/transcription_sessions", AUTH, "{}", 400, "beta_api_shape_disabled"),
        ("POST", "/v1/realtime?model=gpt-realtime", AUTH, "v=0", 400, "beta_api_shape_disabled"),
        ("POST", "/v1/realtime/calls", {}, "v=0", 401, None),
        (
            "POST",
            "/v1/realtime/calls",
            {"Authorization": "Bearer ek_forged"},
            "v=0",
            401,
            "invalid_api_key",
        ),
        ("POST", "/v1/realtime/calls", AUTH, "", 400, "invalid_offer"),
        ("POST", "/v1/realtime/calls", AUTH, "v=0", 400, "invalid_offer"),
        ("POST", "/v1/realtime/calls", AUTH, "v=0" + "x" * 200_000, 400, "invalid_offer"),
        ("POST", "/v1/realtime/calls", AUTH, "x" * 2_000_000, 413, None),
        ("POST", "/v1/realtime/calls?model=m", AUTH, "v=0", 400, "unknown_parameter"),
        ("POST", "/v1/realtime/calls/rtc_x/hangup", AUTH, "", 404, "call_not_found"),
        ("POST", "/v1/realtime/calls/rtc_x/hangup", {}, "", 401, None),
        ("POST", "/v1/realtime/calls/rtc_x/fly", AUTH, "", 404, None),
        ("GET", "/v1/realtime?model=gpt-realtime-2.1", AUTH, "", 400, None),
        ("GET", "/v1/models", AUTH, "", 200, None),
        ("GET", "/v1/models", {}, "", 401, None),
        ("GET", "/v1/models/gpt-realtime-2.1", AUTH, "", 200, None),
        ("GET", "/v1/models/gpt-realtime-2.1", {}, "", 401, None),
        ("GET", "/v1/models/gpt-nope", AUTH, "", 404, "model_not_found"),
        ("GET", "/v1/chat/completions", AUTH, "", 404, None),
    ],
)
async def test_a_request_gets_its_status_and_code(
    http: ClientSession,
    emulator: Emulator,
    *,
    method: str,
    path: str,
    headers: dict[str, str],
    body: str | bytes,
    status: int,
    code: str | None,
) -> None:
    data = BytesIO(body.encode() if isinstance(body, str) else body)
    async with http.request(method, f"{emulator.url}{path}", data=data, headers=headers) as answer:
        found = await answer.json()

    assert (answer.status, found.get("error", {}).get("code")) == (status, code)
    if status >= 400:
        assert set(found["error"]) == {"type", "code", "message", "param"}


async def test_beta_shapes_are_refused_word_for_word(
    http: ClientSession, emulator: Emulator
) -> None:
    async with http.post(f"{emulator.base_url}/realtime/sessions", headers=AUTH) as answer:
        assert (answer.status, await answer.json()) == (400, BETA)


async def test_pages_of_any_origin_may_post_offers_and_nothing_else(
    http: ClientSession, emulator: Emulator
) -> None:
    async with http.options(f"{emulator.base_url}/realtime/calls") as answer:
        assert answer.status == 204
        allowed = {
            name: value for name, value in answer.headers.items() if name.startswith("Access-")
        }
    async with http.post(f"{emulator.base_url}/realtime/calls", data=b"", headers=AUTH) as refused:
        readable = refused.headers["Access-Control-Allow-Origin"]
    async with http.post(f"{emulator.base_url}/realtime/client_secrets", headers=AUTH) as minted:
        mint_cors = [name for name in minted.headers if name.startswith("Access-")]

    assert allowed == {
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Allow-Methods": "POST, OPTIONS",
        "Access-Control-Allow-Headers": "authorization, content-type, x-openai-agents-sdk",
        "Access-Control-Expose-Headers": "Location",
    }
    assert (readable, mint_cors) == ("*", [])


async def _offer() -> tuple[PeerClient, str]:
    client = PeerClient(silence(0))
    offer = await client.peer.createOffer()
    return client, offer.sdp


@pytest.mark.parametrize("typed", [True, False])
async def test_a_call_is_made_from_a_form(
    http: ClientSession, emulator: Emulator, typed: bool
) -> None:
    client, offer = await _offer()
    form = FormData()
    form.add_field("sdp", offer, content_type="application/sdp" if typed else None)
    form.add_field(
        "session",
        '{"type": "realtime", "model": "gpt-realtime-2"}',
        content_type="application/json" if typed else None,
    )
    if not typed:
        # As a browser's FormData.set does it: text, and multipart all the same.
        form = FormData(default_to_multipart=True)
        form.add_field("sdp", offer)
        form.add_field("session", '{"type": "realtime", "model": "gpt-realtime-2"}')

    async with http.post(f"{emulator.base_url}/realtime/calls", data=form, headers=AUTH) as answer:
        location = answer.headers["Location"]
        sdp = await answer.text()
    await client.hang_up()

    assert (answer.status, answer.content_type) == (201, "application/sdp")
    assert location.startswith("/v1/realtime/calls/rtc_emu")
    assert "a=candidate:" in sdp
    assert "127.0.0.1" in sdp
    assert "a=setup:active" in sdp


@pytest.mark.parametrize(
    ("session", "code"),
    [("{", None), ("{}", "missing_required_parameter"), ('{"type": "x"}', "invalid_value")],
)
async def test_a_form_is_refused_when_its_session_is_wrong(
    http: ClientSession, emulator: Emulator, session: str, code: str | None
) -> None:
    form = FormData(default_to_multipart=True)
    form.add_field("sdp", "v=0")
    form.add_field("session", session)
    form.add_field("other", "ignored")

    async with http.post(f"{emulator.base_url}/realtime/calls", data=form, headers=AUTH) as answer:
        assert (answer.status, (await answer.json())["error"]["code"]) == (400, code)


async def test_a_secret_opens_a_session_with_its_settings(
    http: ClientSession, emulator: Emulator
) -> None:
    _, body = await _mint(
        http, emulator, session={"type": "realtime", "instructions": "from the secret"}
    )

    protocols = ("realtime", f"openai-insecure-api-key.{body['value']}")
    async with connected(emulator.realtime_url, headers={}, protocols=protocols) as client:
        created = await client.events.next("session.created")
        chosen = client.socket.protocol

    assert created["session"]["instructions"] == "from the secret"
    assert chosen == "realtime"


async def test_a_call_is_hung_up_from_the_server(http: ClientSession, emulator: Emulator) -> None:
    client = PeerClient(silence(0))
    call_id = await client.call(emulator.base_url)
    await client.events.next("session.created")
    base = f"{emulator.base_url}/realtime/calls/{call_id}"

    async with http.post(f"{base}/accept", json={"type": "realtime"}, headers=AUTH) as accepted:
        assert (accepted.status, await accepted.read()) == (200, b"")
    closed = asyncio.Event()
    client.channel.on("close", closed.set)
    async with http.post(f"{base}/hangup", headers=AUTH) as hung_up:
        assert (hung_up.status, await hung_up.read()) == (200, b"")
    await asyncio.wait_for(closed.wait(), 5)
    async with http.post(f"{base}/hangup", headers=AUTH) as again:
        status = again.status
    await client.hang_up()

    assert status == 404
