"""The python app in a real browser: real speech in, measured sound out, over all three ways."""

import re
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import expect

from rtstart.adapters.emulator.server import Emulator
from tests.fakes.browser import Ears, chromium, listening
from tests.fakes.pieces import InPieces
from tests.fakes.speech import ONE_TURN
from tests.fakes.states import states_of
from tests.templates.python_app import PythonApp, served
from tests.templates.serving import artefact, hear_one_answer, talk

pytestmark = [pytest.mark.templates, pytest.mark.timeout(180)]

_SPOKEN_S = (ONE_TURN.turns[0].end_ms - ONE_TURN.turns[0].start_ms) / 1000


def _of_the_page(ears: Ears) -> list[str]:
    """Complaints but that about the ears' own worklet, which the page's policy rightly refuses."""
    return [one for one in ears.complaints if "worklet module script: blob:" not in one]


@pytest.mark.parametrize("transport", ["webrtc", "websocket", "server"])
async def test_speech_comes_back_as_sound(
    python_app: PythonApp, emulator: Emulator, microphone: Path, transport: str
) -> None:
    async with (
        served(python_app, emulator.url) as url,
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
        assert _of_the_page(ears) == []
        assert "\n".join(await ears.layout_shifts()) == ""
        await ears.page.screenshot(path=artefact(f"python-live-{transport}"))


@pytest.mark.parametrize("width", [320, 390])
async def test_nothing_moves_while_the_page_comes_in_pieces(
    python_app: PythonApp, width: int
) -> None:
    async with (
        states_of(python_app.folder / "app" / "web") as url,
        InPieces(url) as slow,
        chromium(None) as browser,
        listening(browser, width=width, height=844) as ears,
    ):
        pieces = await slow.show(ears.page)
        await expect(ears.page.locator("#model")).to_contain_text("gpt-realtime")

        assert pieces > 30
        assert "\n".join(await ears.layout_shifts()) == ""


@pytest.mark.parametrize(
    ("width", "look"),
    [
        (320, {"color_scheme": "light"}),
        (390, {"color_scheme": "dark"}),
        (1280, {"color_scheme": "light", "reduced_motion": "reduce"}),
        (390, {"forced_colors": "active"}),
    ],
)
async def test_every_state_fits_and_has_no_barrier(
    python_app: PythonApp, width: int, look: dict[str, Any]
) -> None:
    axe = Axe()
    found: list[str] = []
    async with (
        states_of(python_app.folder / "app" / "web") as url,
        chromium(None) as browser,
        await browser.new_context(viewport={"width": width, "height": 844}, **look) as context,
    ):
        page = await context.new_page()
        page.on("pageerror", lambda error: found.append(f"uncaught: {error}"))
        await page.goto(url)
        await expect(page.locator("#model")).to_contain_text("gpt-realtime")
        for drawer in ("events", "settings", "numbers"):
            await page.locator(f"#{drawer} > summary").click()
        for name in await page.evaluate("names"):
            await page.evaluate("(name) => show(name)", name)
            wide = await page.evaluate("document.documentElement.scrollWidth")
            cut = await page.evaluate("cut()")
            if wide > width or cut:
                found.append(f"{name}: {wide} px wide, cut off: {cut}")
            if name == "asking":
                result = await axe.run(page)
                if result.violations_count:
                    found.append(f"{name}: {result.generate_report()}")
            if picture := artefact(f"state-{width}-{'-'.join(look.values())}-{name}"):
                await page.screenshot(path=picture, full_page=True)

    assert "\n".join(found) == ""


_LINE = """words => {
  const line = document.querySelector("#status");
  line.textContent = words;
  const text = document.createRange();
  text.selectNodeContents(line);
  const below = document.querySelector(".drawers").getBoundingClientRect().top;
  return [text.getClientRects()[0].top, below];
}"""


async def test_sentences_of_any_length_stand_in_the_same_place(python_app: PythonApp) -> None:
    longer = "Waiting for the microphone: the browser asks beside its address."
    async with (
        states_of(python_app.folder / "app" / "web") as url,
        chromium(None) as browser,
        listening(browser, width=390, height=844) as ears,
    ):
        await ears.page.goto(url)
        await expect(ears.page.locator("#emulated")).to_be_visible()

        places = [await ears.page.evaluate(_LINE, words) for words in ("Your turn.", longer)]

        assert places[0] == places[1]


# The other two looks are the vite app's, whose page it is.
@pytest.mark.parametrize(("width", "height", "is_dark"), [(390, 844, True), (1280, 800, False)])
async def test_page_has_no_barrier_and_does_not_jump(
    python_app: PythonApp,
    emulator: Emulator,
    microphone: Path,
    width: int,
    height: int,
    is_dark: bool,
) -> None:
    axe = Axe()
    async with (
        served(python_app, emulator.url) as url,
        chromium(microphone) as browser,
        listening(browser, width=width, height=height, is_dark=is_dark) as ears,
    ):
        await ears.page.goto(f"{url}?transport=server")
        await expect(ears.page.locator("#emulated")).to_be_visible()
        look = f"python-{width}-{'dark' if is_dark else 'light'}"
        await ears.page.screenshot(path=artefact(f"{look}-idle"))
        await ears.page.locator("#talk").click()
        await hear_one_answer(ears)
        await ears.page.screenshot(path=artefact(f"{look}-live"))
        await ears.page.wait_for_timeout(800)
        await ears.page.locator("#talk").click()
        await expect(ears.page.locator("body")).to_have_attribute("data-phase", "ended")
        for drawer in ("settings", "numbers"):
            await ears.page.locator(f"#{drawer} > summary").click()
        await expect(ears.page.locator("#transport")).to_have_value("server")
        result = await axe.run(ears.page)
        await ears.page.screenshot(path=artefact(f"{look}-ended"), full_page=True)

        assert result.violations_count == 0, result.generate_report()
        assert "\n".join(await ears.layout_shifts()) == ""
        assert _of_the_page(ears) == []
