"""Every fault by name, seen from a client."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
import pytest
from aiohttp import ClientSession, WSMsgType

from rtstart.adapters.emulator.ice import LOOPBACK
from rtstart.adapters.emulator.server import Emulator, EmulatorOptions
from rtstart.adapters.emulator.troubles import MALFORMED
from rtstart.core.realtime.faults import FaultRule, parse_fault
from tests.fakes.realtime import KEY, PeerClient, calling, connected, recording, silence
from tests.fakes.speech import ONE_TURN

pytestmark = pytest.mark.integration

AUTH = {"Authorization": f"Bearer {KEY}"}
HELLO = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hi"}]}


@asynccontextmanager
async def _with(*faults: str) -> AsyncIterator[Emulator]:
    rules = [parse_fault(text) for text in faults]
    options = EmulatorOptions(
        advertise=(LOOPBACK,),
        seed=7,
        faults=tuple(rule for rule in rules if isinstance(rule, FaultRule)),
    )
    assert len(options.faults) == len(faults), rules
    async with Emulator(options) as emulator:
        yield emulator


async def _post(emulator: Emulator, path: str, data: bytes = b"") -> tuple[int, Any]:
    async with (
        ClientSession() as http,
        http.post(f"{emulator.base_url}/realtime/{path}", data=data, headers=AUTH) as answer,
    ):
        return answer.status, await answer.json()


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        ("wrong-key", 401, "invalid_api_key"),
        ("no-quota", 429, "insufficient_quota"),
        ("rate-limit", 429, "rate_limit_exceeded"),
        ("server-error", 500, None),
    ],
)
async def test_minting_fails_once_and_works_again(
    fault: str, status: int, code: str | None
) -> None:
    async with _with(f"{fault}:times=1") as emulator:
        first = await _post(emulator, "client_secrets")
        second = await _post(emulator, "client_secrets")

    assert (first[0], first[1]["error"]["code"]) == (status, code)
    assert second[0] == 200


async def test_a_key_is_wrong_wherever_it_is_used() -> None:
    async with _with("wrong-key") as emulator, ClientSession() as http:
        async with http.get(f"{emulator.base_url}/models", headers=AUTH) as answer:
            listed = answer.status
        offered, _ = await _post(emulator, "calls", b"v=0")
        async with connected(emulator.realtime_url) as client:
            error = await client.events.next("error")
            code = await client.closed()

    assert (listed, offered) == (401, 401)
    assert (error["error"]["code"], code) == ("invalid_api_key", 3000)


async def test_answers_fail_without_credit_though_the_socket_opens() -> None:
    async with _with("no-quota") as emulator, connected(emulator.realtime_url) as client:
        await client.send("response.create")
        done = await client.events.next("response.done")

    assert done["response"]["status"] == "failed"
    assert done["response"]["status_details"]["error"]["code"] == "insufficient_quota"


async def test_offers_are_refused() -> None:
    async with _with("sdp-refused") as emulator:
        status, body = await _post(emulator, "calls", b"v=0")

    assert (status, body["error"]["message"]) == (400, "Invalid SDP offer: refused by a fault.")


async def test_starting_is_slow() -> None:
    loop = asyncio.get_running_loop()
    async with _with("slow-start:for=300ms") as emulator:
        begun = loop.time()
        await _post(emulator, "client_secrets")
        minted = loop.time()
        async with connected(emulator.realtime_url) as client:
            await client.events.next("session.created")
        opened = loop.time()

    assert minted - begun > 0.3
    assert opened - minted > 0.3


@pytest.mark.parametrize(("fault", "opens"), [("expired-secret", 0), ("reused-secret", 1)])
async def test_a_secret_is_refused(fault: str, opens: int) -> None:
    async with _with(fault) as emulator:
        _, minted = await _post(emulator, "client_secrets")
        protocols = ("realtime", f"openai-insecure-api-key.{minted['value']}")
        types = []
        for _ in range(2):
            async with connected(emulator.realtime_url, headers={}, protocols=protocols) as client:
                event = await client.events.find(lambda _: True, "event", 5)
                types.append(event["type"])
        async with ClientSession() as http:
            headers = {"Authorization": f"Bearer {minted['value']}"}
            url = f"{emulator.base_url}/realtime/calls"
            async with http.post(url, data=b"v=0", headers=headers) as answer:
                status = answer.status

    assert types == [*["session.created"] * opens, *["error"] * (2 - opens)]
    assert status == 401


async def test_webrtc_never_connects() -> None:
    async with _with("ice-never") as emulator:
        client = PeerClient(silence(0))
        await client.call(emulator.base_url)
        await asyncio.sleep(1)
        state = client.peer.connectionState
        await client.hang_up()

    assert state != "connected"
    assert client.events.all == []


async def test_a_bad_network_loses_sound_and_not_the_call() -> None:
    async with (
        _with("bad-network:share=0.1") as emulator,
        calling(emulator.base_url, recording(ONE_TURN.path)) as client,
    ):
        await client.events.next("output_audio_buffer.stopped", 10)

    assert np.abs(client.sound()).max() > 1000
    # What is lost is sent again and comes late, like what is delayed: frames wait for each other.
    assert np.percentile(np.diff(client.arrivals_s) * 1000, 97) > 45


async def test_the_caller_is_not_heard() -> None:
    async with _with("deaf") as emulator, connected(emulator.realtime_url) as client:
        await client.speak(recording(ONE_TURN.path))
        await client.update(instructions="a sign that all was heard")

    assert client.events.types() == ["session.created", "session.updated"]


async def test_the_caller_is_not_heard_over_webrtc_from_some_time_on() -> None:
    async with (
        _with("deaf:at=10ms") as emulator,
        calling(emulator.base_url, recording(ONE_TURN.path)) as client,
    ):
        await asyncio.sleep(2.5)

    assert client.events.types() == ["session.created"]


async def test_the_caller_hears_nothing_over_a_socket() -> None:
    async with _with("mute") as emulator, connected(emulator.realtime_url) as client:
        await client.speak(recording(ONE_TURN.path))
        await client.events.next("response.done")
        sound = client.answer_sound()

    assert len(sound) > 24_000
    assert not sound.any()


async def test_the_caller_hears_nothing_over_webrtc() -> None:
    async with (
        _with("mute") as emulator,
        calling(emulator.base_url, recording(ONE_TURN.path)) as client,
    ):
        await client.events.next("output_audio_buffer.stopped")

    assert np.abs(client.sound()).max() < 50


async def test_a_socket_breaks_without_a_goodbye() -> None:
    async with _with("drop:at=200ms") as emulator, ClientSession() as http:
        url = f"{emulator.realtime_url}?model=gpt-realtime-2.1"
        async with http.ws_connect(url, headers=AUTH) as socket:
            messages = [message.type async for message in socket]
            code = socket.close_code

    assert messages == [WSMsgType.TEXT]
    assert code == 1006


async def test_a_call_breaks_without_a_goodbye() -> None:
    async with _with("drop:turn=1") as emulator:
        client = PeerClient(recording(ONE_TURN.path))
        call_id = await client.call(emulator.base_url)
        await client.events.next("response.created")
        heard = len(client.arrivals_s)
        await asyncio.sleep(0.5)
        still = len(client.arrivals_s) - heard
        state = client.channel.readyState
        async with ClientSession() as http:
            url = f"{emulator.base_url}/realtime/calls/{call_id}/hangup"
            async with http.post(url, headers=AUTH) as answer:
                status = answer.status
        await client.hang_up()

    assert still < 10
    assert state == "open"
    assert status == 404


async def test_a_session_ends_early() -> None:
    async with (
        _with("session-end:at=100ms") as emulator,
        connected(emulator.realtime_url) as client,
    ):
        error = await client.events.next("error")
        code = await client.closed()

    assert (error["error"]["code"], code) == ("session_expired", 1001)


async def test_a_message_is_no_json() -> None:
    async with _with("malformed-event:at=50ms") as emulator, ClientSession() as http:
        url = f"{emulator.realtime_url}?model=gpt-realtime-2.1"
        async with http.ws_connect(url, headers=AUTH) as socket:
            texts = [(await socket.receive()).data for _ in range(2)]

    assert texts[1] == MALFORMED


@pytest.mark.parametrize("fault", ["slow-answer:turn=1,for=400ms", "slow-tool:for=400ms"])
async def test_an_answer_is_slow(fault: str) -> None:
    tool = {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}
    output = {"type": "function_call_output", "call_id": "c", "output": "42"}
    loop = asyncio.get_running_loop()
    async with _with(fault) as emulator, connected(emulator.realtime_url) as client:
        await client.update(output_modalities=["text"])
        await client.send("conversation.item.create", item=tool)
        await client.send("conversation.item.create", item=output)
        await client.send("response.create")
        await client.events.next("response.created")
        begun = loop.time()
        await client.events.next("response.output_text.delta")
        waited = loop.time() - begun

    assert waited > 0.39


async def test_the_second_answer_fails() -> None:
    async with (
        _with("failed-answer:turn=2") as emulator,
        connected(emulator.realtime_url) as client,
    ):
        await client.update(output_modalities=["text"])
        await client.send("conversation.item.create", item=HELLO)
        statuses = []
        for _ in range(3):
            await client.send("response.create")
            done = await client.events.next("response.done")
            statuses.append(done["response"]["status"])

    assert statuses == ["completed", "failed", "completed"]


async def test_faults_are_switched_while_it_runs() -> None:
    async with _with() as emulator, ClientSession() as http:
        url = f"{emulator.url}/.rtstart/faults"
        async with http.post(url, json={"name": "no-quota"}) as added:
            listed = await added.json()
        refused = await _post(emulator, "client_secrets")
        async with http.delete(f"{url}/no-quota") as removed:
            left = await removed.json()
        async with http.post(url, json={"name": "mute"}), http.delete(url), http.get(url) as now:
            cleared = await now.json()
        minted = await _post(emulator, "client_secrets")

    assert [rule["name"] for rule in listed["faults"]] == ["no-quota"]
    assert (refused[0], left, cleared, minted[0]) == (429, {"faults": []}, {"faults": []}, 200)


async def test_faults_strike_a_call_that_is_going_on() -> None:
    async with _with() as emulator, connected(emulator.realtime_url) as client:
        await client.events.next("session.created")
        emulator.board.add(FaultRule("mute"))
        await client.speak(recording(ONE_TURN.path))
        await client.events.next("response.done")
        muted = client.answer_sound()
        emulator.board.add(FaultRule("session-end", at_s=0.0))
        code = await client.closed()

    assert len(muted) > 24_000
    assert not muted.any()
    assert code == 1001


async def test_faults_switched_off_do_not_strike_any_more() -> None:
    faults = ("deaf", "mute", "drop:at=300ms")
    async with _with(*faults) as emulator, connected(emulator.realtime_url) as client:
        await client.events.next("session.created")
        emulator.board.clear()
        await client.speak(recording(ONE_TURN.path))
        await client.events.next("response.done", 10)
        sound = client.answer_sound()

    assert sound.any()


async def test_the_second_answer_is_not_heard() -> None:
    async with _with("mute:turn=2") as emulator, connected(emulator.realtime_url) as client:
        loud = []
        for _ in range(2):
            before = len(client.answer_sound())
            await client.send("response.create")
            await client.events.next("response.done")
            loud.append(bool(client.answer_sound()[before:].any()))

    assert loud == [True, False]


@pytest.mark.parametrize(
    ("body", "type", "words"),
    [
        (b'{"name": "mute"}', "text/plain", "send the fault as application/json"),
        (b"{", "application/json", "this is no JSON"),
        (b"[]", "application/json", "a fault is an object"),
        (b'{"name": "mutee"}', "application/json", "did you mean mute?"),
    ],
)
async def test_a_wrong_fault_is_explained(body: bytes, type: str, words: str) -> None:
    async with _with() as emulator, ClientSession() as http:
        url = f"{emulator.url}/.rtstart/faults"
        async with http.post(url, data=body, headers={"Content-Type": type}) as answer:
            found = await answer.json()

    assert answer.status == 400
    assert words in found["error"]["message"]
