"""A python app as a user gets it, and the means to run its own commands and its server."""

import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from rtstart.adapters import ports
from rtstart.adapters.processes import Runner
from rtstart.core.events import Event
from rtstart.core.secrets import Masker
from rtstart.core.services import HttpReady, Service

_KEY = "sk-test-emulated"
_KEPT = ("HOME", "LANG", "TMPDIR", "PATH", "UV_", "SSL_CERT", "PIP_")


@dataclass(frozen=True, slots=True)
class PythonApp:
    """A rendered and installed app, and the means to run its own commands."""

    folder: Path
    env: dict[str, str]

    def run(self, *words: str, within_s: float = 120) -> "subprocess.CompletedProcess[str]":
        """Run a command by uv in the app's folder; the caller looks at the code."""
        return subprocess.run(
            ["uv", *words],
            cwd=self.folder,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            timeout=within_s,
            check=False,
        )


def python_env() -> dict[str, str]:
    """The environment of a person who has uv, and no environment of rtstart's."""
    assert shutil.which("uv") is not None
    env = {name: value for name, value in os.environ.items() if name.startswith(_KEPT)}
    # `rtstart` is installed, as the app's own tests want it.
    return env | {"PATH": os.pathsep.join([env["PATH"], str(Path(sys.executable).parent)])}


def api_env(api_url: str) -> dict[str, str]:
    """What the app is told about the API."""
    return {
        "OPENAI_API_KEY": _KEY,
        "OPENAI_BASE_URL": f"{api_url}/v1",
        "REALTIME_URL": f"{api_url}/v1/realtime",
        "RTSTART_EMULATED": "1",
    }


@asynccontextmanager
async def served(
    app: PythonApp,
    api_url: str,
    *,
    env: Mapping[str, str] | None = None,
    options: Sequence[str] = (),
    events: list[Event] | None = None,
) -> AsyncIterator[str]:
    """The app's server, asking this API; the answer is the page's address."""
    port = ports.choose_port(None)
    given = app.env | api_env(api_url) | {"WEB_PORT": str(port)} | dict(env or {})
    command = ["uv", "run", "--frozen", "serve", *options]
    service = Service(
        "web", command, str(app.folder), given, port, ready=HttpReady("/healthz"), grace_s=10
    )
    emit = events.append if events is not None else lambda _: None
    async with Runner([service], emit=emit, masker=Masker()) as runner:
        runner.start()
        await runner.wait_ready()
        yield f"http://localhost:{port}/"
