"""The nextjs app on OpenAI's agents client: its own commands, tools and approvals in a call."""

import json
from pathlib import Path

import pytest
from playwright.async_api import expect

from rtstart.adapters.emulator.ice import LOOPBACK
from rtstart.adapters.emulator.server import Emulator, EmulatorOptions
from rtstart.core.realtime.scenario import CallTool, Reply, Say, Scenario, Tone, When
from tests.fakes.browser import chromium, listening, spoken_at
from tests.fakes.speech import ONE_TURN
from tests.templates.app import App, node_env
from tests.templates.serving import hear_one_answer, served, talk
from tools.render import render

pytestmark = [pytest.mark.templates, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def agents_app(tmp_path_factory: pytest.TempPathFactory) -> App:
    """The nextjs template with client=agents-sdk, installed from its lock file."""
    app = App(tmp_path_factory.mktemp("agents") / "app", node_env(), "nextjs")
    render("nextjs", app.folder, "Voice Demo", {"client": "agents-sdk"})
    installed = app.npm("ci", "--no-audit", "--no-fund", "--prefer-offline")
    assert installed.returncode == 0, installed.stdout
    return app


@pytest.mark.parametrize("script", ["lint", "types", "test", "build"])
def test_script_passes_on_the_agents_client(agents_app: App, script: str) -> None:
    done = agents_app.npm("run", script)

    assert done.returncode == 0, done.stdout


async def test_tools_of_the_agent_run_on_the_server_and_after_a_question(
    agents_app: App, tmp_path: Path
) -> None:
    dice = CallTool("roll_dice", '{"count":2,"sides":6}')
    remind = CallTool("add_reminder", '{"text":"Tea","minutes":5}')
    scenario = Scenario(
        replies=(
            Reply((dice, remind), When(turn=1)),
            Reply((Say("Done, both.", Tone(440, 1.0)),), When(cause="client")),
        )
    )
    microphone = spoken_at(ONE_TURN, tmp_path / "late.wav", 5.0, ends_s=20)
    async with (
        Emulator(EmulatorOptions(advertise=(LOOPBACK,), scenario=scenario)) as emulator,
        served(agents_app, emulator.url) as url,
        chromium(microphone) as browser,
        listening(browser) as ears,
    ):
        await talk(ears, f"{url}?transport=websocket")
        asking = ears.page.locator(".turn.tool[data-state=asking]")
        await expect(asking).to_contain_text("add_reminder", timeout=25_000)
        await asking.get_by_role("button", name="Allow").click()
        await hear_one_answer(ears)

        rows = ears.page.locator(".turn.tool")
        states = await rows.evaluate_all("rows => rows.map((row) => row.dataset.state)")
        updates = [
            event["session"]["tools"]
            for frame in ears.frames
            if (event := json.loads(frame))["type"] == "session.updated"
        ]
        assert states == ["done", "done"]
        assert [one["name"] for one in updates[-1]] == [
            "local_time",
            "open_page",
            "roll_dice",
            "add_reminder",
        ]
        await expect(ears.page.locator("#failure")).to_be_hidden()
        assert ears.complaints == []
