"""The vite app as it goes live: the files of its image, started as the image starts them."""

import asyncio
import os
import re
import shlex
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from playwright.async_api import expect

from rtstart.adapters import ports
from rtstart.adapters.emulator.server import Emulator
from rtstart.adapters.processes import Runner
from rtstart.core.secrets import Masker
from rtstart.core.services import HttpReady, LineReady, Service
from tests.fakes.browser import chromium, listening
from tests.templates.app import App
from tests.templates.serving import artefact, hear_one_answer, talk

pytestmark = [pytest.mark.templates, pytest.mark.timeout(180)]

_HOOK = "export const authorise: Authorise = closed;"
_JSON = {"content-type": "application/json"}


def _commands(dockerfile: str, word: str) -> list[str]:
    joined = dockerfile.replace("\\\n", " ")
    return re.findall(rf"^\s*{word} (.*)$", joined, flags=re.MULTILINE)


@pytest.fixture(scope="module")
def image(vite_app: App, tmp_path_factory: pytest.TempPathFactory) -> App:
    """What the Dockerfile copies into its last stage, and nothing else; the page was built."""
    built = vite_app.npm("run", "build")
    assert built.returncode == 0, built.stdout
    target = tmp_path_factory.mktemp("image") / "app"
    target.mkdir()
    final = (vite_app.folder / "Dockerfile").read_text("utf-8").rpartition("\nFROM ")[2]
    for line in _commands(final, "COPY"):
        option, source, place = shlex.split(line)
        assert option == "--from=build"
        relpath = source.removeprefix("/app/")
        to = target / place
        if relpath == "node_modules":
            continue
        to.parent.mkdir(parents=True, exist_ok=True)
        if (vite_app.folder / relpath).is_dir():
            shutil.copytree(vite_app.folder / relpath, to)
        else:
            shutil.copy2(vite_app.folder / relpath, to if to.suffix else to / relpath)
    app = App(target, vite_app.env)
    lock = target / "package-lock.json"
    shutil.copy2(vite_app.folder / "package-lock.json", lock)
    installed = app.npm("ci", "--omit=dev", "--no-audit", "--no-fund", "--prefer-offline")
    assert installed.returncode == 0, installed.stdout
    lock.unlink()
    return app


@pytest.fixture
def opened(image: App, tmp_path: Path) -> App:
    """The same with a hook that knows whoever names himself in a header."""
    folder = tmp_path / "opened"
    shutil.copytree(image.folder, folder, symlinks=True)
    hook = folder / "server" / "authorise.ts"
    text = hook.read_text("utf-8")
    assert _HOOK in text
    by_header = 'request.headers.get("x-user") ?? "somebody"'
    filled = f"export const authorise: Authorise = (request) => {by_header};"
    hook.write_text(text.replace(_HOOK, filled), "utf-8")
    return App(folder, image.env)


def _copy(app: App, name: str, port: int, api_url: str, env: Mapping[str, str]) -> Service:
    """One copy of the app, started by the image's own command."""
    given = {
        "PORT": str(port),
        "HOST": "127.0.0.1",
        "OPENAI_API_KEY": "sk-test-emulated",
        "OPENAI_BASE_URL": f"{api_url}/v1",
        "REALTIME_URL": f"{api_url}/v1/realtime",
        **env,
    }
    command = ["node", "server/start.ts"]
    cwd = str(app.folder)
    return Service(name, command, cwd, app.env | given, port, ready=HttpReady("/healthz"))


@asynccontextmanager
async def _live(
    app: App, api_url: str, env: Mapping[str, str] | None = None, copies: int = 1
) -> AsyncIterator[list[str]]:
    chosen = [ports.choose_port(None) for _ in range(copies)]
    services = [_copy(app, f"copy-{n}", port, api_url, env or {}) for n, port in enumerate(chosen)]
    async with Runner(services, emit=lambda _: None, masker=Masker()) as runner:
        runner.start()
        await runner.wait_ready()
        yield [f"http://localhost:{port}" for port in chosen]


def test_image_starts_what_was_tried_here(image: App, vite_app: App) -> None:
    text = (vite_app.folder / "Dockerfile").read_text("utf-8")
    size = sum(path.stat().st_size for path in image.folder.rglob("*") if path.is_file())

    assert _commands(text, "CMD")[-1] == '["node", "server/start.ts"]'
    assert _commands(text, "USER") == ["node"]
    assert "server/healthy.ts" in text
    assert size < 8_000_000


@pytest.mark.parametrize("transport", ["webrtc", "websocket"])
async def test_call_is_heard_under_the_policies_of_production(
    opened: App, emulator: Emulator, microphone: Path, transport: str
) -> None:
    async with (
        _live(opened, emulator.url) as (url,),
        chromium(microphone) as browser,
        listening(browser) as ears,
    ):
        await talk(ears, f"{url}/?transport={transport}")
        await hear_one_answer(ears)

        assert await ears.loudest_dbfs() > -30
        # The policy keeps these ears' own worklet out, which is a blob; the app's are files.
        assert [said for said in ears.complaints if "blob:" not in said] == []
        await ears.page.screenshot(path=artefact(f"production-{transport}"))


