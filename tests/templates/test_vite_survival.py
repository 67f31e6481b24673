"""What a call in a real browser survives, and what a caller can do in it."""

import asyncio
import base64
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from playwright.async_api import Page, Response, WebSocketRoute, expect

from rtstart.adapters.emulator.ice import LOOPBACK
from rtstart.adapters.emulator.server import Emulator, EmulatorOptions
from tests.fakes.browser import Ears, chromium, listening, resampled, residual_db, spoken_at
from tests.fakes.cutting import Cuttable
from tests.fakes.speech import ONE_TURN
from tests.templates.app import App
from tests.templates.serving import artefact, hear_one_answer, served, talk

pytestmark = [pytest.mark.templates, pytest.mark.timeout(180)]

_SPOKEN_S = (ONE_TURN.turns[0].end_ms - ONE_TURN.turns[0].start_ms) / 1000
_TRANSPORTS = pytest.mark.parametrize("transport", ["webrtc", "websocket"])


async def _is_in_session(page: Page, number: int, *, within_s: float = 15) -> None:
    body = page.locator("body")
    await expect(body).to_have_attribute("data-session", str(number), timeout=within_s * 1000)
    await expect(body).to_have_attribute("data-phase", "live")


@pytest.fixture
async def short_sessions() -> AsyncIterator[Emulator]:
    """An emulator whose sessions end after ten seconds."""
    options = EmulatorOptions(advertise=(LOOPBACK,), session_s=10)
    async with Emulator(options) as running:
        yield running


async def test_call_goes_over_websocket_when_webrtc_is_blocked(
    vite_app: App, tmp_path: Path
) -> None:
    microphone = spoken_at(ONE_TURN, tmp_path / "late.wav", 10, ends_s=20)
    # An address of the documentation's network (RFC 5737): nothing sent there arrives.
    unreachable = EmulatorOptions(advertise=("192.0.2.1",))
    async with (
        Emulator(unreachable) as emulator,
        served(vite_app, emulator.url) as url,
        chromium(microphone) as browser,
        listening(browser) as ears,
    ):
        await talk(ears, url)
        await hear_one_answer(ears)

        note = ears.page.locator(".turn.note")
        await expect(note).to_have_attribute("data-code", "RT616")
        await expect(note).to_contain_text("WebRTC did not get through")
        assert await ears.sounding_s() == pytest.approx(_SPOKEN_S, rel=0.35)
        await ears.page.screenshot(path=artefact("fallback"))


async def test_lost_websocket_comes_back_and_knows_what_was_said(
    vite_app: App, emulator: Emulator, tmp_path: Path
) -> None:
    microphone = spoken_at(ONE_TURN, tmp_path / "twice.wav", 1.9, 10, ends_s=20)
    async with (
        Cuttable(emulator.port) as way,
        served(vite_app, way.url) as url,
        chromium(microphone) as browser,
        listening(browser) as ears,
    ):
        await talk(ears, f"{url}?transport=websocket")
        await hear_one_answer(ears)
        before = len(ears.frames)
        way.cut()
        await _is_in_session(ears.page, 2)
        await hear_one_answer(ears, nth=1)
        await ears.page.screenshot(path=artefact("reconnected"))

        await expect(ears.page.locator(".turn.note")).to_have_attribute("data-code", "RT610")
        told = [frame for frame in ears.frames[before:] if '"conversation.item.added"' in frame]
        assert "speech, 1.7 s" in told[0]
        assert "semitones higher" in told[1]
        assert await ears.sounding_s() == pytest.approx(2 * _SPOKEN_S, rel=0.35)


async def test_sentence_in_which_the_call_was_lost_is_heard_whole(
    vite_app: App, emulator: Emulator, microphone: Path
) -> None:
    async with (
        Cuttable(emulator.port) as way,
        served(vite_app, way.url) as url,
        chromium(microphone) as browser,
        listening(browser) as ears,
    ):
        await talk(ears, f"{url}?transport=websocket")
        await expect(ears.page.locator("body")).to_have_attribute(
            "data-activity", "hearing", timeout=10_000
        )
        way.cut()
        await _is_in_session(ears.page, 2)
        await hear_one_answer(ears)

        said = await ears.page.locator('.turn[data-speaker="user"] .words').all_text_contents()
        lengths = [float(found[1]) for text in said if (found := re.search(r"([\d.]+) s", text))]
        assert lengths == pytest.approx([_SPOKEN_S], abs=0.4)


async def test_lost_webrtc_call_comes_back(
    vite_app: App, emulator: Emulator, tmp_path: Path
) -> None:
    microphone = spoken_at(ONE_TURN, tmp_path / "twice.wav", 1.9, 10, ends_s=20)
    calls: list[str] = []

    def note(response: Response) -> None:
        if response.url.endswith("/calls"):
            calls.append(response.headers["location"])

    async with (
        served(vite_app, emulator.url) as url,
        chromium(microphone) as browser,
        listening(browser) as ears,
        httpx.AsyncClient(base_url=emulator.url) as client,
    ):
        ears.page.on("response", note)
        await talk(ears, url)
        await hear_one_answer(ears)
        key = {"authorization": "Bearer sk-test-emulated"}
        hung_up = await client.post(f"{calls[0]}/hangup", headers=key)
        assert hung_up.status_code == 200
        await _is_in_session(ears.page, 2)
        await hear_one_answer(ears, nth=1)

        await expect(ears.page.locator(".turn.note")).to_have_attribute("data-code", "RT610")


