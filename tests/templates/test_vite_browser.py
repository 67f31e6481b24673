"""The vite app in a real browser: real speech in, measured sound out, over both transports."""

import base64
import json
import os
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import expect

from rtstart.adapters import ports
from rtstart.adapters.emulator.ice import LOOPBACK
from rtstart.adapters.emulator.server import Emulator, EmulatorOptions
from rtstart.adapters.processes import Runner
from rtstart.core.secrets import Masker
from rtstart.core.services import HttpReady, Service
from tests.fakes.browser import Ears, chromium, listening, padded, residual_db, resampled
from tests.fakes.speech import ONE_TURN
from tests.templates.conftest import App

pytestmark = [pytest.mark.templates, pytest.mark.timeout(180)]

_KEY = "sk-test-emulated"
_SPOKEN_S = (ONE_TURN.turns[0].end_ms - ONE_TURN.turns[0].start_ms) / 1000
_WEB = {"dev": ["node", "node_modules/vite/bin/vite.js"]}
_WEB["built"] = [*_WEB["dev"], "preview"]


@asynccontextmanager
async def _served(
    app: App, api_url: str, *, env: Mapping[str, str] | None = None, web: str = "dev"
) -> AsyncIterator[str]:
    """The app's two processes without rtstart in between; the answer is the page's address."""
    token_port, web_port = ports.choose_port(None), ports.choose_port(None)
    token_env = {
        "TOKEN_PORT": str(token_port),
        "OPENAI_API_KEY": _KEY,
        "OPENAI_BASE_URL": f"{api_url}/v1",
        "REALTIME_URL": f"{api_url}/v1/realtime",
        "RTSTART_EMULATED": "1",
        **(env or {}),
    }
    web_env = {"WEB_PORT": str(web_port), "TOKEN_PORT": str(token_port)}
    cwd = str(app.folder)
    services = [
        Service(
            "token",
            ["node", "server/token.ts"],
            cwd,
            app.env | token_env,
            token_port,
            ready=HttpReady("/healthz"),
        ),
        Service("web", _WEB[web], cwd, app.env | web_env, web_port, ready=HttpReady("/")),
    ]
    async with Runner(services, emit=lambda _: None, masker=Masker()) as runner:
        runner.start()
        await runner.wait_ready()
        yield f"http://localhost:{web_port}/"


@pytest.fixture
async def emulator() -> AsyncIterator[Emulator]:
    async with Emulator(EmulatorOptions(advertise=(LOOPBACK,))) as running:
        yield running


@pytest.fixture
def microphone(tmp_path: Path) -> Path:
    return padded(ONE_TURN.path, tmp_path / "microphone.wav", before_s=1.5, after_s=8)


def _artefact(name: str) -> str | None:
    """Where a picture is kept when somebody wants to look; nowhere otherwise."""
    folder = os.environ.get("RTSTART_TEST_ARTEFACTS")
    return None if folder is None else str(Path(folder) / f"{name}.png")


async def _talk(ears: Ears, url: str) -> None:
    await ears.page.goto(url)
    await expect(ears.page.locator("#model")).to_contain_text("gpt-realtime")
    await ears.page.locator("#talk").click()
    await expect(ears.page.locator("body")).to_have_attribute("data-phase", "live", timeout=15_000)


async def _hear_one_answer(ears: Ears) -> None:
    answer = ears.page.locator('.turn[data-speaker="assistant"]')
    await expect(answer).to_have_attribute("data-state", "final", timeout=20_000)
    await expect(ears.page.locator("body")).to_have_attribute(
        "data-activity", "listening", timeout=10_000
    )


@pytest.mark.parametrize("web", ["dev", "built"])
@pytest.mark.parametrize("transport", ["webrtc", "websocket"])
async def test_speech_comes_back_as_sound(
    vite_app: App, emulator: Emulator, microphone: Path, transport: str, web: str
) -> None:
    if web == "built":
        built = vite_app.npm("run", "build")
        assert built.returncode == 0, built.stdout

    async with (
        _served(vite_app, emulator.url, web=web) as url,
        chromium(microphone) as browser,
        listening(browser) as ears,
    ):
        await _talk(ears, f"{url}?transport={transport}")
        await _hear_one_answer(ears)

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
        await ears.page.screenshot(path=_artefact(f"live-{transport}-{web}"))


async def test_what_is_played_is_what_was_sent(
    vite_app: App, emulator: Emulator, microphone: Path
) -> None:
    async with (
        _served(vite_app, emulator.url) as url,
        chromium(microphone) as browser,
        listening(browser) as ears,
    ):
        await _talk(ears, f"{url}?transport=websocket")
        await _hear_one_answer(ears)
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
        _served(vite_app, emulator.url) as url,
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
        await _hear_one_answer(ears)
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
        _served(vite_app, emulator.url) as url,
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
        await ears.page.screenshot(path=_artefact("denied"))


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
        _served(vite_app, emulator.url, env=env) as url,
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
        _served(vite_app, emulator.url) as url,
        chromium(microphone) as browser,
        listening(browser, width=width, height=height, is_dark=is_dark) as ears,
    ):
        await ears.page.goto(url)
        await expect(ears.page.locator("#emulated")).to_be_visible()
        look = f"{width}-{'dark' if is_dark else 'light'}"
        await ears.page.screenshot(path=_artefact(f"idle-{look}"))
        violations = [(await axe.run(ears.page)).generate_report()]
        counts = [(await axe.run(ears.page)).violations_count]

        await ears.page.keyboard.press("Space")
        await _hear_one_answer(ears)
        await ears.page.screenshot(path=_artefact(f"live-{look}"))
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
        await ears.page.screenshot(path=_artefact(f"ended-{look}"), full_page=True)

        assert counts == [0, 0, 0], "\n".join(violations)
        assert "\n".join(await ears.layout_shifts()) == ""
        assert ears.complaints == []
