"""First voice: speech into a browser's microphone comes back, measured, over both transports."""

import re
import wave
from pathlib import Path

import numpy as np
import pytest
from playwright.async_api import Browser, Page, expect

from tests.e2e.conftest import SPEECH
from tests.e2e.running import Run
from tests.e2e.sound import measure, pitch
from tests.fakes.speech import ONE_TURN

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(420)]

_EAR = Path(__file__).parent / "ear.js"
_SEMITONES = 3


async def _enter(run: Run, browser: Browser, *, query: str = "") -> Page:
    """A visitor with a phone-sized screen who accepts the invitation."""
    context = await browser.new_context(viewport={"width": 390, "height": 844})
    page = await context.new_page()
    await page.add_init_script(path=_EAR)
    await page.goto(run.told["invite_url"])
    await page.get_by_role("button", name="Come in").click()
    if query:
        await page.goto(f"{run.told['public_url']}/{query}")
    await expect(page.locator("#talk")).to_be_enabled()
    return page


def _spoken_pitch() -> float:
    with wave.open(str(ONE_TURN.path)) as file:
        rate = file.getframerate()
        samples = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2") / 32768
    size = rate * 2048 // 48000
    found = [pitch(samples[i : i + size].tolist(), rate) for i in range(0, len(samples), size)]
    voiced = sorted(filter(None, found))
    return float(voiced[len(voiced) // 2])


def _times(log: str, name: str) -> list[int]:
    return [int(found) for found in re.findall(rf'"{name}":\s*(\d+)', log)]


@pytest.mark.parametrize(
    ("transport", "query"), [("webrtc", ""), ("websocket", "?transport=websocket")]
)
async def test_speech_comes_back_in_another_pitch(
    run: Run, browser: Browser, pictures: Path, transport: str, query: str
) -> None:
    page = await _enter(run, browser, query=query)
    await page.screenshot(path=pictures / f"{transport}-idle.png")

    await page.locator("#talk").click()
    await expect(page.locator("#transcript")).to_contain_text("semitones higher", timeout=20_000)
    await expect(page.locator("body")).to_have_attribute("data-activity", "listening")
    await page.screenshot(path=pictures / f"{transport}-answered.png", full_page=True)

    heard = measure(await page.evaluate("window.__heard()"))
    (turn,) = ONE_TURN.turns
    spoken_ms = turn.end_ms - turn.start_ms
    assert heard is not None
    assert heard.length_ms == pytest.approx(spoken_ms, abs=350)
    assert -30 < heard.level_dbfs < -6
    assert heard.pitch_hz / _spoken_pitch() == pytest.approx(2 ** (_SEMITONES / 12), rel=0.08)
    _assert_turn_was_found(await _events(page), spoken_ms)


async def _events(page: Page) -> str:
    """The page's own event log, as JSON texts: all rows that tell of the turn, opened."""
    await page.locator("#events > summary").click()
    await page.locator("#event-filter").fill("input_audio_buffer.speech")
    for row in await page.locator("#event-list summary").all():
        await row.click()
    return "\n".join(await page.locator("#event-list pre").all_inner_texts())


def _assert_turn_was_found(log: str, spoken_ms: int) -> None:
    (start,), (end,) = _times(log, "audio_start_ms"), _times(log, "audio_end_ms")
    # The start is padded by 300 ms and the end by the silence that was waited for.
    assert spoken_ms - 200 < end - start < spoken_ms + 300 + 700


async def test_edit_shows_without_a_reload(
    run: Run, browser: Browser, app: Path, pictures: Path
) -> None:
    page = await _enter(run, browser)
    await page.evaluate("window.__mark = 'not reloaded'")
    await page.screenshot(path=pictures / "hmr-before.png")
    style = next((app / "src").rglob("*.css"))

    style.write_text(
        f"{style.read_text(encoding='utf-8')}\n#talk {{ outline: 7px solid rgb(1, 2, 3) }}\n",
        encoding="utf-8",
    )

    await expect(page.locator("#talk")).to_have_css("outline-width", "7px", timeout=10_000)
    await page.screenshot(path=pictures / "hmr-after.png")
    assert await page.evaluate("window.__mark") == "not reloaded"


class TestDenied:
    """A browser that says no to the microphone."""

    @pytest.fixture
    def browser_flags(self) -> list[str]:
        return [SPEECH, "--deny-permission-prompts"]

    async def test_page_says_what_to_do_when_the_microphone_is_denied(
        self, run: Run, browser: Browser, pictures: Path
    ) -> None:
        page = await _enter(run, browser)

        await page.locator("#talk").click()

        failure = page.locator("#failure")
        await expect(failure).to_be_visible()
        await expect(failure).to_have_attribute("data-code", "RT601")
        await page.screenshot(path=pictures / "denied.png")
        assert "microphone" in (await failure.inner_text()).lower()