@_TRANSPORTS
async def test_session_is_replaced_in_silence_before_it_ends(
    vite_app: App, short_sessions: Emulator, tmp_path: Path, transport: str
) -> None:
    microphone = spoken_at(ONE_TURN, tmp_path / "twice.wav", 1.9, 11, ends_s=20)
    async with (
        served(vite_app, short_sessions.url) as url,
        chromium(microphone) as browser,
        listening(browser) as ears,
    ):
        await talk(ears, f"{url}?transport={transport}")
        await hear_one_answer(ears)
        await _is_in_session(ears.page, 2)
        await hear_one_answer(ears, nth=1)

        said = await ears.page.locator('.turn[data-speaker="user"] .words').all_text_contents()
        lengths = [float(found[1]) for text in said if (found := re.search(r"([\d.]+) s", text))]
        assert lengths == pytest.approx([_SPOKEN_S, _SPOKEN_S], abs=0.4)
        assert await ears.sounding_s() == pytest.approx(2 * _SPOKEN_S, rel=0.35)
        await expect(ears.page.locator(".turn.note")).to_have_count(0)
        await expect(ears.page.locator("#failure")).to_be_hidden()
        assert ears.complaints == []


async def test_answer_has_no_gap_when_its_session_ends_in_the_middle(
    vite_app: App, short_sessions: Emulator, tmp_path: Path
) -> None:
    # The change is due nine seconds after the beginning, and the answer lasts beyond ten.
    microphone = spoken_at(ONE_TURN, tmp_path / "late.wav", 6.4, ends_s=16)
    async with (
        served(vite_app, short_sessions.url) as url,
        chromium(microphone) as browser,
        listening(browser) as ears,
    ):
        await talk(ears, f"{url}?transport=websocket")
        await expect(ears.page.locator("body")).to_have_attribute(
            "data-activity", "speaking", timeout=15_000
        )
        await _is_in_session(ears.page, 2)
        await expect(ears.page.locator("body")).to_have_attribute("data-activity", "speaking")
        await hear_one_answer(ears)
        rate_hz, heard = await ears.recorded()

    messages = [json.loads(frame) for frame in ears.frames]
    deltas = [m["delta"] for m in messages if m["type"] == "response.output_audio.delta"]
    wire = np.frombuffer(b"".join(base64.b64decode(delta) for delta in deltas), dtype="<i2")
    sent = resampled((wire / 32768).astype(np.float32), 24_000, rate_hz)
    assert len(wire) / 24_000 == pytest.approx(_SPOKEN_S, rel=0.35)
    assert residual_db(heard, sent) < -40


@_TRANSPORTS
async def test_holding_the_space_bar_is_a_turn(
    vite_app: App, emulator: Emulator, tmp_path: Path, transport: str
) -> None:
    # Said again and again, so that it does not matter when exactly the bar is pressed.
    starts_s = [1.0 + 2.2 * count for count in range(10)]
    microphone = spoken_at(ONE_TURN, tmp_path / "again.wav", *starts_s, ends_s=24)
    async with (
        served(vite_app, emulator.url) as url,
        chromium(microphone) as browser,
        listening(browser) as ears,
    ):
        page = ears.page
        await page.goto(f"{url}?transport={transport}")
        await page.locator("#settings > summary").click()
        await page.locator("#turn-taking").select_option("push_to_talk")
        await page.locator("#settings > summary").click()
        await page.locator("#talk").click()
        await expect(page.locator("#talk")).to_have_text("Hold to talk", timeout=15_000)
        await page.locator("body").click(position={"x": 5, "y": 300})
        await page.keyboard.down("Space")
        await expect(page.locator("#talk")).to_have_text("Let go to send")
        await page.screenshot(path=artefact(f"holding-{transport}"))
        await page.wait_for_timeout(3000)
        await page.keyboard.up("Space")
        await expect(page.locator("#talk")).to_have_text("Hold to talk")
        await hear_one_answer(ears)

        assert 1 < await ears.sounding_s() < 4
        assert await ears.loudest_dbfs() > -30
        await expect(page.locator("#failure")).to_be_hidden()


async def test_another_microphone_is_taken_during_a_call(
    vite_app: App, emulator: Emulator, microphone: Path
) -> None:
    async with (
        served(vite_app, emulator.url) as url,
        chromium(microphone) as browser,
        listening(browser) as ears,
    ):
        await talk(ears, f"{url}?transport=websocket")
        await ears.page.locator("#settings > summary").click()
        choices = ears.page.locator("#microphone option")
        await expect(choices).not_to_have_count(1)
        other = await choices.nth(1).get_attribute("value")
        await ears.page.locator("#microphone").select_option(other)
        await hear_one_answer(ears)

        assert await ears.loudest_dbfs() > -30
        await expect(ears.page.locator("#failure")).to_be_hidden()


