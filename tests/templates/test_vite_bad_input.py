"""What a person is told in a real browser when something about a call is wrong."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, Route, expect

from rtstart.adapters.emulator.ice import LOOPBACK
from rtstart.adapters.emulator.server import Emulator, EmulatorOptions
from rtstart.core.realtime.scenario import CallTool, Reply, Say, Scenario, Tone, When
from tests.fakes.browser import chromium, listening
from tests.fakes.cutting import Cuttable
from tests.templates.app import App
from tests.templates.serving import artefact, hear_one_answer, served, talk

pytestmark = [pytest.mark.templates, pytest.mark.timeout(180)]

Edit = Callable[[str, str, str], None]


async def _fails_with(page: Page, code: str, *words: str, within_s: float = 15) -> None:
    failure = page.locator("#failure")
    await expect(failure).to_have_attribute("data-code", code, timeout=within_s * 1000)
    for word in words:
        await expect(failure).to_contain_text(word)
    await page.screenshot(path=artefact(f"failed-{code}"), full_page=True)


async def test_missing_microphone_is_named(vite_app: App, emulator: Emulator) -> None:
    async with (
        served(vite_app, emulator.url) as url,
        chromium(None, "--disable-audio-input", "--use-fake-ui-for-media-stream") as browser,
        listening(browser) as ears,
    ):
        await ears.page.goto(url)
        await ears.page.locator("#talk").click()

        await _fails_with(ears.page, "RT602", "Connect a microphone")
        assert ears.complaints == []


async def test_insecure_address_is_named(
    vite_app: App, emulator: Emulator, microphone: Path
) -> None:
    name = "voice.example.test"
    async with (
        served(
            vite_app,
            emulator.url,
            env={"RTSTART_PUBLIC_HOSTS": name},
            web_env={"RTSTART_PUBLIC_HOSTS": name},
        ) as url,
        chromium(microphone, f"--host-resolver-rules=MAP {name} 127.0.0.1") as browser,
        listening(browser) as ears,
    ):
        await ears.page.goto(url.replace("localhost", name))
        await ears.page.locator("#talk").click()

        await _fails_with(ears.page, "RT604", f"http://{name}", "Open the https address")


async def test_voice_that_does_not_exist_is_named(
    vite_app: App, emulator: Emulator, microphone: Path
) -> None:
    async with (
        served(vite_app, emulator.url, env={"REALTIME_VOICE": "nobody"}) as url,
        chromium(microphone) as browser,
        listening(browser) as ears,
    ):
        await ears.page.goto(url)
        await ears.page.locator("#talk").click()

        await _fails_with(ears.page, "RT518", "nobody")


async def test_token_service_that_is_down_is_named(
    vite_app: App, emulator: Emulator, microphone: Path
) -> None:
    async with (
        # Nothing listens on port 9 of this machine.
        served(vite_app, emulator.url, web_env={"TOKEN_PORT": "9"}) as url,
        chromium(microphone) as browser,
        listening(browser) as ears,
    ):
        await ears.page.goto(url)
        await expect(ears.page.locator("#model")).to_have_text("the server does not answer")
        await ears.page.locator("#talk").click()

        await _fails_with(
            ears.page, "RT514", "the service that answers POST /session must be running"
        )


async def test_token_service_that_never_answers_is_given_up(
    vite_app: App, emulator: Emulator, microphone: Path
) -> None:
    hang = asyncio.Event()

    async def never(route: Route) -> None:
        await hang.wait()
        await route.abort()

    async with (
        served(vite_app, emulator.url) as url,
        chromium(microphone) as browser,
        listening(browser) as ears,
    ):
        await ears.page.route("**/session", never)
        await ears.page.goto(url)
        await ears.page.locator("#talk").click()
        await expect(ears.page.locator("#status")).to_have_text("Asking for a token.")

        await _fails_with(ears.page, "RT515", within_s=25)
        hang.set()


_ERROR = {"type": "token_service_error", "param": None}


@pytest.mark.parametrize(
    ("status", "kind", "body", "code", "words"),
    [
        (401, "text/html", "<h1>Log in</h1>", "RT516", "invitation"),
        (
            429,
            "application/json",
            json.dumps({"error": {**_ERROR, "code": "too_many_calls", "message": "in 12 s"}}),
            "RT513",
            "in 12 s",
        ),
        (200, "text/html", "<h1>You are about to visit</h1>", "RT512", "web page"),
    ],
)
async def test_refusals_on_the_way_to_a_token_are_told_apart(
    vite_app: App,
    emulator: Emulator,
    microphone: Path,
    status: int,
    kind: str,
    body: str,
    code: str,
    words: str,
) -> None:
    async with (
        served(vite_app, emulator.url) as url,
        chromium(microphone) as browser,
        listening(browser) as ears,
    ):
        await ears.page.route(
            "**/session",
            lambda route: route.fulfill(status=status, content_type=kind, body=body),
        )
        await ears.page.goto(url)
        await ears.page.locator("#talk").click()

        await _fails_with(ears.page, code, words)


async def test_api_that_goes_away_for_good_ends_the_call_with_its_words_kept(
    vite_app: App, emulator: Emulator, microphone: Path
) -> None:
    async with (
        served(vite_app, emulator.url) as url,
        chromium(microphone) as browser,
        listening(browser) as ears,
    ):
        async with Cuttable(emulator.port) as way:
            origin = way.url
            await ears.page.route(
                "**/session",
                lambda route: _point_at(route, origin),
            )
            await talk(ears, f"{url}?transport=websocket")
            await hear_one_answer(ears)
        body = ears.page.locator("body")
        await expect(body).to_have_attribute("data-phase", "reconnecting")
        await expect(ears.page.locator("#status")).to_contain_text("Trying to get it back")
        await ears.page.screenshot(path=artefact("reconnecting"))

        await expect(body).to_have_attribute("data-phase", "failed", timeout=60_000)
        await _fails_with(ears.page, "RT610", "Press Talk to go on")
        await expect(ears.page.locator('.turn[data-speaker="assistant"]')).to_have_count(1)


async def _point_at(route: Route, origin: str) -> None:
    answer = await route.fetch()
    secret = await answer.json()
    await route.fulfill(json=secret | {"realtime_url": f"{origin}/v1/realtime"})


_BAD_TOOLS = """
const bad = (name: string, run: () => unknown): Tool => ({
  name,
  description: name,
  parameters: { type: "object", properties: {} },
  timeoutMs: 1000,
  run,
});
export const tools: readonly Tool[] = [
  bad("throws", () => { throw new Error("no such city"); }),
  bad("hangs", () => new Promise(() => undefined)),
  bad("floods", () => "x".repeat(1_000_000)),
];
"""


async def test_bad_tools_are_told_to_the_model_and_the_call_goes_on(
    vite_app: App, edited: Edit, microphone: Path
) -> None:
    names = ("throws", "hangs", "floods")
    scenario = Scenario(
        replies=(
            Reply(tuple(CallTool(name, "{}") for name in names), When(turn=1)),
            Reply((Say("That did not work.", Tone(440, 1.0)),), When(cause="client")),
        )
    )
    edited("src/tools.ts", "export const tools: readonly Tool[] = [localTime, openPage];", "")
    edited("src/tools.ts", "const localTime", f"{_BAD_TOOLS}\nexport const localTime")
    edited("src/tools.ts", "const openPage", "export const openPage")
    options = EmulatorOptions(advertise=(LOOPBACK,), scenario=scenario)
    async with (
        Emulator(options) as emulator,
        served(vite_app, emulator.url) as url,
        chromium(microphone) as browser,
        listening(browser) as ears,
    ):
        await talk(ears, f"{url}?transport=websocket")
        await expect(ears.page.locator(".turn.tool")).to_have_count(3, timeout=20_000)
        await hear_one_answer(ears)

        rows = ears.page.locator(".turn.tool")
        states = await rows.evaluate_all("rows => rows.map((row) => row.dataset.state)")
        assert states == ["failed", "failed", "done"]
        await expect(ears.page.locator("body")).to_have_attribute("data-phase", "live")
        await expect(ears.page.locator("#failure")).to_be_hidden()
        outputs = [
            event["item"]["output"]
            for frame in ears.frames
            if (event := _event(frame))["type"] == "conversation.item.added"
            and event["item"]["type"] == "function_call_output"
        ]
        assert outputs[:2] == [
            '{"error":"no such city"}',
            '{"error":"no answer within 1 seconds"}',
        ]
        assert '"characters_left_out":' in outputs[2]
        assert len(outputs[2]) < 40_000
        assert await ears.sounding_s() == pytest.approx(1.0, rel=0.35)
        await ears.page.screenshot(path=artefact("tools-bad"))


def _event(frame: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads(frame)
    return event
