"""The vite app's own commands pass on a fresh render, and fail when something is wrong."""

import re
import subprocess
import sys
from collections.abc import Callable

import pytest

from tests.templates.app import App

pytestmark = [pytest.mark.templates, pytest.mark.timeout(180)]

Edit = Callable[[str, str, str], None]


@pytest.mark.parametrize("script", ["lint", "types", "test", "build"])
def test_script_passes_on_a_fresh_app(vite_app: App, script: str) -> None:
    done = vite_app.npm("run", script)

    assert done.returncode == 0, done.stdout


def test_own_browser_tests_pass_beside_the_emulator(vite_app: App) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "rtstart", "emulate", "--", *vite_app.npm_words("test:browser")],
        cwd=vite_app.folder,
        env=vite_app.env,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=170,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "7 passed" in done.stdout + done.stderr


def test_own_browser_tests_never_call_the_api(vite_app: App) -> None:
    done = vite_app.npm("run", "test:browser")

    assert done.returncode != 0
    assert "rtstart emulate -- npm run test:browser" in done.stdout


def test_lint_fails_on_a_forgotten_console(vite_app: App, edited: Edit) -> None:
    edited("src/main.ts", "startPage(", "console.log(1);\nstartPage(")

    done = vite_app.npm("run", "lint")

    assert done.returncode != 0
    assert "no-console" in done.stdout


def test_types_fail_on_a_wrong_event_name(vite_app: App, edited: Edit) -> None:
    edited("src/realtime/dialogue.ts", '"response.cancel"', '"response.stop"')

    done = vite_app.npm("run", "types")

    assert done.returncode != 0
    assert "response.stop" in done.stdout


def test_no_key_reaches_the_bundle_when_one_is_in_the_environment_and_in_env_files(
    vite_app: App,
) -> None:
    key = "sk-test-never-in-a-bundle"
    env_file = vite_app.folder / ".env"
    env_file.write_text(f"OPENAI_API_KEY={key}\nVITE_OPENAI_API_KEY={key}\n", encoding="utf-8")
    app = App(vite_app.folder, vite_app.env | {"OPENAI_API_KEY": key, "VITE_KEY": key})

    try:
        done = app.npm("run", "build")
    finally:
        env_file.unlink()

    assert done.returncode == 0, done.stdout
    files = [path for path in (vite_app.folder / "dist").rglob("*") if path.is_file()]
    assert [path.name for path in files if key.encode() in path.read_bytes()] == []
    assert any(path.suffix == ".js" for path in files)


def test_nothing_of_rtstart_is_imported(vite_app: App) -> None:
    pattern = re.compile(r"""(?:from|import|require)\s*\(?\s*["'][^"']*rtstart""")
    sources = [
        path
        for folder in ("src", "server", "tests")
        for path in (vite_app.folder / folder).rglob("*.[jt]s")
    ]

    assert sources != []
    assert [path.name for path in sources if pattern.search(path.read_text("utf-8"))] == []
    assert "rtstart" not in (vite_app.folder / "package.json").read_text("utf-8")
