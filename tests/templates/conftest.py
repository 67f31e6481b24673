"""An app as a user gets it: rendered once a session, installed from its lock file."""

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from rtstart.adapters.emulator.ice import LOOPBACK
from rtstart.adapters.emulator.server import Emulator, EmulatorOptions
from tests.fakes.browser import spoken_at
from tests.fakes.speech import ONE_TURN
from tests.templates.app import App, node_env
from tests.templates.python_app import PythonApp, python_env
from tests.templates.rotation import left_out_now
from tools.render import render


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the files whose turn is another day, unless one was named."""
    if any(Path(argument.partition("::")[0]).suffix == ".py" for argument in config.args):
        return
    names = left_out_now()
    left = [item for item in items if item.path.stem in names and item.path.parent == _HERE]
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if item not in left]


def pytest_report_header() -> str:
    """Say what is left out, so that nobody takes a part for the whole."""
    names = sorted(left_out_now())
    return f"left out today, all with TEST_ALL=1: {', '.join(names)}" if names else ""


_HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def vite_app(tmp_path_factory: pytest.TempPathFactory) -> App:
    """The vite template, rendered and installed by `npm ci`."""
    app = App(tmp_path_factory.mktemp("vite") / "app", node_env())
    render("vite", app.folder, "Voice Demo")
    installed = app.npm("ci", "--no-audit", "--no-fund", "--prefer-offline")
    assert installed.returncode == 0, installed.stdout
    return app


@pytest.fixture(scope="session")
def python_app(tmp_path_factory: pytest.TempPathFactory) -> PythonApp:
    """The python template, rendered and installed by `uv sync` from its lock file."""
    app = PythonApp(tmp_path_factory.mktemp("python") / "app", python_env())
    render("python", app.folder, "Voice Demo")
    installed = app.run("sync", "--locked")
    assert installed.returncode == 0, installed.stdout
    return app


@pytest.fixture(scope="session")
def nextjs_app(tmp_path_factory: pytest.TempPathFactory) -> App:
    """The nextjs template, rendered and installed by `npm ci`."""
    app = App(tmp_path_factory.mktemp("nextjs") / "app", node_env(), "nextjs")
    render("nextjs", app.folder, "Voice Demo")
    installed = app.npm("ci", "--no-audit", "--no-fund", "--prefer-offline")
    assert installed.returncode == 0, installed.stdout
    return app


@pytest.fixture
def edited(vite_app: App) -> Iterator[Callable[[str, str, str], None]]:
    """Replaces text in a file of the app for the length of one test."""
    before: dict[Path, str] = {}

    def edit(relpath: str, old: str, new: str) -> None:
        path = vite_app.folder / relpath
        text = path.read_text(encoding="utf-8")
        before.setdefault(path, text)
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    yield edit
    for path, text in before.items():
        path.write_text(text, encoding="utf-8")


@pytest.fixture
async def emulator() -> AsyncIterator[Emulator]:
    """Running until the test is over."""
    async with Emulator(EmulatorOptions(advertise=(LOOPBACK,))) as running:
        yield running


@pytest.fixture
def microphone(tmp_path: Path) -> Path:
    """One sentence of real speech, with silence before and after."""
    return spoken_at(ONE_TURN, tmp_path / "microphone.wav", 1.9, ends_s=12)
