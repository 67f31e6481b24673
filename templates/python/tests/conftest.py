"""An emulator of the API, the app in front of it, and a browser with a microphone."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest
from fastapi.testclient import TestClient

from app.main import create_app
from app.settings import Settings

KEY = "sk-test-emulated"
READY_S = 30
Serve = Callable[..., str]


def missing(what: str, how: str) -> None:
    """Leave a test out where its program is not installed; in CI that is a failure."""
    words = f"{what} is not here: {how}"
    if os.environ.get("CI"):
        pytest.fail(words)
    pytest.skip(words)


@contextmanager
def process(command: list[str], *, env: dict[str, str] | None = None) -> Iterator[str]:
    """A program for as long as the block lasts; its first line of output."""
    running = subprocess.Popen(  # noqa: S603 - our own lists
        command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
    )
    try:
        assert running.stdout is not None
        yield running.stdout.readline()
    finally:
        running.terminate()
        try:
            running.wait(timeout=15)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()
        if running.stdout is not None:
            running.stdout.close()


@contextmanager
def emulating(*options: str) -> Iterator[str]:
    """The API on this machine, with a scenario or a fault if asked; its base URL."""
    program = shutil.which("rtstart")
    if program is None:
        missing("rtstart", "uv tool install rtstart")
    command = [program or "", "emulate", "--port", "0", "--advertise", "127.0.0.1", "--json"]
    with process([*command, *options]) as line:
        yield str(json.loads(line)["base_url"])


@pytest.fixture(scope="session")
def api_url() -> Iterator[str]:
    """An emulator that answers in the caller's own voice."""
    with emulating() as url:
        yield url


def settings_for(api_url: str, **changed: object) -> Settings:
    """Settings that lead to this API."""
    values: dict[str, object] = {
        "key": KEY,
        "api_url": api_url,
        "realtime_url": f"{api_url}/realtime",
        "emulated": True,
        "calls_per_visitor": 100,
        "calls_per_minute": 100,
        **changed,
    }
    return Settings(**values)  # type: ignore[arg-type]  # a test that errs is told at once


@contextmanager
def client_for(settings: Settings) -> Iterator[TestClient]:
    """The app in this process, begun and ended as a server would."""
    with TestClient(create_app(settings), base_url="http://localhost") as client:
        yield client


@pytest.fixture
def client(api_url: str) -> Iterator[TestClient]:
    """The app in front of the emulator."""
    with client_for(settings_for(api_url)) as client:
        yield client


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def wait_for(url: str) -> None:
    """Until something answers there."""
    deadline = time.monotonic() + READY_S
    with httpx.Client() as client:
        while True:
            try:
                if client.get(url).is_success:
                    return
            except httpx.TransportError:
                pass
            assert time.monotonic() < deadline, f"{url} did not answer within {READY_S} s"
            time.sleep(0.05)


@pytest.fixture
def serve(api_url: str) -> Iterator[Serve]:
    """Starts real servers as `uv run serve` does; each answer is an address."""
    with ExitStack() as stack:

        def start(**env: str) -> str:
            port = free_port()
            given = os.environ | {
                "OPENAI_API_KEY": KEY,
                "OPENAI_BASE_URL": api_url,
                "REALTIME_URL": f"{api_url}/realtime",
                "RTSTART_EMULATED": "1",
                "PORT": str(port),
                **env,
            }
            program = str(Path(sys.executable).parent / "serve")
            stack.enter_context(process([program], env=given))
            wait_for(f"http://localhost:{port}/healthz")
            return f"http://localhost:{port}"

        yield start


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Redis of this test run alone."""
    program = shutil.which("redis-server")
    if program is None:
        missing("redis-server", "apt-get install redis-server, brew install redis")
    port = free_port()
    folder = str(tmp_path_factory.mktemp("redis"))
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder]
    with process([program or "", *options]):
        deadline = time.monotonic() + READY_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                assert time.monotonic() < deadline
                time.sleep(0.05)
        yield f"redis://127.0.0.1:{port}/0"


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """The one that the server runs on."""
    return "asyncio"
