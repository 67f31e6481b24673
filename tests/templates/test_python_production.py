"""The python app as its Dockerfile installs and runs it: two processes, Redis, a closed door."""

import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from rtstart.adapters import ports
from rtstart.adapters.emulator.server import Emulator
from rtstart.adapters.processes import Runner
from rtstart.core.secrets import Masker
from rtstart.core.services import HttpReady, LineReady, Service
from tests.fakes.browser import chromium, listening
from tests.templates.python_app import PythonApp, api_env
from tests.templates.serving import hear_one_answer, talk

pytestmark = [pytest.mark.templates, pytest.mark.timeout(240)]

_COPIED = ("app", "pyproject.toml", "uv.lock")
_HOOK = "    raise NotImplementedError\n"


def _image(python_app: PythonApp, folder: Path, *, opens: bool) -> PythonApp:
    """What the image holds, made by the commands of the Dockerfile."""
    dockerfile = (python_app.folder / "Dockerfile").read_text(encoding="utf-8")
    folder.mkdir()
    for name in _COPIED:
        assert re.search(rf"^COPY .*{re.escape(name)}", dockerfile, re.MULTILINE)
        source = python_app.folder / name
        copy = shutil.copytree if source.is_dir() else shutil.copy2
        copy(source, folder / name)
    if opens:
        hook = folder / "app" / "authorise.py"
        text = hook.read_text(encoding="utf-8")
        assert text.endswith(_HOOK)
        given = '    return connection.cookies.get("user")\n'
        hook.write_text(text.removesuffix(_HOOK) + given, encoding="utf-8")
    image = PythonApp(folder, python_app.env)
    install = re.findall(r"^RUN uv (sync .*)$", dockerfile, re.MULTILINE)[-1]
    installed = image.run(*install.split())
    assert installed.returncode == 0, installed.stdout
    return image


@asynccontextmanager
async def _running(image: PythonApp, api_url: str) -> AsyncIterator[str]:
    port, redis_port = ports.choose_port(None), ports.choose_port(None)
    cwd = str(image.folder)
    env = (
        image.env
        | api_env(api_url)
        | {
            "APP_ENV": "production",
            "PORT": str(port),
            "PUBLIC_ORIGIN": "http://localhost",
            "REDIS_URL": f"redis://127.0.0.1:{redis_port}/0",
            "WEB_CONCURRENCY": "2",
            "CALLS_PER_VISITOR": "4",
        }
    )
    redis = ["redis-server", "--port", str(redis_port), "--bind", "127.0.0.1", "--save", ""]
    services = [
        Service("redis", redis, cwd, image.env, redis_port, ready=LineReady("Ready to accept")),
        Service(
            "web",
            [str(image.folder / ".venv" / "bin" / "serve")],
            cwd,
            env,
            port,
            after=("redis",),
            ready=HttpReady("/readyz"),
            ready_within_s=60,
            grace_s=15,
        ),
    ]
    async with Runner(services, emit=lambda _: None, masker=Masker()) as runner:
        runner.start()
        await runner.wait_ready()
        yield f"http://localhost:{port}/"


async def test_door_is_shut_until_the_hook_is_filled(
    python_app: PythonApp, emulator: Emulator, tmp_path: Path
) -> None:
    image = _image(python_app, tmp_path / "shut", opens=False)

    async with _running(image, emulator.url) as url, httpx.AsyncClient(base_url=url) as client:
        answers = [
            await client.post("/session", json=body) for body in ({}, {"transport": "server"})
        ]

    assert [one.status_code for one in answers] == [403, 403]
    assert answers[0].json()["error"]["code"] == "closed"


async def test_two_processes_share_limits_and_carry_calls(
    python_app: PythonApp, emulator: Emulator, microphone: Path, tmp_path: Path
) -> None:
    image = _image(python_app, tmp_path / "open", opens=True)

    async with _running(image, emulator.url) as url:
        anna = httpx.AsyncClient(base_url=url, cookies={"user": "anna"}, timeout=30)
        async with anna:
            statuses = [(await anna.post("/session", json={})).status_code for _ in range(6)]
        async with (
            chromium(microphone) as browser,
            listening(browser) as ears,
        ):
            await ears.page.context.add_cookies([{"name": "user", "value": "bob", "url": url}])
            await talk(ears, f"{url}?transport=server")
            await hear_one_answer(ears)
            asked = await ears.page.evaluate(
                "performance.getEntriesByType('resource').map(one => new URL(one.name).pathname)"
            )

    assert statuses == [200] * 4 + [429] * 2
    files = [path for path in asked if path.endswith((".js", ".css"))]
    assert len(files) > 30
    assert [path for path in files if not re.match(r"/web/[0-9a-f]{12}/", path)] == []
