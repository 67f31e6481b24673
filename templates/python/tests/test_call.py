"""Calls through the server: tickets, sound both ways, tools that run here, and how it ends."""

import base64
import json
import math
import time
from array import array
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest
from fastapi.testclient import TestClient
from starlette.testclient import WebSocketTestSession
from starlette.websockets import WebSocketDisconnect

from app import tickets
from app.tools import TOOLS
from tests.conftest import client_for, emulating, settings_for

BEEP = array("h", (round(8000 * math.sin(n / 8)) for n in range(24_000))).tobytes()
SCENARIO = """
schema: 1
replies:
  - when: {turn: 1}
    do:
      - call: {name: local_time, arguments: {time_zone: Europe/Lisbon}}
  - do:
      - {say: It is late., tone: 440, for: 0.2s}
"""


def _ticket(client: TestClient) -> str:
    return str(client.post("/session", json={"transport": "server"}).json()["value"])


@contextmanager
def _open(client: TestClient, ticket: str) -> Iterator[WebSocketTestSession]:
    """A page's socket; left when the server has ended the call on its side too."""
    protocols = ["realtime", f"openai-insecure-api-key.{ticket}"]
    headers = {"host": "localhost", "origin": "http://localhost"}
    calls = client.get("/readyz").json()
    with client.websocket_connect("/session/call?model=any", protocols, headers=headers) as socket:
        yield socket
        socket.close()
        deadline = time.monotonic() + 12
        while client.get("/readyz").json() != calls:
            assert time.monotonic() < deadline, "the call goes on"
            time.sleep(0.02)


def _events(socket: WebSocketTestSession) -> Iterator[dict[str, Any]]:
    while True:
        yield json.loads(socket.receive_text())


def _until(socket: WebSocketTestSession, kind: str) -> list[dict[str, Any]]:
    found = []
    for event in _events(socket):
        found.append(event)
        if event["type"] == kind:
            break
    return found


def _ask(socket: WebSocketTestSession) -> None:
    """One turn without turn detection: sound, then a request for the answer."""
    for event in (
        {"type": "session.update", "session": {"audio": {"input": {"turn_detection": None}}}},
        {"type": "input_audio_buffer.append", "audio": base64.b64encode(BEEP).decode()},
        {"type": "input_audio_buffer.commit"},
        {"type": "response.create"},
    ):
        socket.send_text(json.dumps(event))


def test_sound_goes_both_ways(client: TestClient) -> None:
    with _open(client, _ticket(client)) as socket:
        assert socket.accepted_subprotocol == "realtime"
        begun = _until(socket, "session.updated")
        _ask(socket)
        answer = _until(socket, "response.done")

    assert begun[0]["type"] == "session.created"
    assert begun[-1]["session"]["audio"]["output"]["voice"] == "marin"
    sound = b"".join(
        base64.b64decode(event["delta"])
        for event in answer
        if event["type"] == "response.output_audio.delta"
    )
    assert 0.7 < len(sound) / 48_000 < 1.5


def test_a_ticket_is_good_for_one_call(client: TestClient) -> None:
    ticket = _ticket(client)
    with _open(client, ticket) as socket:
        _until(socket, "session.created")

    with _open(client, ticket) as socket:
        (error,) = _until(socket, "error")
        with pytest.raises(WebSocketDisconnect) as closed:
            socket.receive_text()

    assert error["error"]["code"] == "invalid_api_key"
    assert (closed.value.code, closed.value.reason) == (
        3000,
        "invalid_request_error.invalid_api_key",
    )


def test_tickets_are_signed_and_end() -> None:
    settings = settings_for("http://localhost/v1")
    text, ticket = tickets.issue(settings, visitor="anna", now=100)

    assert tickets.check(settings, text, now=159) == ticket
    assert tickets.check(settings, text, now=160) is None
    assert tickets.check(settings, text[:-2] + "xx", now=101) is None
    assert tickets.check(settings, "", now=101) is None
    assert tickets.check(settings_for("x", key="sk-test-another"), text, now=101) is None


