"""The vite app in a real browser: real speech in, measured sound out, over both transports."""

import asyncio
import base64
import json
import re
from pathlib import Path

import numpy as np
import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Route, expect

from rtstart.adapters.emulator.server import Emulator
from tests.fakes.browser import chromium, listening, resampled, residual_db
from tests.fakes.speech import ONE_TURN
from tests.templates.app import App
from tests.templates.serving import artefact, hear_one_answer, served, talk

pytestmark = [pytest.mark.templates, pytest.mark.timeout(180)]

_SPOKEN_S = (ONE_TURN.turns[0].end_ms - ONE_TURN.turns[0].start_ms) / 1000


@pytest.mark.parametrize("web", ["dev", "built"])
@pytest.mark.parametrize("transport", ["webrtc", "websocket"])
async def test_speech_comes_back_as_sound(
    vite_app: App, emulator: Emulator, microphone: Path, transport: str, web: str
) -> None:
    if web == "built":
        built = vite_app.npm("run", "build")
        assert built.returncode == 0, built.stdout

    async with (
        served(vite_app, emulator.url, web=web) as url,
        chromium(microphone) as browser,
        listening(browser) as ears,
    ):
        await talk(ears, f"{url}?transport={transport}")
        await hear_one_answer(ears)

        said = await ears.page.locator('.turn[data-speaker="user"] .words').text_content()
        assert said is not None
        heard_by_emulator = re.search(r"speech, ([\d.]+) s", said)
        assert heard_by_emulator is not None, said
        assert float(heard_by_emulator[1]) == pytest.approx(_SPOKEN_S, abs=0.4)
        assert await ears.sounding_s() == pytest.approx(_SPOKEN_S, rel=0.35)
        assert await ears.loudest_dbfs() > -30
        stages = ears.page.locator("#stages [data-stage]")
        states = await stages.evaluate_all("rows => rows.map((row) => row.dataset.state)")
        assert states == ["done"] * (6 if transport == "webrtc" else 5)
        assert ears.complaints == []
        assert "\n".join(await ears.layout_shifts()) == ""
        await ears.page.screenshot(path=artefact(f"live-{transport}-{web}"))


@pytest.mark.parametrize(("width", "height"), [(390, 664), (1280, 700)])
async def test_nothing_moves_when_a_call_begins(
    vite_app: App, emulator: Emulator, microphone: Path, width: int, height: int
) -> None:
    asked, may_answer = asyncio.Event(), asyncio.Event()

    async def hold(route: Route) -> None:
        asked.set()
        await may_answer.wait()
        await route.continue_()

    async with (
        served(vite_app, emulator.url) as url,
        chromium(microphone) as browser,
        listening(browser, width=width, height=height) as ears,
    ):
        drawers = ears.page.locator(".drawers")
        await ears.page.route("**/session", hold)
        await ears.page.goto(url)
        await expect(ears.page.locator("#model")).to_contain_text("gpt-realtime")
        idle = await drawers.bounding_box()
        await ears.page.locator("#talk").click()
        await asked.wait()
        connecting = await drawers.bounding_box()
        may_answer.set()
        await expect(ears.page.locator("body")).to_have_attribute(
            "data-phase", "live", timeout=15_000
        )
        live = await drawers.bounding_box()

        assert [connecting, live] == [idle, idle]


async def test_what_is_played_is_what_was_sent(
    vite_app: App, emulator: Emulator, microphone: Path
) -> None:
    async with (
        served(vite_app, emulator.url) as url,
        chromium(microphone) as browser,
        listening(browser) as ears,
    ):
        await talk(ears, f"{url}?transport=websocket")
        await hear_one_answer(ears)
        rate_hz, heard = await ears.recorded()

    messages = [json.loads(frame) for frame in ears.frames]
    deltas = [m["delta"] for m in messages if m["type"] == "response.output_audio.delta"]
    wire = np.frombuffer(b"".join(base64.b64decode(delta) for delta in deltas), dtype="<i2")
    sent = resampled((wire / 32768).astype(np.float32), 24_000, rate_hz)
    assert len(wire) / 24_000 > 1
    assert residual_db(heard, sent) < -40