async def test_unplugged_microphone_is_replaced(
    vite_app: App, emulator: Emulator, microphone: Path
) -> None:
    async with (
        served(vite_app, emulator.url) as url,
        chromium(microphone) as browser,
        listening(browser) as ears,
    ):
        await ears.page.add_init_script(
            """{
              const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
              globalThis.tracks = [];
              navigator.mediaDevices.getUserMedia = async (wanted) => {
                const stream = await ask(wanted);
                tracks.push(...stream.getAudioTracks());
                return stream;
              };
            }"""
        )
        await talk(ears, url)
        # A browser cannot be made to unplug its fake device; the event it would send can be sent.
        await ears.page.evaluate("tracks[0].dispatchEvent(new Event('ended'))")

        note = ears.page.locator(".turn.note")
        await expect(note).to_have_attribute("data-code", "RT605")
        assert await ears.page.evaluate("tracks.map((track) => track.readyState)") == [
            "ended",
            "live",
        ]


async def test_call_in_another_tab_ends_this_one(
    vite_app: App, emulator: Emulator, microphone: Path
) -> None:
    async with (
        served(vite_app, emulator.url) as url,
        chromium(microphone) as browser,
        listening(browser) as ears,
    ):
        await talk(ears, url)
        other = await ears.page.context.new_page()
        await talk(Ears(other), url)

        failure = ears.page.locator("#failure")
        await expect(failure).to_have_attribute("data-code", "RT617")
        await expect(other.locator("body")).to_have_attribute("data-phase", "live")


async def test_page_says_when_the_device_is_offline(
    vite_app: App, emulator: Emulator, microphone: Path
) -> None:
    async with (
        served(vite_app, emulator.url) as url,
        chromium(microphone) as browser,
        listening(browser) as ears,
    ):
        await talk(ears, url)
        status = ears.page.locator("#status")
        await ears.page.context.set_offline(True)
        await expect(status).to_contain_text("offline")
        await ears.page.context.set_offline(False)
        await expect(status).not_to_contain_text("offline")


_CALLS = [
    ("call_1", "local_time", {"time_zone": "Europe/Lisbon"}),
    ("call_2", "open_page", {"url": "https://example.test/"}),
]


async def test_tools_are_run_asked_for_and_told_in_order(
    vite_app: App, emulator: Emulator, microphone: Path
) -> None:
    """The emulator calls no tools, so the calls are slipped into what it says."""
    sent: list[dict[str, Any]] = []  # any JSON
    opened = asyncio.Event()
    routes: list[WebSocketRoute] = []

    def stand_between(route: WebSocketRoute) -> None:
        server = route.connect_to_server()

        def overhear(message: str | bytes) -> None:
            event = json.loads(message)
            if event["type"] != "input_audio_buffer.append":
                sent.append(event)
            if event["type"] not in ("conversation.item.create", "response.create"):
                server.send(message)

        route.on_message(overhear)
        routes.append(route)
        opened.set()

    async with (
        served(vite_app, emulator.url) as url,
        chromium(microphone) as browser,
        listening(browser) as ears,
    ):
        await ears.page.route_web_socket(re.compile(r"/v1/realtime"), stand_between)
        await talk(ears, f"{url}?transport=websocket")
        await opened.wait()
        items = [
            {
                "type": "function_call",
                "id": f"item_{call_id}",
                "status": "completed",
                "call_id": call_id,
                "name": name,
                "arguments": json.dumps(given),
            }
            for call_id, name, given in _CALLS
        ]
        done = {"id": "resp_1", "status": "completed", "output": items}
        routes[0].send(json.dumps({"type": "response.done", "response": done}))

        asking = ears.page.locator(".turn.tool[data-state=asking]")
        await expect(asking).to_contain_text("The model wants to use open_page")
        await expect(asking).to_contain_text("https://example.test/")
        await ears.page.screenshot(path=artefact("tool-asks"))
        await asking.get_by_role("button", name="Refuse").click()
        await expect(ears.page.locator(".turn.tool[data-state=failed]")).to_be_visible()
        done_tool = ears.page.locator(".turn.tool[data-state=done]")
        await done_tool.locator("summary").click()
        await expect(done_tool).to_contain_text("local_time")
        await ears.page.screenshot(path=artefact("tool-done"))

    kinds = [(event["type"], event.get("item", {})) for event in sent]
    assert [kind for kind, _ in kinds] == [
        "conversation.item.create",
        "conversation.item.create",
        "response.create",
    ]
    outputs = [item for _, item in kinds if item]
    assert [output["call_id"] for output in outputs] == ["call_1", "call_2"]
    assert "local_time" in outputs[0]["output"]
    assert outputs[1]["output"] == '{"error":"the user did not allow it"}'
