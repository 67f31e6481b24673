"""The vite app on OpenAI's agents client: its tools and approvals, and our survival under it."""

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect

from rtstart.adapters.emulator.ice import LOOPBACK
from rtstart.adapters.emulator.server import Emulator, EmulatorOptions
from rtstart.core.realtime.scenario import CallTool, Reply, Say, Scenario, Tone, When
from tests.fakes.browser import chromium, listening, spoken_at
from tests.fakes.cutting import Cuttable
from tests.fakes.speech import ONE_TURN
from tests.templates.app import App, node_env
from tests.templates.serving import artefact, hear_one_answer, served, talk
from tools.render import render

pytestmark = [pytest.mark.templates, pytest.mark.timeout(180)]

_TIME = CallTool("local_time", '{"time_zone":"Europe/Lisbon"}')
_REMIND = CallTool("add_reminder", '{"text":"Tea","minutes":5}')
_TONE = Tone(440, 1.0)


@pytest.fixture(scope="module")
def agents_app(tmp_path_factory: pytest.TempPathFactory) -> App:
    """The vite template with client=agents-sdk, installed from its lock file."""
    app = App(tmp_path_factory.mktemp("agents") / "app", node_env())
    render("vite", app.folder, "Voice Demo", {"client": "agents-sdk"})
    installed = app.npm("ci", "--no-audit", "--no-fund", "--prefer-offline")
    assert installed.returncode == 0, installed.stdout
    return app


@pytest.mark.parametrize("script", ["lint", "types", "test", "build"])
def test_script_passes_on_the_agents_client(agents_app: App, script: str) -> None:
    done = agents_app.npm("run", script)

    assert done.returncode == 0, done.stdout


def _events(frames: list[str], kind: str) -> list[dict[str, Any]]:
    return [event for frame in frames if (event := json.loads(frame))["type"] == kind]


@pytest.mark.parametrize("transport", ["webrtc", "websocket"])
async def test_tools_of_the_agent_are_run_and_asked_for(
    agents_app: App, microphone: Path, transport: str
) -> None:
    scenario = Scenario(
        replies=(
            Reply((_TIME, _REMIND), When(turn=1)),
            Reply((Say("It is late, and I will remind you.", _TONE),), When(cause="client")),
        )
    )
    async with (
        Emulator(EmulatorOptions(advertise=(LOOPBACK,), scenario=scenario)) as emulator,
        served(agents_app, emulator.url) as url,
        chromium(microphone) as browser,
        listening(browser) as ears,
    ):
        await talk(ears, f"{url}?transport={transport}")
        asking = ears.page.locator(".turn.tool[data-state=asking]")
        await expect(asking).to_contain_text("add_reminder", timeout=20_000)
        await ears.page.screenshot(path=artefact(f"agents-asks-{transport}"))
        await asking.get_by_role("button", name="Allow").click()
        await hear_one_answer(ears)

        rows = ears.page.locator(".turn.tool")
        states = await rows.evaluate_all("rows => rows.map((row) => row.dataset.state)")
        assert states == ["done", "done"]
        assert await ears.loudest_dbfs() > -30
        await expect(ears.page.locator("#failure")).to_be_hidden()
        assert ears.complaints == []
        if transport == "websocket":
            tools = _events(ears.frames, "session.updated")[-1]["session"]["tools"]
            assert [one["name"] for one in tools] == ["local_time", "open_page", "add_reminder"]
            # One request for the next answer, after both outputs: the client alone sends two.
            assert len(_events(ears.frames, "response.created")) == 2


async def test_refused_tool_is_told_to_the_model(agents_app: App, microphone: Path) -> None:
    scenario = Scenario(
        replies=(
            Reply((_REMIND,), When(turn=1)),
            Reply((Say("Then I will not.", _TONE),), When(cause="client")),
        )
    )
    async with (
        Emulator(EmulatorOptions(advertise=(LOOPBACK,), scenario=scenario)) as emulator,
        served(agents_app, emulator.url) as url,
        chromium(microphone) as browser,
        listening(browser) as ears,
    ):
        await talk(ears, f"{url}?transport=websocket")
        asking = ears.page.locator(".turn.tool[data-state=asking]")
        await asking.get_by_role("button", name="Refuse").click(timeout=20_000)
        await hear_one_answer(ears)

        await expect(ears.page.locator(".turn.tool")).to_have_attribute("data-state", "failed")
        (output,) = [
            event["item"]["output"]
            for event in _events(ears.frames, "conversation.item.added")
            if event["item"]["type"] == "function_call_output"
        ]
        assert output == '{"error":"the user did not allow it"}'


async def test_agent_survives_a_lost_connection_with_its_tools(
    agents_app: App, tmp_path: Path
) -> None:
    scenario = Scenario(
        replies=(
            Reply((Say("Hello.", _TONE),), When(turn=1)),
            Reply((_TIME,), When(heard=None, cause="turn"), times=1),
            Reply((Say("It is late.", _TONE),), When(cause="client")),
        )
    )
    microphone = spoken_at(ONE_TURN, tmp_path / "twice.wav", 1.9, 10, ends_s=20)
    async with (
        Emulator(EmulatorOptions(advertise=(LOOPBACK,), scenario=scenario)) as emulator,
        Cuttable(emulator.port) as way,
        served(agents_app, way.url) as url,
        chromium(microphone) as browser,
        listening(browser) as ears,
    ):
        await talk(ears, f"{url}?transport=websocket")
        await hear_one_answer(ears)
        before = len(ears.frames)
        way.cut()
        body = ears.page.locator("body")
        await expect(body).to_have_attribute("data-session", "2", timeout=15_000)
        await expect(body).to_have_attribute("data-phase", "live")
        await hear_one_answer(ears, nth=1)

        updated = _events(ears.frames[before:], "session.updated")[0]
        assert [one["name"] for one in updated["session"]["tools"]] == [
            "local_time",
            "open_page",
            "add_reminder",
        ]
        assert ears.complaints == []
