"""The python app's own commands pass on a fresh render, and fail when something is wrong."""

import re

import pytest

from tests.templates.python_app import PythonApp
from tools.strip_types import modules, stale

pytestmark = [pytest.mark.templates, pytest.mark.timeout(180)]


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
