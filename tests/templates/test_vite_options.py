"""The vite app with its options: each rendered, installed, and held by its own commands."""

import asyncio
import subprocess
import sys
from collections.abc import Mapping
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
from tests.templates.rotation import share_now
from tests.templates.serving import hear_one_answer, served, talk
from tools.render import render

pytestmark = [pytest.mark.templates, pytest.mark.timeout(180)]

# Beside those of other files: without any, with all.
COMBINATIONS: tuple[Mapping[str, object], ...] = (
    {"anthropic": True},
    {"webhooks": True},
    {"anthropic": True, "webhooks": True},
    {"client": "agents-sdk", "anthropic": True},
    {"client": "agents-sdk", "webhooks": True},
    {"client": "agents-sdk"},
)
_SECRET = "whsec_" + "c2VjcmV0IG9mIGEgdGVzdA=="


@pytest.fixture(scope="module")
def full_app(tmp_path_factory: pytest.TempPathFactory) -> App:
    """The app with all of its options."""
    app = App(tmp_path_factory.mktemp("full") / "app", node_env())
    everything = {"client": "agents-sdk", "anthropic": True, "webhooks": True}
    render("vite", app.folder, "Voice Demo", everything)
    installed = app.npm("ci", "--no-audit", "--no-fund", "--prefer-offline")
    assert installed.returncode == 0, installed.stdout
    return app


@pytest.mark.parametrize("script", ["lint", "types", "test", "build"])
def test_script_passes_with_every_option(full_app: App, script: str) -> None:
    done = full_app.npm("run", script)

    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("answers", share_now(COMBINATIONS, at_once=2), ids=" ".join)
def test_app_with_some_options_has_what_it_imports(
    full_app: App, answers: Mapping[str, object], tmp_path: Path
) -> None:
    folder = tmp_path / "app"
    render(full_app.template, folder, "Voice Demo", answers)
    # The dependencies of all options serve each.
    (folder / "node_modules").symlink_to(full_app.folder / "node_modules")
    app = App(folder, full_app.env, full_app.template)

    # The tests of what an option changes; the others know nothing of options.
    tests = ("test", "--", "claude", "webhook", "routes", "token-service", "tools")
    done = [app.npm("run", *words) for words in (("lint",), ("types",), tests)]

    assert [one.returncode for one in done] == [0, 0, 0], "\n".join(one.stdout for one in done)


async def test_question_that_the_voice_model_cannot_answer_comes_back_from_claude(
    full_app: App, tmp_path: Path
) -> None:
    ask = CallTool("ask_claude", '{"question": "Is it late?"}')
    replies = (
        Reply((ask,), When(turn=1)),
        Reply((Say("I know now.", Tone(440, 1.0)),), When(cause="client")),
    )
    options = EmulatorOptions(advertise=(LOOPBACK,), scenario=Scenario(replies=replies))
    microphone = spoken_at(ONE_TURN, tmp_path / "late.wav", 5.0, ends_s=20)
    async with (
        claude("It is late.") as answers,
        Emulator(options) as emulator,
        served(
            full_app,
            emulator.url,
            env={"ANTHROPIC_API_KEY": "sk-ant-test", "ANTHROPIC_BASE_URL": answers.url},
        ) as url,
        chromium(microphone) as browser,
        listening(browser) as ears,
    ):
        await talk(ears, f"{url}?transport=websocket")
        row = ears.page.locator(".turn.tool")
        await expect(row).to_have_attribute("data-state", "done", timeout=25_000)
        await row.locator("summary").click()
        await expect(row.locator("pre").nth(1)).to_contain_text("It is late.")
        await hear_one_answer(ears)
        complaints = ears.complaints

    first, second = answers.asked
    assert first["messages"] == [{"role": "user", "content": "Is it late?"}]
    assert [one["name"] for one in first["tools"]] == ["current_time"]
    assert second["messages"][-1]["content"][0]["type"] == "tool_result"
    assert complaints == []


def test_app_without_options_has_nothing_of_them(vite_app: App) -> None:
    texts = {
        path.relative_to(vite_app.folder).as_posix(): path.read_text("utf-8")
        for path in vite_app.folder.rglob("*")
        if path.is_file()
        and "node_modules" not in path.parts
        and path.suffix != ".tsbuildinfo"
        and path.suffix in (".ts", ".json", ".toml", ".md", "")
    }

    assert [
        name for name, text in texts.items() if "nthropic" in text and "answers" not in name
    ] == []
    assert [name for name in texts if "webhook" in name] == []


async def test_signed_sample_of_rtstart_is_taken_and_a_forged_one_refused(
    full_app: App, emulator: Emulator
) -> None:
    env = {"OPENAI_WEBHOOK_SECRET": _SECRET}
    async with served(full_app, emulator.url, env=env) as url:
        done = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-m", "rtstart", "webhook", f"{url}webhooks/openai"],
            cwd=full_app.folder,
            env=full_app.env | env,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    assert done.returncode == 0, done.stdout + done.stderr
