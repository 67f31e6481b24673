"""The page in a real browser whose microphone says hello: calls by every way, heard."""

import os
import shutil
import wave
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.conftest import Serve, missing

SPEECH = Path(__file__).parent / "hello.wav"
# Where Chrome or Chromium usually is; CHROME_PATH says another place.
PLACES = [
    os.environ.get("CHROME_PATH", ""),
    shutil.which("google-chrome") or "",
    shutil.which("chromium") or "",
    shutil.which("chromium-browser") or "",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
]


@pytest.fixture(scope="module")
def microphone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the microphone hears, again and again: somebody speaks, then waits for an answer."""
    path = tmp_path_factory.mktemp("sound") / "microphone.wav"
    with wave.open(str(SPEECH), "rb") as speech, wave.open(str(path), "wb") as file:
        file.setparams(speech.getparams())
        file.writeframes(bytes(2 * speech.getframerate()))
        file.writeframes(speech.readframes(speech.getnframes()))
        file.writeframes(bytes(2 * 8 * speech.getframerate()))
    return path


@pytest.fixture(scope="module")
def browser(microphone: Path) -> Iterator[Browser]:
    """Chrome, with a microphone that it may use."""
    found = next((place for place in PLACES if place and Path(place).is_file()), None)
    if found is None:
        missing("Chrome", "install it, or set CHROME_PATH to one")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=found,
            args=[
                "--use-fake-ui-for-media-stream",
                "--use-fake-device-for-media-stream",
                f"--use-file-for-fake-audio-capture={microphone}",
                "--no-sandbox",
            ],
        )
        yield browser
        browser.close()


def _open(browser: Browser, url: str, complaints: list[str]) -> Page:
    page = browser.new_page()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "console",
        lambda message: complaints.append(message.text) if message.type == "error" else None,
    )
    page.goto(url)
    return page


def _hear_an_answer(page: Page) -> None:
    page.locator("#talk").click()
    expect(page.locator("body")).to_have_attribute("data-phase", "live", timeout=20_000)
    expect(page.locator("body")).to_have_attribute("data-activity", "speaking", timeout=20_000)
    page.wait_for_function(
        "() => Number(document.querySelector('#reply').getAttribute('aria-valuenow')) > -50"
    )
    expect(page.locator('.turn[data-speaker="assistant"]').first).to_be_visible()


@pytest.mark.parametrize("transport", ["webrtc", "websocket", "server"])
def test_a_call_is_heard(browser: Browser, serve: Serve, transport: str) -> None:
    complaints: list[str] = []
    page = _open(browser, f"{serve()}/?transport={transport}", complaints)

    _hear_an_answer(page)
    page.close()

    assert complaints == []


def test_a_closed_door_is_told_on_the_page(browser: Browser, serve: Serve) -> None:
    page = _open(browser, serve(APP_ENV="production"), [])

    page.locator("#talk").click()

    expect(page.locator("#failure")).to_have_attribute("data-code", "RT526")
    expect(page.locator("#failure")).to_contain_text("app/authorise.py")
    expect(page.locator("body")).to_have_attribute("data-phase", "failed")
    page.close()
