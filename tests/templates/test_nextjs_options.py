"""The nextjs app with its options: each rendered, installed, held by its own commands, and used."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.async_api import expect

from rtstart.adapters.emulator.ice import LOOPBACK
from rtstart.adapters.emulator.server import Emulator, EmulatorOptions
from rtstart.core.realtime.scenario import CallTool, Reply, Say, Scenario, Tone, When
from tests.fakes.browser import chromium, listening, spoken_at
from tests.fakes.claude import claude
from tests.fakes.speech import ONE_TURN
from tests.templates.app import App, node_env
from tests.templates.serving import hear_one_answer, served, talk
from tests.templates.test_vite_options import (  # noqa: F401 - collected here for this app too
    test_app_with_some_options_has_what_it_imports,
)
from tools.render import render

pytestmark = [pytest.mark.templates, pytest.mark.timeout(240)]

_SECRET = "whsec_" + "c2VjcmV0IG9mIGEgdGVzdA=="


@pytest.fixture(scope="module")
def full_app(tmp_path_factory: pytest.TempPathFactory) -> App:
    """The app with all of its options, installed from its lock file."""
    app = App(tmp_path_factory.mktemp("full") / "app", node_env(), "nextjs")
    everything = {"client": "agents-sdk", "anthropic": True, "webhooks": True}
    render("nextjs", app.folder, "Voice Demo", everything)
    installed = app.npm("ci", "--no-audit", "--no-fund", "--prefer-offline")
    assert installed.returncode == 0, installed.stdout
    return app


@pytest.fixture(scope="module")
def built_app(full_app: App) -> App:
    """The same, built."""
    built = full_app.npm("run", "build")
    assert built.returncode == 0, built.stdout
    return full_app


@pytest.mark.parametrize("script", ["lint", "types", "test"])
def test_script_passes_with_every_option(full_app: App, script: str) -> None:
    done = full_app.npm("run", script)

    assert done.returncode == 0, done.stdout


def test_app_without_options_has_nothing_of_them(nextjs_app: App) -> None:
    texts = {
        path.relative_to(nextjs_app.folder).as_posix(): path.read_text("utf-8")
        for path in nextjs_app.folder.rglob("*")
        if path.is_file()
        and not {"node_modules", ".next"} & set(path.parts)
        and path.suffix in (".ts", ".tsx", ".json", ".toml", ".md", ".example", "")
    }

    assert len(texts) > 50
    assert [name for name, text in texts.items() if "nthropic" in text] == []
    assert [name for name in texts if "webhook" in name or "claude" in name] == []


async def test_signed_sample_of_rtstart_is_acted_on_once_and_a_forged_one_refused(
    built_app: App, emulator: Emulator
) -> None:
    env = {"OPENAI_WEBHOOK_SECRET": _SECRET}
    async with served(built_app, emulator.url, env=env, web="built") as url:
        done = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-m", "rtstart", "webhook", f"{url}webhooks/openai"],
            cwd=built_app.folder,
            env=built_app.env | env,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    assert done.returncode == 0, done.stdout + done.stderr


async def test_tools_of_the_agent_run_on_the_server_after_a_question_and_by_claude(
    full_app: App, tmp_path: Path
) -> None:
    dice = CallTool("roll_dice", '{"count":2,"sides":6}')
    remind = CallTool("add_reminder", '{"text":"Tea","minutes":5}')
    think = CallTool("ask_claude", '{"question":"Is it late?"}')
    scenario = Scenario(
        replies=(
            Reply((dice, remind, think), When(turn=1)),
            Reply((Say("Done, all three.", Tone(440, 1.0)),), When(cause="client")),
        )
    )
    microphone = spoken_at(ONE_TURN, tmp_path / "late.wav", 5.0, ends_s=20)
    async with (
        claude("It is late.") as answers,
        Emulator(EmulatorOptions(advertise=(LOOPBACK,), scenario=scenario)) as emulator,
        served(
            full_app,
            emulator.url,
            env={"ANTHROPIC_API_KEY": "sk-ant-test", "ANTHROPIC_BASE_URL": answers.url},
        ) as url,
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
        assert states == ["done", "done", "done"]
        assert answers.asked[0]["messages"] == [{"role": "user", "content": "Is it late?"}]
        assert answers.asked[-1]["messages"][-1]["content"][0]["type"] == "tool_result"
        outputs = "".join(frame for frame in ears.frames if "function_call_output" in frame)
        assert "It is late." in outputs
        assert [one["name"] for one in updates[-1]] == [
            "local_time",
            "open_page",
            "roll_dice",
            "ask_claude",
            "add_reminder",
        ]
        await expect(ears.page.locator("#failure")).to_be_hidden()
        assert ears.complaints == []
