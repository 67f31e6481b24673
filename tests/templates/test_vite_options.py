"""The vite app with its options: each rendered, installed, and held by its own commands."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from rtstart.adapters.emulator.server import Emulator
from tests.templates.app import App, node_env
from tests.templates.serving import served
from tools.render import render

pytestmark = [pytest.mark.templates, pytest.mark.timeout(180)]

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


@pytest.mark.parametrize("option", ["anthropic", "webhooks"])
def test_app_with_one_option_has_what_it_imports(
    full_app: App, option: str, tmp_path: Path
) -> None:
    folder = tmp_path / "app"
    render("vite", folder, "Voice Demo", {option: True})
    # The dependencies of all options serve each.
    (folder / "node_modules").symlink_to(full_app.folder / "node_modules")
    app = App(folder, full_app.env)

    done = [app.npm("run", script) for script in ("lint", "types", "test")]

    assert [one.returncode for one in done] == [0, 0, 0], "\n".join(one.stdout for one in done)


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
