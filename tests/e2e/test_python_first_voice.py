"""First voice of the python template: a machine without Node, a visitor, all three ways."""

import subprocess
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.e2e.running import Run
from tests.e2e.sound import measure
from tests.fakes.speech import ONE_TURN

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(420)]

_EAR = Path(__file__).parent / "ear.js"


@pytest.fixture(scope="session")
def user_env(user_env: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A machine where `node` is nothing that could run an app."""
    folder = tmp_path_factory.mktemp("no-node")
    for name in ("node", "npm"):
        (folder / name).write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
        (folder / name).chmod(0o755)
    return user_env | {"PATH": f"{folder}:{user_env['PATH']}"}


@pytest.fixture
def app(user_env: dict[str, str], tmp_path: Path) -> Path:
    """A python app as `rtstart new` leaves it."""
    made = subprocess.run(
        ["rtstart", "new", str(tmp_path / "myapp"), "--template", "python", "--yes"],
        env=user_env,
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    return tmp_path / "myapp"


async def test_speech_comes_back_over_every_way(run: Run, browser: Browser, pictures: Path) -> None:
    (turn,) = ONE_TURN.turns
    context = await browser.new_context(viewport={"width": 390, "height": 844})
    page = await context.new_page()
    await page.goto(run.told["invite_url"])
    await page.get_by_role("button", name="Come in").click()
    await page.close()
    for transport in ("webrtc", "websocket", "server"):
        page = await context.new_page()
        await page.add_init_script(path=_EAR)
        await page.goto(f"{run.told['public_url']}/?transport={transport}")
        await expect(page.locator("#model")).to_contain_text("gpt-realtime")
        await page.locator("#talk").click()
        await expect(page.locator("#transcript")).to_contain_text("higher", timeout=20_000)
        await expect(page.locator("body")).to_have_attribute("data-activity", "listening")
        await page.screenshot(path=pictures / f"python-{transport}-answered.png", full_page=True)
        heard = measure(await page.evaluate("window.__heard()"))
        await page.close()

        assert heard is not None, transport
        assert heard.length_ms == pytest.approx(turn.end_ms - turn.start_ms, abs=350), transport
        assert -30 < heard.level_dbfs < -6, transport
    assert [one["state"] for one in run.of("proof_step")].count("failed") == 0
