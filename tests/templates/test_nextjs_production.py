"""The nextjs app as it goes live: the folder its image holds, started as the image starts it."""

import asyncio
import os
import re
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

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
_OPEN = 'export const authorise: Authorise = (request) => request.headers.get("x-user") ?? "anna";'
_JSON = {"content-type": "application/json"}


@pytest.fixture(scope="module")
def image(nextjs_app: App, tmp_path_factory: pytest.TempPathFactory) -> App:
    """What the Dockerfile's last stage holds, with a hook that knows whoever names himself."""
    hook = nextjs_app.folder / "server" / "authorise.ts"
    before = hook.read_text("utf-8")
    assert _HOOK in before
    text = before.replace('import { closed } from "./access.ts";\n', "").replace(_HOOK, _OPEN)
    hook.write_text(text, "utf-8")
    try:
        built = nextjs_app.npm("run", "build")
    finally:
        hook.write_text(before, "utf-8")
    assert built.returncode == 0, built.stdout
    target = tmp_path_factory.mktemp("image") / "app"
    shutil.copytree(nextjs_app.folder / ".next" / "standalone", target, symlinks=True)
    return App(target, nextjs_app.env, "nextjs")


@asynccontextmanager
async def _live(
    app: App, api_url: str, env: Mapping[str, str] | None = None, copies: int = 1
) -> AsyncIterator[list[str]]:
    chosen = [ports.choose_port(None) for _ in range(copies)]
    given = {
        "HOSTNAME": "127.0.0.1",
        "OPENAI_API_KEY": "sk-test-emulated",
        "OPENAI_BASE_URL": f"{api_url}/v1",
        "REALTIME_URL": f"{api_url}/v1/realtime",
        **(env or {}),
    }
    services = [
        Service(
            f"copy-{port}",
            ["node", "server.js"],
            str(app.folder),
            app.env | given | {"PORT": str(port)},
            port,
            ready=HttpReady("/healthz"),
        )
        for port in chosen
    ]
    async with Runner(services, emit=lambda _: None, masker=Masker()) as runner:
        runner.start()
        await runner.wait_ready()
        yield [f"http://localhost:{port}" for port in chosen]


def test_image_starts_what_was_tried_here(nextjs_app: App, image: App) -> None:
    text = (nextjs_app.folder / "Dockerfile").read_text("utf-8")
    last = text.rpartition("\nFROM ")[2]
    ignored = (nextjs_app.folder / ".dockerignore").read_text("utf-8").split()
    needed = [name.removeprefix("!") for name in ignored if name != "*"]

    assert re.findall(r"^COPY (.*)$", last, re.MULTILINE) == [
        "--from=build /app/.next/standalone ./"
    ]
    assert re.findall(r"^USER (.*)$", last, re.MULTILINE) == ["node"]
    assert last.rstrip().endswith('CMD ["node", "server.js"]')
    assert [name for name in needed if not (nextjs_app.folder / name).exists()] == []
    assert [path.name for path in image.folder.glob(".env*")] == []


@pytest.mark.parametrize("transport", ["webrtc", "websocket"])
async def test_call_is_heard_under_the_policies_of_production(
    image: App, emulator: Emulator, microphone: Path, transport: str
) -> None:
    async with (
        _live(image, emulator.url) as (url,),
        chromium(microphone) as browser,
        listening(browser) as ears,
    ):
        await talk(ears, f"{url}/?transport={transport}")
        await hear_one_answer(ears)

        assert await ears.loudest_dbfs() > -30
        # The policy keeps these ears' own worklet out, which is a blob; the app's are files.
        assert [said for said in ears.complaints if "blob:" not in said] == []
        await ears.page.screenshot(path=artefact(f"nextjs-production-{transport}"))


async def test_script_that_the_app_did_not_send_does_not_run(
    image: App, emulator: Emulator
) -> None:
    async with (
        _live(image, emulator.url) as (url,),
        chromium(None) as browser,
        listening(browser) as ears,
    ):
        await ears.page.goto(url)
        await expect(ears.page.locator("#talk")).to_be_enabled()
        await ears.page.evaluate(
            """() => {
              const link = document.createElement("div");
              link.innerHTML = '<img src="/none.png" onerror="globalThis.ran = true">';
              document.body.append(link);
            }"""
        )
        await ears.page.wait_for_load_state("networkidle")

        assert await ears.page.evaluate("globalThis.ran") is None


