"""`rtstart doctor` on an app's folder, and on an address where an app is deployed."""

import json
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from rtstart.adapters.emulator.server import Emulator, EmulatorOptions
from rtstart.adapters.ports import choose_port
from rtstart.commands.doctor import examine_address, examine_project
from rtstart.core.errors import Usage
from rtstart.core.events import Event, Found, ProofStep
from tests.fakes.projects import KEY, write_project

pytestmark = pytest.mark.integration


class _Told:
    def __init__(self) -> None:
        self.events: list[Event] = []

    def __call__(self, event: Event) -> None:
        self.events.append(event)

    @property
    def steps(self) -> dict[str, str]:
        return {one.name: one.state for one in self.events if isinstance(one, ProofStep)}

    @property
    def codes(self) -> set[str]:
        return {one.finding.code for one in self.events if isinstance(one, Found)}


async def test_doctor_finds_nothing_wrong_with_a_good_app(tmp_path: Path) -> None:
    told = _Told()
    async with Emulator(EmulatorOptions()) as api:
        dotenv = f"OPENAI_API_KEY={KEY}\nOPENAI_BASE_URL={api.base_url}\n"
        project = write_project(tmp_path / "app", port=choose_port(None), dotenv=dotenv)

        code = await examine_project(project, {"PATH": ""}, fixes=False, emit=told)

    assert (code, told.codes) == (0, set())
    assert told.steps == {
        "project": "passed",
        "key": "passed",
        "node": "skipped",
        "uv": "skipped",
        "packages": "skipped",
        "port": "passed",
        "leaks": "passed",
        "tunnel": "passed",
    }


async def test_doctor_says_all_that_is_wrong_at_once(tmp_path: Path) -> None:
    told = _Told()
    project = write_project(
        tmp_path / "app",
        port=choose_port(None),
        dotenv=f"OPENAI_API_KEY={KEY}\nOPENAI_BASE_URL=http://127.0.0.1:9/v1\n",
    )
    (project / ".env").chmod(0o644)
    (project / "package.json").write_text("{}", encoding="utf-8")
    with (project / "Procfile").open("a", encoding="utf-8") as procfile:
        procfile.write("talk: uv run talk\n")

    code = await examine_project(project, {"PATH": ""}, fixes=False, emit=told)

    assert code == 3
    assert told.codes == {"RT702", "RT525", "RT304", "RT209"}


async def test_doctor_mends_what_is_safe_when_asked(tmp_path: Path) -> None:
    told = _Told()
    project = write_project(tmp_path / "app", port=choose_port(None), dotenv="")
    (project / ".env").chmod(0o644)

    code = await examine_project(project, {"PATH": "/usr/bin:/bin"}, fixes=True, emit=told)

    assert (code, told.codes, told.steps["fix"]) == (0, set(), "passed")
    assert (project / ".env").stat().st_mode & 0o777 == 0o600


def test_doctor_in_a_folder_that_is_no_app_exits_with_3(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "rtstart", "doctor", "--json"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    events = [json.loads(line) for line in ended.stdout.splitlines()]
    assert (ended.returncode, ended.stderr) == (3, "")
    assert "RT101" in {event.get("finding", {}).get("code") for event in events}


_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; connect-src 'self'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_CONFIG = {"model": "gpt-realtime-2.1", "realtime_url": "/v1/realtime", "emulated": False}


@asynccontextmanager
async def _deployed(add: Callable[[web.UrlDispatcher], object]) -> AsyncIterator[str]:
    app = web.Application()
    add(app.router)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def _page(script: str, headers: dict[str, str]) -> Callable[[web.UrlDispatcher], object]:
    async def page(_: web.Request) -> web.Response:
        text = '<!doctype html><script src="/app.js"></script>'
        return web.Response(text=text, content_type="text/html", headers=headers)

    async def app(_: web.Request) -> web.Response:
        return web.Response(text=script, content_type="text/javascript")

    return lambda router: (router.add_get("/", page), router.add_get("/app.js", app))


async def test_doctor_accepts_a_deployed_app_that_is_closed_to_strangers() -> None:
    async def refused(_: web.Request) -> web.Response:
        words = {"error": {"message": "Sign in first.", "code": "unauthorized"}}
        return web.json_response(words, status=401, headers={"Cache-Control": "no-store"})

    async def config(_: web.Request) -> web.Response:
        return web.json_response(_CONFIG)

    def add(router: web.UrlDispatcher) -> None:
        _page("let a = 1", _HEADERS)(router)
        router.add_post("/session", refused)
        router.add_get("/session/config", config)

    told = _Told()
    async with _deployed(add) as address:
        code = await examine_address(address, emit=told)

    assert (code, told.codes) == (0, set())
    assert set(told.steps) == {
        "name", "tls", "page", "token", "config", "scripts", "files", "health",
    }  # fmt: skip


async def test_doctor_names_every_danger_of_a_deployed_app() -> None:
    async def open_to_all(_: web.Request) -> web.Response:
        return web.json_response({"value": "ek_given_to_anybody"})

    async def config(_: web.Request) -> web.Response:
        return web.json_response({**_CONFIG, "emulated": True})

    async def secrets(_: web.Request) -> web.Response:
        return web.Response(text="OPENAI_API_KEY=x\n")

    def add(router: web.UrlDispatcher) -> None:
        key = "sk-proj-" + "Ab3dEf6hIj9lMn2pQr5tUv8xYz"
        _page(f"const key = '{key}'", {"Permissions-Policy": "microphone=()"})(router)
        router.add_post("/session", open_to_all)
        router.add_get("/session/config", config)
        router.add_get("/.env", secrets)

    told = _Told()
    async with _deployed(add) as address:
        code = await examine_address(address, emit=told)

    assert code == 3
    assert told.codes == {"RT703", "RT720", "RT722", "RT723", "RT724", "RT725", "RT728"}


async def test_doctor_says_which_layer_fails_when_nobody_is_there() -> None:
    told = _Told()

    code = await examine_address("https://127.0.0.1:9", emit=told)

    assert (code, told.steps) == (3, {"name": "passed", "tls": "failed"})
    assert told.codes == {"RT733"}


async def test_doctor_says_once_that_nothing_listens_on_this_machine() -> None:
    told = _Told()

    code = await examine_address("http://localhost:9", emit=told)

    found = [one.finding for one in told.events if isinstance(one, Found)]
    assert (code, told.steps) == (3, {"name": "passed", "tls": "skipped", "page": "failed"})
    assert [(one.code, one.what) for one in found] == [
        ("RT733", "http://localhost:9: GET / got no answer: connection refused")
    ]


async def test_doctor_refuses_plain_http_on_the_internet_and_what_is_no_address() -> None:
    told = _Told()

    assert await examine_address("http://voice.example.test", emit=told) == 3
    assert told.codes == {"RT729"}
    with pytest.raises(Usage, match="no address of an app"):
        await examine_address("ftp://voice.example.test", emit=told)
