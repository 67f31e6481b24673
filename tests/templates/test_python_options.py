"""The python app with its options: each rendered, installed, and held by its own commands."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from rtstart.adapters.emulator.server import Emulator
from tests.templates.python_app import PythonApp, python_env, served
from tools.render import render

pytestmark = [pytest.mark.templates, pytest.mark.timeout(240)]

_SECRET = "whsec_" + "c2VjcmV0IG9mIGEgdGVzdA=="


def _made(folder: Path, **answers: object) -> PythonApp:
    app = PythonApp(folder, python_env())
    render("python", app.folder, "Voice Demo", answers)
    installed = app.run("sync", "--locked")
    assert installed.returncode == 0, installed.stdout
    return app


@pytest.fixture(scope="module")
def full_app(tmp_path_factory: pytest.TempPathFactory) -> PythonApp:
    """The app with all of its options."""
    return _made(tmp_path_factory.mktemp("full") / "app", anthropic=True, webhooks=True)


@pytest.mark.parametrize(
    "command",
    [
        ["ruff", "format", "--check", "."],
        ["ruff", "check", "."],
        ["mypy"],
        ["pytest", "-q", "--deselect=tests/test_browser.py"],
    ],
    ids=["format", "lint", "types", "test"],
)
def test_command_passes_with_every_option(full_app: PythonApp, command: list[str]) -> None:
    done = full_app.run("run", "--frozen", *command, within_s=230)

    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("option", ["anthropic", "webhooks"])
def test_app_with_one_option_has_what_it_imports(option: str, tmp_path: Path) -> None:
    app = _made(tmp_path / "app", **{option: True})
    test = {"anthropic": "tests/test_claude.py", "webhooks": "tests/test_phone.py"}[option]

    done = [
        app.run("run", "--frozen", *command)
        for command in (["ruff", "format", "--check", "."], ["mypy"], ["pytest", "-q", test])
    ]

    assert [one.returncode for one in done] == [0, 0, 0], "\n".join(one.stdout for one in done)


def test_app_without_options_has_nothing_of_them(python_app: PythonApp) -> None:
    texts = {
        path.relative_to(python_app.folder).as_posix(): path.read_text("utf-8")
        for path in python_app.folder.rglob("*")
        if path.is_file()
        and not {".venv", ".mypy_cache", ".ruff_cache", "__pycache__"} & set(path.parts)
        and path.suffix in (".py", ".js", ".json", ".toml", ".md", ".lock", ".example")
    }

    assert len(texts) > 50
    assert [name for name, text in texts.items() if "nthropic" in text] == []
    assert [name for name in texts if "webhook" in name or "phone.py" in name] == []


async def test_signed_sample_of_rtstart_is_taken_and_a_forged_one_refused(
    full_app: PythonApp, emulator: Emulator
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
