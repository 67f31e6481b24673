"""The nextjs app in a real browser keeps what the vite app promises, and what React adds to it."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import expect

from rtstart.adapters.emulator.ice import LOOPBACK
from rtstart.adapters.emulator.server import Emulator, EmulatorOptions
from rtstart.core.realtime.scenario import CallTool, Reply, Say, Scenario, When
from tests.fakes.browser import chromium, listening
from tests.templates.app import App
from tests.templates.serving import artefact, hear_one_answer, served, talk
from tests.templates.test_vite_browser import (  # noqa: F401 - collected here for this page too
    test_levels_on_the_page_are_those_of_the_sound,
    test_nothing_moves_when_a_call_begins,
    test_page_has_no_barrier_and_does_not_jump,
    test_page_names_why_there_is_no_token,
    test_page_says_what_to_do_when_the_microphone_is_denied,
    test_speech_comes_back_as_sound,
    test_what_is_played_is_what_was_sent,
)

pytestmark = [pytest.mark.templates, pytest.mark.timeout(180)]


@pytest.fixture(scope="module", autouse=True)
def opened(nextjs_app: App) -> Iterator[None]:
    """In production everybody may call, as long as these tests run."""
    hook = nextjs_app.folder / "server" / "authorise.ts"
    before = hook.read_text(encoding="utf-8")
    closed = "export const authorise: Authorise = closed;"
    assert closed in before
    opened = before.replace('import { closed } from "./access.ts";\n', "")
    hook.write_text(
        opened.replace(closed, 'export const authorise: Authorise = () => "anybody";'),
        encoding="utf-8",
    )
    yield
    hook.write_text(before, encoding="utf-8")


@pytest.fixture(scope="session")
def vite_app(nextjs_app: App) -> App:
    """What the promises that both pages keep are tried on here."""
    return nextjs_app


_COUNTED = """
globalThis.made = { microphones: [], peers: 0, channels: 0 };
const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = async (wanted) => {
  const stream = await ask(wanted);
  made.microphones.push(...stream.getTracks());
  return stream;
};
globalThis.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(...given) { super(...given); made.peers += 1; }
};
globalThis.BroadcastChannel = class extends BroadcastChannel {
  constructor(name) { super(name); made.channels += 1; }
  close() { super.close(); made.channels -= 1; }
};
"""


async def test_page_that_is_mounted_twice_makes_one_call_and_leaves_nothing_behind(
    nextjs_app: App, emulator: Emulator, microphone: Path
) -> None:
    async with (
        served(nextjs_app, emulator.url) as url,
        chromium(microphone) as browser,
        listening(browser) as ears,
    ):
        minted: list[str] = []
        ears.page.on(
            "request", lambda asked: minted.append(asked.url) if asked.method == "POST" else None
        )
        await ears.page.add_init_script(_COUNTED)
        await talk(ears, url)
        await hear_one_answer(ears)
        count = "({ ...made, microphones: made.microphones.map((track) => track.readyState) })"
        in_call = await ears.page.evaluate(count)
        # Just after an answer a press may have been meant to interrupt it, and hangs nothing up.
        await ears.page.wait_for_timeout(800)
        await ears.page.locator("#talk").click()
        await expect(ears.page.locator("body")).to_have_attribute("data-phase", "ended")
        after = await ears.page.evaluate(count)

    assert in_call == {"microphones": ["live"], "peers": 1, "channels": 1}
    assert after == {"microphones": ["ended"], "peers": 1, "channels": 1}
    assert minted == [f"{url}session", f"{emulator.url}/v1/realtime/calls"]
    assert ears.complaints == []


async def test_edit_shows_in_a_running_call_without_ending_it(
    nextjs_app: App, emulator: Emulator, microphone: Path
) -> None:
    source = nextjs_app.folder / "src" / "page" / "transcript.tsx"
    before = source.read_text(encoding="utf-8")
    async with (
        served(nextjs_app, emulator.url) as url,
        chromium(microphone) as browser,
        listening(browser) as ears,
    ):
        await talk(ears, url)
        await hear_one_answer(ears)
        await ears.page.evaluate("globalThis.mark = 'not reloaded'")
        try:
            source.write_text(before.replace('"Conversation"', '"What was said"'), encoding="utf-8")

            await expect(ears.page.locator("#transcript")).to_have_attribute(
                "aria-label", "What was said", timeout=20_000
            )
        finally:
            source.write_text(before, encoding="utf-8")

        assert await ears.page.evaluate("globalThis.mark") == "not reloaded"
        await expect(ears.page.locator("body")).to_have_attribute("data-phase", "live")
        await expect(ears.page.locator("body")).to_have_attribute("data-session", "1")
        await expect(ears.page.locator(".turn")).to_have_count(2)


@pytest.mark.parametrize("web", ["dev", "built"])
async def test_tool_that_needs_the_server_runs_there_by_a_server_action(
    nextjs_app: App, microphone: Path, web: str
) -> None:
    if web == "built":
        built = nextjs_app.npm("run", "build")
        assert built.returncode == 0, built.stdout
    scenario = Scenario(
        replies=(
            Reply((CallTool("roll_dice", '{"count": 2, "sides": 6}'),), When(turn=1)),
            Reply((Say("There they are."),), When(cause="client")),
        )
    )
    options = EmulatorOptions(advertise=(LOOPBACK,), scenario=scenario)
    async with (
        Emulator(options) as emulator,
        served(nextjs_app, emulator.url, web=web) as url,
        chromium(microphone) as browser,
        listening(browser) as ears,
    ):
        await talk(ears, f"{url}?transport=websocket")

        row = ears.page.locator(".turn.tool")
        await expect(row).to_have_attribute("data-state", "done", timeout=20_000)
        await row.locator("summary").click()
        rolled = json.loads(await row.locator("pre").nth(1).inner_text())["rolled"]
        assert [1 <= one <= 6 for one in rolled] == [True, True]
        await hear_one_answer(ears)
        await ears.page.screenshot(path=artefact(f"nextjs-dice-{web}"))
        assert ears.complaints == []
