"""The installed wheel, an app made by it, a run of that app, and a browser that trusts it."""

import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path

import pytest
from playwright.async_api import Browser, Playwright, async_playwright

from tests.e2e.running import Run, start
from tests.fakes.speech import ONE_TURN

_ROOT = Path(__file__).parents[2]
_CHROMIUM = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",
]
SPEECH = f"--use-file-for-fake-audio-capture={ONE_TURN.path}%noloop"
ALLOWED = "--use-fake-ui-for-media-stream"


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home folder for rtstart and the browser, of this session alone."""
    return tmp_path_factory.mktemp("user")


@pytest.fixture(scope="session")
def user_env(home: Path, installed: Path) -> dict[str, str]:
    """What a user's shell holds: the installed rtstart and what the system brings.

    Debian's Node, where there is one, is too old, so `new --yes` brings another from PyPI.
    """
    kept = ("LANG", "npm_config_", "NPM_CONFIG_", "NODE_EXTRA_", "SSL_CERT", "UV_", "PIP_")
    env = {name: value for name, value in os.environ.items() if name.startswith(kept)}
    path = os.pathsep.join([str(installed.parent), "/usr/local/bin", "/usr/bin", "/bin"])
    return env | {"PATH": path, "HOME": str(home), "XDG_CACHE_HOME": str(home / ".cache")}


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `rtstart` program of the wheel, installed in an environment of its own."""
    folder = tmp_path_factory.mktemp("installed")
    _run(["uv", "build", "--wheel", "--out-dir", str(folder), str(_ROOT)])
    _run(["uv", "venv", str(folder / "venv")])
    (wheel,) = folder.glob("*.whl")
    python = folder / "venv" / "bin" / "python"
    _run(["uv", "pip", "install", "--python", str(python), str(wheel)])
    return folder / "venv" / "bin" / "rtstart"


@pytest.fixture(scope="session")
def made_app(user_env: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A vite app as `rtstart new` leaves it, packages installed; not to be changed."""
    folder = tmp_path_factory.mktemp("apps") / "myapp"
    _run(["rtstart", "new", str(folder), "--yes"], env=user_env, cwd=folder.parent)
    return folder


@pytest.fixture
def app(made_app: Path, tmp_path: Path) -> Path:
    """A copy of the app that the test may change."""
    copy = tmp_path / "myapp"
    shutil.copytree(made_app, copy, symlinks=True)
    return copy


@pytest.fixture
async def run(app: Path, user_env: dict[str, str]) -> AsyncIterator[Run]:
    """The app, running under `rtstart dev` with its LAN address on loopback."""
    config = app / "rtstart.toml"
    config.write_text(
        f'{config.read_text(encoding="utf-8")}\n[tunnels.lan]\naddress = "127.0.0.2"\n',
        encoding="utf-8",
    )
    async with start(app, env=user_env) as running:
        yield running


@pytest.fixture
def trusting_env(run: Run, user_env: dict[str, str], home: Path) -> dict[str, str]:
    """The user's environment once they did what the finding RT403 told them."""
    command = run.trust_command()
    subprocess.run(
        ["sh", "-c", command], env=user_env, cwd=home, check=True, stdin=subprocess.DEVNULL
    )
    return user_env


@pytest.fixture
def browser_flags() -> list[str]:
    """A browser whose microphone is allowed and speaks once; tests may override this."""
    return [ALLOWED, SPEECH]


@pytest.fixture
async def browser(trusting_env: dict[str, str], browser_flags: list[str]) -> AsyncIterator[Browser]:
    """Chromium with the user's own trust store, so that nothing about TLS is switched off."""
    async with async_playwright() as playwright:
        browser = await chromium(playwright, env=trusting_env, flags=browser_flags)
        yield browser
        await browser.close()


async def chromium(
    playwright: Playwright, *, env: Mapping[str, str], flags: Sequence[str]
) -> Browser:
    """Chromium in a user's environment; the caller closes it."""
    return await playwright.chromium.launch(
        executable_path=shutil.which("chromium"),
        env={**env, "PLAYWRIGHT_SKIP_BROWSER_GC": "1"},
        args=[*_CHROMIUM, *flags],
    )


@pytest.fixture(scope="session")
def pictures() -> Path:
    """Where screenshots are kept for a person to look at."""
    folder = _ROOT / "artifacts"
    folder.mkdir(exist_ok=True)
    return folder


def _run(command: list[str], *, env: dict[str, str] | None = None, cwd: Path | None = None) -> None:
    done = subprocess.run(
        command,
        env=env,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{command}:\n{done.stdout}\n{done.stderr}"
