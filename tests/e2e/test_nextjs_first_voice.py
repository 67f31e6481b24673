"""First voice of the nextjs template through the gateway: calls, hot reload, server actions."""

import subprocess
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, expect

from tests.e2e.conftest import ALLOWED
from tests.e2e.running import Run
from tests.e2e.sound import measure
from tests.fakes.browser import spoken_at
from tests.fakes.speech import ONE_TURN

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(420)]

_EAR = Path(__file__).parent / "ear.js"
_DICE = """"use client";
import { useState } from "react";
import { rollDice } from "../actions.ts";
export default function Page() {
  const [rolled, setRolled] = useState("");
  const roll = async () => setRolled(JSON.stringify(await rollDice(3, 6)));
  return <button onClick={() => void roll()}>Roll {rolled}</button>;
}
"""


@pytest.fixture
def app(user_env: dict[str, str], tmp_path: Path) -> Path:
    """A nextjs app as `rtstart new` leaves it, with one more page that throws the dice."""
    made = subprocess.run(
        ["rtstart", "new", str(tmp_path / "myapp"), "--template", "nextjs", "--yes"],
        env=user_env,
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    page = tmp_path / "myapp" / "app" / "dice" / "page.tsx"
    page.parent.mkdir()
    page.write_text(_DICE, encoding="utf-8")
    return tmp_path / "myapp"


@pytest.fixture
def browser_flags(tmp_path: Path) -> list[str]:
    """A microphone that is silent until a call can have begun on a slow machine."""
    speech = spoken_at(ONE_TURN, tmp_path / "late.wav", 6.0, ends_s=20)
    return [ALLOWED, f"--use-file-for-fake-audio-capture={speech}%noloop"]


async def test_visitor_calls_sees_edits_and_reaches_the_server(
    run: Run, app: Path, browser: Browser, pictures: Path
) -> None:
    context = await browser.new_context(viewport={"width": 390, "height": 844})
    page = await context.new_page()
    await page.goto(run.told["invite_url"])
    await page.get_by_role("button", name="Come in").click()
    await expect(page.locator("#talk")).to_be_enabled(timeout=20_000)
    await page.close()

    for transport in ("webrtc", "websocket"):
        await _is_heard(context, f"{run.told['public_url']}/?transport={transport}", pictures)
    await _edit_shows(context, run.told["public_url"], app)
    page = await context.new_page()
    await page.goto(f"{run.told['public_url']}/dice")
    await page.get_by_role("button", name="Roll").click()
    await expect(page.get_by_role("button")).to_contain_text("[", timeout=20_000)

    steps = {one["name"]: one["state"] for one in run.of("proof_step")}
    assert steps["hmr"] == "passed"
    assert "failed" not in steps.values()


async def _is_heard(context: BrowserContext, url: str, pictures: Path) -> None:
    (turn,) = ONE_TURN.turns
    page = await context.new_page()
    await page.add_init_script(path=_EAR)
    await page.goto(url)
    await page.locator("#talk").click()
    await expect(page.locator("#transcript")).to_contain_text("higher", timeout=20_000)
    await expect(page.locator("body")).to_have_attribute("data-activity", "listening")
    name = f"nextjs-{url.rpartition('=')[2]}-answered.png"
    await page.screenshot(path=pictures / name, full_page=True)
    heard = measure(await page.evaluate("window.__heard()"))
    await page.close()

    assert heard is not None, url
    assert heard.length_ms == pytest.approx(turn.end_ms - turn.start_ms, abs=350), url
    assert -30 < heard.level_dbfs < -6, url


async def _edit_shows(context: BrowserContext, url: str, app: Path) -> None:
    page = await context.new_page()
    await page.goto(url)
    await expect(page.locator("#talk")).to_be_enabled(timeout=20_000)
    await page.evaluate("window.mark = 'not reloaded'")
    source = app / "src" / "page" / "transcript.tsx"
    text = source.read_text(encoding="utf-8")
    source.write_text(text.replace('"Conversation"', '"What was said"'), encoding="utf-8")

    await expect(page.locator("#transcript")).to_have_attribute(
        "aria-label", "What was said", timeout=20_000
    )
    assert await page.evaluate("window.mark") == "not reloaded"
    await page.close()
