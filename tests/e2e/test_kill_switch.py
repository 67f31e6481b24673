"""A call that goes past the gateway is known to it all the same, and ends when all calls are."""

from pathlib import Path

import pytest
from playwright.async_api import async_playwright, expect

from rtstart.adapters.emulator.server import Emulator, EmulatorOptions
from rtstart.commands.dev import DevRequest
from rtstart.core.events import Announced, Called, CallsStopped
from tests.e2e.conftest import ALLOWED, SPEECH, chromium
from tests.fakes.dev_sessions import session_of
from tests.fakes.projects import KEY

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]


async def test_calls_that_pass_by_the_gateway_are_known_and_ended(
    app: Path, user_env: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in user_env.items():
        monkeypatch.setenv(name, value)
    async with Emulator(EmulatorOptions(advertise=("127.0.0.1",))) as api:
        # As with the real API: the page speaks to another origin, past the gateway.
        (app / ".env").write_text(
            f"OPENAI_API_KEY={KEY}\nOPENAI_BASE_URL={api.base_url}\n"
            f"REALTIME_URL={api.base_url}/realtime\n",
            encoding="utf-8",
        )
        request = DevRequest(app, tunnel="none")
        async with session_of(request, agrees=True) as run, async_playwright() as playwright:
            told = await run.until(lambda event: isinstance(event, Announced), within_s=40)
            assert isinstance(told, Announced)
            browser = await chromium(playwright, env=user_env, flags=[ALLOWED, SPEECH])
            page = await browser.new_page()
            await page.goto(told.local_url)
            await page.locator("#talk").click()
            await expect(page.locator("body")).to_have_attribute("data-phase", "live")

            people = run.session.people()
            assert people is not None
            assert [(name, call.is_open(people.now)) for name, call, _ in people.calls] == [
                ("developer", True)
            ]

            run.session.toggle_calls()

            await run.until(lambda event: isinstance(event, CallsStopped))
            await expect(page.locator("body")).not_to_have_attribute("data-phase", "live")
            await page.reload()
            await page.locator("#talk").click()
            await expect(page.locator("#failure")).to_contain_text("stopped all calls")
            await browser.close()

    (stopped,) = run.of(CallsStopped)
    assert (stopped.hung_up, stopped.still_open) == (1, ())
    assert [event.is_over for event in run.of(Called)] == [False, True]