@pytest.mark.parametrize("headers", [{"origin": "https://evil.example"}, {"host": "evil.example"}])
def test_another_page_may_not_call(client: TestClient, headers: dict[str, str]) -> None:
    protocols = ["realtime", f"openai-insecure-api-key.{_ticket(client)}"]
    given = {"host": "localhost", **headers}

    with (
        pytest.raises(WebSocketDisconnect) as closed,
        client.websocket_connect("/session/call", protocols, headers=given),
    ):
        pass

    assert closed.value.code == 1008


def test_the_servers_tools_run_here_and_are_only_shown(tmp_path: Path) -> None:
    scenario = tmp_path / "scenario.yml"
    scenario.write_text(SCENARIO, encoding="utf-8")
    with (
        emulating("--scenario", str(scenario)) as url,
        client_for(settings_for(url)) as client,
        _open(client, _ticket(client)) as socket,
    ):
        _until(socket, "session.updated")
        _ask(socket)
        first = _until(socket, "response.done")
        second = _until(socket, "response.done")

    shown = [event["call"] for event in [*first, *second] if event["type"] == "server.tool"]
    assert [call["state"] for call in shown] == ["running", "done"]
    assert shown[-1]["name"] == "local_time"
    assert "local_time" in json.loads(shown[-1]["output"])
    # A page that saw the call itself would run it too.
    assert first[-1]["response"]["output"] == []
    done = [event for event in first if event["type"] == "response.output_item.done"]
    assert [event["item"]["type"] for event in done] == []
    # The answer to the output came without the page asking for it.
    words = [event for event in second if event["type"] == "response.output_audio_transcript.done"]
    assert [event["transcript"] for event in words] == ["It is late."]


def test_a_page_cannot_give_the_session_other_tools(client: TestClient) -> None:
    with _open(client, _ticket(client)) as socket:
        _until(socket, "session.updated")
        session = {"type": "realtime", "tools": [], "instructions": "Be brief."}
        socket.send_text(json.dumps({"type": "session.update", "session": session}))
        updated = _until(socket, "session.updated")[-1]["session"]

    assert updated["instructions"] == "Be brief."
    names = [tool["name"] for tool in TOOLS.definitions()]
    assert [tool["name"] for tool in updated["tools"]] == names


def test_the_end_by_the_api_is_passed_on_with_its_words() -> None:
    with ExitStack() as api, ExitStack() as page:
        url = api.enter_context(emulating("--session", "2s"))
        client = page.enter_context(client_for(settings_for(url)))
        socket = page.enter_context(_open(client, _ticket(client)))
        error = _until(socket, "error")[-1]["error"]
        with pytest.raises(WebSocketDisconnect) as closed:
            socket.receive_text()
        # The connection below the call ends after the call; here it must end before the test.
        api.close()
        assert client.portal is not None
        client.portal.call(anyio.sleep, 0.2)

    assert error["code"] == "session_expired"
    assert closed.value.code == 1001


def test_a_call_says_when_the_api_is_not_there() -> None:
    with client_for(settings_for("http://127.0.0.1:9/v1")) as client:
        with _open(client, _ticket(client)) as socket:
            error = _until(socket, "error")[-1]["error"]
            with pytest.raises(WebSocketDisconnect) as closed:
                socket.receive_text()
        calls = client.get("/readyz").json()

    assert error["message"] == "127.0.0.1:9 could not be reached."
    assert closed.value.code == 1011
    assert calls == {"calls": 0}


@pytest.mark.parametrize("data", ["{", b"{}"])
def test_what_is_not_json_ends_the_call(client: TestClient, data: str | bytes) -> None:
    with _open(client, _ticket(client)) as socket:
        _until(socket, "session.updated")
        socket.send({"type": "websocket.receive", ("text", "bytes")[isinstance(data, bytes)]: data})
        with pytest.raises(WebSocketDisconnect) as closed:
            _until(socket, "never")

    assert (closed.value.code, closed.value.reason) == (1007, "not_json")


def test_no_more_calls_than_there_is_room_for(api_url: str) -> None:
    with client_for(settings_for(api_url, server_calls=1)) as client:
        other = _ticket(client)
        with _open(client, _ticket(client)) as socket:
            _until(socket, "session.created")
            busy = client.post("/session", json={"transport": "server"})
            with _open(client, other) as second, pytest.raises(WebSocketDisconnect) as closed:
                second.receive_text()

    assert (busy.status_code, busy.json()["error"]["code"]) == (503, "server_busy")
    assert closed.value.code == 1013