async def test_levels_on_the_page_are_those_of_the_sound(
    vite_app: App, emulator: Emulator, microphone: Path
) -> None:
    async with (
        served(vite_app, emulator.url) as url,
        chromium(microphone) as browser,
        listening(browser) as ears,
    ):
        await ears.page.goto(url)
        await ears.page.evaluate(
            """() => {
              globalThis.shown = { you: [], reply: [] };
              for (const id of ["you", "reply"]) {
                const meter = document.getElementById(id);
                new MutationObserver(() => shown[id].push(Number(meter.ariaValueNow)))
                  .observe(meter, { attributeFilter: ["aria-valuenow"] });
              }
            }"""
        )
        await ears.page.locator("#talk").click()
        await hear_one_answer(ears)
        shown: dict[str, list[float]] = await ears.page.evaluate("shown")
        loudest = await ears.loudest_dbfs()

    # The recording is at -20 dBFS over its speech; single readings go above it.
    assert -25 < max(shown["you"]) < -5
    assert min(shown["you"]) == -60
    assert max(shown["reply"]) == pytest.approx(loudest, abs=6)


async def test_page_says_what_to_do_when_the_microphone_is_denied(
    vite_app: App, emulator: Emulator
) -> None:
    async with (
        served(vite_app, emulator.url) as url,
        chromium(None) as browser,
        listening(browser) as ears,
    ):
        await ears.page.goto(url)
        await ears.page.locator("#talk").click()

        failure = ears.page.locator("#failure")
        await expect(failure).to_have_attribute("data-code", "RT601")
        await expect(failure).to_contain_text("Allow the microphone")
        await expect(ears.page.locator("#talk")).to_have_attribute("data-state", "talk")
        await expect(ears.page.locator('[data-stage="microphone"]')).to_have_attribute(
            "data-state", "failed"
        )
        await ears.page.screenshot(path=artefact("denied"))


@pytest.mark.parametrize(
    ("env", "code", "words"),
    [
        ({"OPENAI_API_KEY": ""}, "RT510", "no OPENAI_API_KEY"),
        ({"OPENAI_API_KEY": "sk-proj-" + "a" * 40}, "RT521", "does not accept this key"),
        ({"REALTIME_MODEL": "gpt-nope"}, "RT519", "gpt-nope"),
        ({"OPENAI_BASE_URL": "http://127.0.0.1:9/v1"}, "RT525", "127.0.0.1:9"),
    ],
)
async def test_page_names_why_there_is_no_token(
    vite_app: App,
    emulator: Emulator,
    microphone: Path,
    env: dict[str, str],
    code: str,
    words: str,
) -> None:
    async with (
        served(vite_app, emulator.url, env=env) as url,
        chromium(microphone) as browser,
        listening(browser) as ears,
    ):
        await ears.page.goto(url)
        await ears.page.locator("#talk").click()

        await expect(ears.page.locator("#failure")).to_have_attribute("data-code", code)
        await expect(ears.page.locator("#failure")).to_contain_text(words)


@pytest.mark.parametrize("is_dark", [False, True])
@pytest.mark.parametrize(("width", "height"), [(390, 844), (1280, 800)])
async def test_page_has_no_barrier_and_does_not_jump(
    vite_app: App, emulator: Emulator, microphone: Path, width: int, height: int, is_dark: bool
) -> None:
    axe = Axe()
    async with (
        served(vite_app, emulator.url) as url,
        chromium(microphone) as browser,
        listening(browser, width=width, height=height, is_dark=is_dark) as ears,
    ):
        await ears.page.goto(url)
        await expect(ears.page.locator("#emulated")).to_be_visible()
        look = f"{width}-{'dark' if is_dark else 'light'}"
        await ears.page.screenshot(path=artefact(f"idle-{look}"))
        violations = [(await axe.run(ears.page)).generate_report()]
        counts = [(await axe.run(ears.page)).violations_count]

        await ears.page.keyboard.press("Space")
        await hear_one_answer(ears)
        await ears.page.screenshot(path=artefact(f"live-{look}"))
        result = await axe.run(ears.page)
        violations.append(result.generate_report())
        counts.append(result.violations_count)

        await expect(ears.page.locator("#talk")).to_have_text("Hang up")
        await ears.page.wait_for_timeout(800)
        await ears.page.locator("#talk").click()
        await expect(ears.page.locator("body")).to_have_attribute("data-phase", "ended")
        for drawer in ("events", "settings", "numbers"):
            await ears.page.locator(f"#{drawer} > summary").click()
        result = await axe.run(ears.page)
        violations.append(result.generate_report())
        counts.append(result.violations_count)
        await ears.page.screenshot(path=artefact(f"ended-{look}"), full_page=True)

        assert counts == [0, 0, 0], "\n".join(violations)
        assert "\n".join(await ears.layout_shifts()) == ""
        assert ears.complaints == []
