"""What the page is given before a call, and what it is refused."""

import httpx
import pytest
from fastapi.testclient import TestClient

from app import mint as mint_module
from app.errors import Refused
from app.mint import mint
from app.settings import Settings
from tests.conftest import KEY, client_for, settings_for

NOWHERE = "http://127.0.0.1:9/v1"


def test_session_gives_a_secret_that_nobody_may_keep(client: TestClient, api_url: str) -> None:
    answer = client.post("/session", json={})

    body = answer.json()
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert body.pop("value").startswith("ek_")
    assert body.pop("expires_at") > 0
    assert body == {
        "model": "gpt-realtime-2.1",
        "emulated": True,
        "realtime_url": f"{api_url}/realtime",
    }


def test_session_gives_a_ticket_for_a_call_through_the_server(client: TestClient) -> None:
    body = client.post("/session", json={"transport": "server"}).json()

    assert body["value"].startswith("ticket_")
    assert body["realtime_url"] == "/session/call"


def test_config_says_nothing_secret(client: TestClient, api_url: str) -> None:
    answer = client.get("/session/config")

    assert answer.json() == {
        "model": "gpt-realtime-2.1",
        "voice": "marin",
        "emulated": True,
        "realtime_url": f"{api_url}/realtime",
        "through_server": True,
    }
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("settings", "headers", "body", "status", "code"),
    [
        ({"key": ""}, {}, b"{}", 500, "key_missing"),
        ({"key": "sk-your-key-here"}, {}, b"{}", 500, "key_shape"),
        ({}, {}, b"{}", 502, "upstream_unreachable"),
        ({"production": True}, {}, b"{}", 403, "closed"),
        ({"calls_per_minute": 0}, {}, b"{}", 429, "too_many_calls"),
        ({}, {"sec-fetch-site": "cross-site"}, b"{}", 403, "origin_refused"),
        ({}, {"host": "evil.example"}, b"{}", 403, "host_refused"),
        ({}, {"content-type": "text/plain"}, b"{}", 415, "not_json"),
        ({}, {}, b"[]", 400, "bad_json"),
        ({}, {}, b"{", 400, "bad_json"),
        ({}, {}, b"x" * 70_000, 413, "too_large"),
    ],
)
def test_session_is_refused(
    settings: dict[str, object], headers: dict[str, str], body: bytes, status: int, code: str
) -> None:
    given = {"content-type": "application/json", **headers}

    with client_for(settings_for(NOWHERE, **settings)) as client:
        answer = client.post("/session", content=body, headers=given)

    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert answer.headers["cache-control"] == "no-store"
    assert KEY not in answer.text


def test_other_methods_and_places_are_refused_in_the_same_form(client: TestClient) -> None:
    refused = client.get("/session")
    nowhere = client.get("/nowhere")

    assert (refused.status_code, refused.headers["allow"]) == (405, "POST")
    assert refused.json()["error"]["code"] == "method_not_allowed"
    assert (nowhere.status_code, nowhere.json()["error"]["code"]) == (404, "not_found")


def test_calls_of_one_visitor_are_counted(api_url: str) -> None:
    with client_for(settings_for(api_url, calls_per_visitor=2)) as client:
        answers = [client.post("/session", json={}) for _ in range(3)]

    assert [one.status_code for one in answers] == [200, 200, 429]
    assert 1 <= int(answers[2].headers["retry-after"]) <= 60


@pytest.mark.parametrize(("person", "status"), [("anna", 200), (None, 401)])
def test_production_lets_in_whom_the_hook_knows(
    api_url: str, monkeypatch: pytest.MonkeyPatch, person: str | None, status: int
) -> None:
    async def authorise(connection: object) -> str | None:
        return person

    monkeypatch.setattr("app.access.authorise", authorise)

    with client_for(settings_for(api_url, production=True)) as client:
        assert client.post("/session", json={}).status_code == status


async def _mint(
    answer: httpx.Response | Exception, seen: list[httpx.Request]
) -> mint_module.Secret:
    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        if isinstance(answer, Exception):
            raise answer
        return answer

    settings = Settings(key=KEY)
    async with httpx.AsyncClient(transport=httpx.MockTransport(handle)) as client:
        return await mint(settings, client, visitor="a-hash")


@pytest.mark.anyio
async def test_mint_asks_for_a_minute_and_names_the_visitor_by_a_hash() -> None:
    seen: list[httpx.Request] = []

    secret = await _mint(httpx.Response(200, json={"value": "ek_1", "expires_at": 7}), seen)

    assert secret == mint_module.Secret("ek_1", 7)
    (request,) = seen
    assert str(request.url) == "https://api.openai.com/v1/realtime/client_secrets"
    assert request.headers["openai-safety-identifier"] == "a-hash"
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert b'"expires_after":{"anchor":"created_at","seconds":60}' in request.content


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("answer", "status", "code", "message"),
    [
        (
            httpx.Response(
                429,
                json={"error": {"message": "You exceeded.", "code": "insufficient_quota"}},
                headers={"retry-after": "20"},
            ),
            429,
            "insufficient_quota",
            "You exceeded.",
        ),
        (httpx.Response(500, text="<html>"), 500, "upstream_error", "status 500 and no message"),
        (httpx.Response(302), 502, "upstream_error", "status 302"),
        (httpx.Response(200, json={}), 502, "upstream_shape", "without a secret"),
        (httpx.ReadTimeout("slow"), 504, "upstream_timeout", "did not answer within 15 seconds"),
        (httpx.ConnectError("no"), 502, "upstream_unreachable", "could not be reached"),
    ],
)
async def test_mint_passes_on_what_the_api_says(
    answer: httpx.Response | Exception, status: int, code: str, message: str
) -> None:
    with pytest.raises(Refused) as refused:
        await _mint(answer, [])

    assert (refused.value.status, refused.value.error["code"]) == (status, code)
    assert message in str(refused.value)
    if status == 429:
        assert refused.value.headers == {"retry-after": "20"}
