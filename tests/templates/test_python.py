"""The python app's own commands pass on a fresh render, and fail when something is wrong."""

import re
from pathlib import Path

import pytest

from tests.templates.python_app import PythonApp, python_env
from tools.render import render
from tools.strip_types import modules, stale

pytestmark = [pytest.mark.templates, pytest.mark.timeout(180)]


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
def test_command_passes_on_a_fresh_app(python_app: PythonApp, command: list[str]) -> None:
    done = python_app.run("run", "--frozen", *command, within_s=170)

    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("command", "line", "says"),
    [
        (["ruff", "check", "app"], 'print("forgotten")', "T201"),
        (["mypy"], "Settings().keys", 'has no attribute "keys"'),
    ],
)
def test_command_fails_on_a_mistake(
    python_app: PythonApp, command: list[str], line: str, says: str
) -> None:
    path = python_app.folder / "app" / "access.py"
    before = path.read_text(encoding="utf-8")
    path.write_text(f"{before}\n\n{line}\n", encoding="utf-8")

    try:
        done = python_app.run("run", "--frozen", *command)
    finally:
        path.write_text(before, encoding="utf-8")

    assert done.returncode != 0
    assert says in done.stdout


def test_lock_file_holds_for_any_name(tmp_path: Path) -> None:
    for name in ("Aaa", "zzz 9"):
        app = PythonApp(tmp_path / name, python_env())
        render("python", app.folder, name)

        done = app.run("lock", "--check")

        assert done.returncode == 0, done.stdout


def test_page_modules_are_the_shared_ones_without_types() -> None:
    assert stale(modules()) == []


def test_nothing_of_rtstart_is_imported(python_app: PythonApp) -> None:
    pattern = re.compile(r"""^\s*(?:from|import)\s+[^\n]*rtstart""", re.MULTILINE)
    sources = [
        path
        for folder in ("app", "tests")
        for suffix in ("py", "js")
        for path in (python_app.folder / folder).rglob(f"*.{suffix}")
    ]

    assert sources != []
    assert [path.name for path in sources if pattern.search(path.read_text("utf-8"))] == []
    assert "rtstart" not in (python_app.folder / "pyproject.toml").read_text("utf-8")
