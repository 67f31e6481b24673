"""Calls that begin through the gateway: known, watched, counted, and hung up by the kill switch."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import aiohttp
import numpy as np
import pytest

from rtstart.adapters.calls import (
    ApiAccess,
    CallFact,
    CallWatch,
    NeverWas,
    Over,
    Speaks,
    Used,
    facts_of,
)
from rtstart.adapters.emulator.ice import LOOPBACK
from rtstart.adapters.emulator.server import Emulator, EmulatorOptions
from rtstart.adapters.gateway import Gateway, GatewaySettings, Route, Upstream
from rtstart.core.events import Called, Event, Visited
from rtstart.core.mint_guard import MintLimits
from tests.fakes.gateways import ORIGIN, running
from tests.fakes.realtime import KEY, PeerClient, calling, recording
from tests.fakes.speech import ONE_TURN

pytestmark = pytest.mark.integration

SILENCE = np.zeros(24_000, dtype=np.int16)


class Hearing:
    """A call watch that also tells a test what it hears."""

    def __init__(self, watch: CallWatch) -> None:
        self._watch = watch
        self.facts: asyncio.Queue[CallFact] = asyncio.Queue()

    def watch(self, call_id: str, tell: Callable[[CallFact], None]) -> None:
        def hear(fact: CallFact) -> None:
            tell(fact)
            self.facts.put_nowait(fact)

        self._watch.watch(call_id, hear)

    async def hang_up(self, call_id: str) -> str:
        return await self._watch.hang_up(call_id)

    async def hear(self, kind: type[CallFact]) -> CallFact:
        """The next fact of a kind."""
        async with asyncio.timeout(5):
            while True:
                fact = await self.facts.get()
                if isinstance(fact, kind):
                    return fact


async def test_call_through_the_gateway_is_watched_and_hung_up() -> None:
    events: list[Event] = []
    async with (
        Emulator(EmulatorOptions(advertise=(LOOPBACK,))) as emulator,
        CallWatch(ApiAccess(emulator.base_url, KEY)) as watch,
    ):
        hearing = Hearing(watch)
        port = int(emulator.base_url.rpartition(":")[2].partition("/")[0])
        settings = GatewaySettings(
            project="myapp",
            upstreams=(Upstream("web", 1), Upstream("emulator", port)),
            default="web",
            routes=(Route("/v1/realtime", "emulator"),),
            is_emulated=True,
        )
        async with Gateway(settings, emit=events.append, calls=hearing) as gateway:
            local = await gateway.listen_local(0)
            base = f"http://localhost:{local}/v1"
            async with calling(base, recording(ONE_TURN.path)) as client:
                await client.events.next("response.done")
                (call,) = gateway.open_calls()
                await hearing.hear(Used)
                (measured,) = gateway.open_calls()

                stopped = await gateway.stop_calls()

            assert measured.is_measured
            assert (measured.visitor, measured.model) == ("developer", "gpt-realtime-2.1")
            assert (stopped.hung_up, stopped.still_open, gateway.open_calls()) == (1, (), ())
            begun, over = (event for event in events if isinstance(event, Called))
            assert begun == Called("developer", call.id)
            assert (over.call_id, over.is_over, over.dollars) == (call.id, True, 0.0)


async def test_session_over_websocket_through_the_gateway_is_known_and_cut() -> None:
    events: list[Event] = []
    async with (
        Emulator(EmulatorOptions(advertise=(LOOPBACK,))) as emulator,
        CallWatch(ApiAccess(emulator.base_url, KEY)) as watch,
        aiohttp.ClientSession(headers={"Authorization": f"Bearer {KEY}"}) as client,
    ):
        port = int(emulator.base_url.rpartition(":")[2].partition("/")[0])
        settings = GatewaySettings(
            project="myapp",
            upstreams=(Upstream("emulator", port),),
            default="emulator",
            is_emulated=True,
        )
        async with Gateway(settings, emit=events.append, calls=watch) as gateway:
            local = await gateway.listen_local(0)
            url = f"ws://localhost:{local}/v1/realtime?model=gpt-realtime-2.1"
            async with client.ws_connect(url) as socket:
                await socket.receive_json()
                (call,) = gateway.open_calls()

                stopped = await gateway.stop_calls()

                ended = await socket.receive()

    assert (call.visitor, call.model) == ("developer", "gpt-realtime-2.1")
    assert (stopped.hung_up, stopped.still_open) == (1, ())
    assert ended.type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.CLOSE)
    assert [(event.call_id, event.is_over) for event in events if isinstance(event, Called)] == [
        (call.id, False),
        (call.id, True),
    ]


async def test_watch_tells_when_a_call_ends_by_itself() -> None:
    async with (
        Emulator(EmulatorOptions(advertise=(LOOPBACK,))) as emulator,
        CallWatch(ApiAccess(emulator.base_url, KEY)) as watch,
    ):
        hearing = Hearing(watch)
        client = PeerClient(SILENCE)
        await client.call(emulator.base_url, KEY)
        await client.events.next("session.created")
        hearing.watch(_only_call(emulator), lambda _: None)
        speaks = await hearing.hear(Speaks)
        await client.hang_up()
        over = await hearing.hear(Over)

    assert (speaks, over) == (Speaks("gpt-realtime-2.1"), Over())


def _only_call(emulator: Emulator) -> str:
    (call_id,) = emulator._calls._by_id
    return call_id


async def test_unknown_call_never_was_and_hanging_it_up_is_no_problem() -> None:
    async with (
        Emulator(EmulatorOptions(advertise=(LOOPBACK,))) as emulator,
        CallWatch(ApiAccess(emulator.base_url, KEY)) as watch,
    ):
        hearing = Hearing(watch)
        hearing.watch("rtc_unknown", lambda _: None)
        problem = await watch.hang_up("rtc_unknown")

        assert (await hearing.hear(NeverWas), problem) == (NeverWas(), "")
        with pytest.raises(ValueError, match="such an id"):
            watch.watch("../keys", lambda _: None)
        assert await watch.hang_up("../keys") == "no call has such an id"


async def test_api_that_cannot_be_reached_is_told_in_words() -> None:
    async with CallWatch(ApiAccess("http://127.0.0.1:9/v1", KEY)) as watch:
        problem = await watch.hang_up("rtc_1")
        watch.watch("rtc_1", lambda _: None)

    assert problem.startswith("the API could not be reached")


def test_facts_are_read_from_events_and_nothing_else() -> None:
    texts: dict[str, list[CallFact]] = {
        json.dumps({"type": "session.created", "session": {"model": "m"}}): [Speaks("m")],
        json.dumps({"type": "response.done", "response": {"usage": {"a": 1}}}): [Used({"a": 1})],
        json.dumps({"type": "response.done", "response": {"usage": None}}): [],
        '{"type": "session.created", ': [],
        json.dumps({"type": "response.output_audio.delta", "delta": "x"}): [],
    }
    assert {text: facts_of(text) for text in texts} == texts


async def test_page_may_say_which_calls_are_its_own(tmp_path: Path) -> None:
    async with running(audit_path=tmp_path / "audit.jsonl") as r:
        cookie = await r.come_in("Ada")
        url = r.public_url + "/.rtstart/calls"

        async def say(body: object, **headers: str) -> int:
            sent = r.outside(**{"Cookie": cookie, "Origin": ORIGIN, **headers})
            async with r.client.post(url, json=body, headers=sent) as answer:
                return answer.status

        started = {"call_id": "rtc_1", "state": "started"}
        assert [
            await say(started, Cookie="x=1"),
            await say(started, Origin="https://evil.test"),
            await say({"call_id": 7}),
            await say(started),
            await say({"call_id": "rtc_9", "state": "ended"}),
        ] == [401, 403, 400, 204, 204]
        assert [call.visitor for call in r.gateway.open_calls()] == ["v1"]

        assert await say({"call_id": "rtc_1", "state": "ended"}) == 204
        assert r.gateway.open_calls() == ()
        assert r.gateway.spent.calls == 1


async def test_page_cannot_invent_calls_without_end() -> None:
    async with running(limits=MintLimits(open_per_visitor=3)) as r:
        headers = r.outside(Cookie=await r.come_in(), Origin=ORIGIN)
        statuses = []
        for number in range(4):
            told = {"call_id": f"rtc_{number}", "state": "started"}
            url = r.public_url + "/.rtstart/calls"
            async with r.client.post(url, json=told, headers=headers) as answer:
                statuses.append(answer.status)

        assert statuses == [204, 204, 204, 429]
        assert len(r.gateway.open_calls()) == 3


async def test_invented_call_does_not_hide_its_secret_from_the_budget() -> None:
    async with (
        Emulator(EmulatorOptions(advertise=(LOOPBACK,))) as emulator,
        CallWatch(ApiAccess(emulator.base_url, KEY)) as watch,
        running() as r,
    ):
        hearing = Hearing(watch)
        r.gateway._desk.calls = hearing
        headers = r.outside(Cookie=await r.come_in(), Origin=ORIGIN)
        async with r.client.post(r.public_url + "/session", json={}, headers=headers):
            pass
        told = {"call_id": "rtc_invented", "state": "started"}
        url = r.public_url + "/.rtstart/calls"
        async with r.client.post(url, json=told, headers=headers):
            pass
        await hearing.hear(NeverWas)

        assert (r.gateway.open_calls(), r.gateway.spent.minutes) == ((), 3.0)


async def test_calls_of_a_visitor_who_is_put_out_are_hung_up() -> None:
    hung_up = asyncio.Event()

    class Control:
        def watch(self, call_id: str, tell: object) -> None:
            pass

        async def hang_up(self, call_id: str) -> str:
            assert call_id == "rtc_1"
            hung_up.set()
            return "the API answered 500"

    async with running() as r:
        r.gateway._desk.calls = Control()
        await r.come_in("Ada")
        r.gateway.call_started("rtc_1", "v1")
        r.gateway.call_started("rtc_2", "developer")
        r.gateway.drop("v1")
        async with asyncio.timeout(2):
            await hung_up.wait()

    assert Visited("Ada", "dropped", "a call goes on: the API answered 500") in r.events


async def test_calls_path_wants_post_and_little() -> None:
    async with running() as r:
        url = r.local_url + "/.rtstart/calls"
        async with r.client.get(url) as got:
            pass
        async with r.client.post(url, data=b"x" * 5000) as large:
            pass

    assert (got.status, large.status) == (405, 400)


async def test_kill_switch_puts_everybody_out_and_stops_minting(tmp_path: Path) -> None:
    audit = tmp_path / "logs" / "audit.jsonl"
    async with running(audit_path=audit) as r:
        cookie = await r.come_in("Ada")
        invitation = r.gateway.invite()
        headers = r.outside(Cookie=cookie, Origin=ORIGIN)
        socket = await r.client.ws_connect(r.public_url + "/socket", headers=headers)
        r.gateway.call_started("rtc_1", "v1")

        stopped = await r.gateway.stop_calls()

        statuses = []
        for method, url in (
            ("GET", r.public_url + "/"),
            ("POST", r.public_url + invitation.path),
            ("POST", r.local_url + "/session"),
        ):
            sent = headers if url.startswith(r.public_url) else {}
            async with r.client.request(method, url, headers=sent, json={}) as answer:
                statuses.append(answer.status)
        closed = await socket.receive(timeout=2)

        assert [visitor.name for visitor in stopped.dropped] == ["Ada"]
        assert stopped.still_open == (("rtc_1", "there is no key to end it with"),)
        assert statuses == [401, 403, 503]
        assert closed.type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.CLOSE)
        assert r.gateway.is_stopped
        r.gateway.resume_calls()
        async with r.client.post(r.local_url + "/session", json={}) as again:
            assert again.status == 200

    lines = [json.loads(line) for line in audit.read_text().splitlines()]
    assert [(line["deed"], line["visitor"], line["decision"]) for line in lines] == [
        ("invitation", "Ada", "admitted"),
        ("drop", "Ada", "dropped"),
        ("kill", "", "1 out, 0 hung up"),
        ("invitation", "", "invitation spent"),
        ("mint", "developer", "minting_stopped"),
        ("mint", "developer", "allowed"),
    ]
    assert audit.stat().st_mode & 0o777 == 0o600