async def test_nobody_may_call_until_the_hook_is_filled_in(
    image: App, emulator: Emulator, microphone: Path
) -> None:
    async with (
        _live(image, emulator.url) as (url,),
        chromium(microphone) as browser,
        listening(browser) as ears,
    ):
        await ears.page.goto(url)
        await ears.page.locator("#talk").click()

        failure = ears.page.locator("#failure")
        await expect(failure).to_have_attribute("data-code", "RT526")
        await expect(failure).to_contain_text("server/authorise.ts")
        await ears.page.screenshot(path=artefact("closed"))


async def test_only_the_public_address_changes(opened: App, emulator: Emulator) -> None:
    public = {"PUBLIC_ORIGIN": "https://voice.example.com"}
    async with _live(opened, emulator.url, public) as (url,), httpx.AsyncClient() as client:
        statuses = [
            (await client.post(f"{url}/session", headers=_JSON | headers, json={})).status_code
            for headers in (
                {"host": "voice.example.com", "origin": "https://voice.example.com"},
                {"host": "voice.example.com", "origin": "https://evil.example.com"},
                {"host": "evil.example.com"},
            )
        ]

    assert statuses == [200, 403, 403]


@asynccontextmanager
async def _redis() -> AsyncIterator[int]:
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("redis-server is not installed: sudo apt-get install -y redis-server")
    port = ports.choose_port(None)
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    service = Service(
        "redis",
        command,
        "/tmp",
        dict(os.environ),
        port,
        ready=LineReady("Ready to accept connections"),
    )
    async with Runner([service], emit=lambda _: None, masker=Masker()) as runner:
        runner.start()
        await runner.wait_ready()
        yield port


async def test_copies_share_their_limits_and_let_nobody_in_without_them(
    opened: App, emulator: Emulator
) -> None:
    async with AsyncExitStack() as stack, AsyncExitStack() as redis:
        port = await redis.enter_async_context(_redis())
        env = {
            "REDIS_URL": f"redis://127.0.0.1:{port}",
            "CALLS_PER_MINUTE": "10",
            "CALLS_PER_VISITOR": "7",
        }
        urls = await stack.enter_async_context(_live(opened, emulator.url, env, copies=2))
        client = await stack.enter_async_context(httpx.AsyncClient())

        async def call(number: int, user: str) -> int:
            headers = _JSON | {"x-user": user}
            url = f"{urls[number % 2]}/session"
            return (await client.post(url, headers=headers, json={})).status_code

        # Both at once and in turns: what is counted in two steps would let one too many in.
        ann = await asyncio.gather(*(call(number, "ann") for number in range(12)))
        ben = await asyncio.gather(*(call(number, "ben") for number in range(6)))
        await redis.aclose()
        without = await asyncio.gather(*(call(number, "cy") for number in range(2)))

    assert sorted(ann) == [200] * 7 + [429] * 5
    assert sorted(ben) == [200] * 3 + [429] * 3
    assert without == [503, 503]


async def test_health_check_tells_a_copy_that_answers(image: App, emulator: Emulator) -> None:
    def ask(port: int) -> int:
        return subprocess.run(
            ["node", "server/healthy.ts"],
            cwd=image.folder,
            env=image.env | {"PORT": str(port)},
            check=False,
            timeout=20,
        ).returncode

    async with _live(image, emulator.url) as (url,):
        assert await asyncio.to_thread(ask, int(url.rpartition(":")[2])) == 0
    assert await asyncio.to_thread(ask, 9) == 1


def test_copy_ends_in_peace_when_it_is_asked_to(image: App) -> None:
    process = subprocess.Popen(  # noqa: TID251 - its exit code on a signal is what is tested
        ["node", "server/start.ts"],
        cwd=image.folder,
        env=image.env | {"PORT": "0", "HOST": "127.0.0.1"},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    first = process.stdout.readline()
    process.send_signal(signal.SIGTERM)

    assert '"message":"listening"' in first
    assert process.wait(timeout=20) == 0
    process.stdout.close()


def test_manifests_ask_for_the_health_that_is_there_and_for_no_rights(vite_app: App) -> None:
    manifest = (vite_app.folder / "deploy" / "kubernetes.yaml").read_text("utf-8")
    kinds: dict[str, Any] = {part["kind"]: part for part in yaml.safe_load_all(manifest)}
    compose = yaml.safe_load((vite_app.folder / "compose.yaml").read_text("utf-8"))

    assert sorted(kinds) == ["Deployment", "Ingress", "PodDisruptionBudget", "Service"]
    pod = kinds["Deployment"]["spec"]["template"]
    (container,) = pod["spec"]["containers"]
    assert pod["metadata"]["labels"] == kinds["Service"]["spec"]["selector"]
    assert pod["spec"]["securityContext"]["runAsNonRoot"] is True
    assert container["readinessProbe"]["httpGet"] == {"path": "/healthz", "port": "http"}
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    app = compose["services"]["app"]
    assert app["environment"]["REDIS_URL"] == "redis://redis:6379"
    assert (app["read_only"], app["cap_drop"]) == (True, ["ALL"])