async def test_only_the_public_address_changes(image: App, emulator: Emulator) -> None:
    name = "voice.example.test"
    env = {"PUBLIC_ORIGIN": f"https://{name}"}
    async with _live(image, emulator.url, env) as (url,), httpx.AsyncClient() as client:
        home = _JSON | {"host": name, "origin": f"https://{name}"}
        own = await client.post(f"{url}/session", headers=home, json={})
        others = await client.post(
            f"{url}/session", headers=home | {"origin": "https://evil.example.test"}, json={}
        )
        stranger = await client.post(
            f"{url}/session", headers=_JSON | {"host": "evil.example.test"}, json={}
        )
        page = await client.get(url, headers={"host": name})

    assert [own.status_code, others.status_code, stranger.status_code] == [200, 403, 403]
    assert own.headers["cache-control"] == "no-store"
    assert "max-age=" in page.headers["strict-transport-security"]
    nonce = re.search(r"'nonce-([^']+)'", page.headers["content-security-policy"])
    assert nonce is not None
    scripts = re.findall(r"<script[^>]*>", page.text)
    assert scripts != []
    assert [one for one in scripts if f'nonce="{nonce[1]}"' not in one] == []


@asynccontextmanager
async def _redis() -> AsyncIterator[int]:
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("redis-server is not installed: sudo apt-get install -y redis-server")
    port = ports.choose_port(None)
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    ready = LineReady("Ready to accept connections")
    service = Service("redis", command, "/tmp", dict(os.environ), port, ready=ready)
    async with Runner([service], emit=lambda _: None, masker=Masker()) as runner:
        runner.start()
        await runner.wait_ready()
        yield port


async def test_copies_share_their_limits_and_let_nobody_in_without_them(
    image: App, emulator: Emulator
) -> None:
    async with AsyncExitStack() as stack, AsyncExitStack() as redis:
        port = await redis.enter_async_context(_redis())
        env = {"REDIS_URL": f"redis://127.0.0.1:{port}", "CALLS_PER_VISITOR": "7"}
        urls = await stack.enter_async_context(_live(image, emulator.url, env, copies=2))
        client = await stack.enter_async_context(httpx.AsyncClient(timeout=20))

        async def call(number: int, user: str) -> int:
            headers = _JSON | {"x-user": user}
            url = f"{urls[number % 2]}/session"
            return (await client.post(url, headers=headers, json={})).status_code

        # A copy connects at its first request and lets nobody in before that.
        async with asyncio.timeout(20):
            while {await call(0, "first"), await call(1, "first")} != {200}:  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.5)
        ann = await asyncio.gather(*(call(number, "ann") for number in range(12)))
        await redis.aclose()
        without = await asyncio.gather(*(call(number, "cy") for number in range(2)))

    assert sorted(ann) == [200] * 7 + [429] * 5
    assert without == [503, 503]


async def test_health_check_tells_a_copy_that_answers(image: App, emulator: Emulator) -> None:
    def ask(port: int) -> int:
        command = ["node", "healthy.ts"]
        env = image.env | {"PORT": str(port)}
        return subprocess.run(
            command, cwd=image.folder, env=env, check=False, timeout=20
        ).returncode

    async with _live(image, emulator.url) as (url,):
        assert await asyncio.to_thread(ask, int(url.rpartition(":")[2])) == 0
    assert await asyncio.to_thread(ask, 9) == 1


def test_copy_says_what_is_missing_and_ends_in_peace(image: App) -> None:
    env = image.env | {"PORT": str(ports.choose_port(None)), "HOSTNAME": "127.0.0.1"}
    process = subprocess.Popen(  # noqa: TID251 - its exit code on a signal is what is tested
        ["node", "server.js"],
        cwd=image.folder,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    said: list[str] = []
    for line in process.stdout:
        said.append(line)
        if "PUBLIC_ORIGIN is not set" in line:
            break
    process.send_signal(signal.SIGTERM)

    assert process.wait(timeout=20) in (0, 128 + signal.SIGTERM)
    assert "OPENAI_API_KEY is missing" in "".join(said)
    process.stdout.close()


def test_manifests_ask_for_the_health_that_is_there_and_for_no_rights(nextjs_app: App) -> None:
    documents = yaml.safe_load_all(
        (nextjs_app.folder / "deploy" / "kubernetes.yaml").read_text("utf-8")
    )
    (pod,) = [one["spec"]["template"]["spec"] for one in documents if one["kind"] == "Deployment"]
    (container,) = pod["containers"]

    assert container["readinessProbe"]["httpGet"]["path"] == "/healthz"
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert pod["securityContext"]["runAsNonRoot"] is True
