"""The app's processes without rtstart in between, and what a test does on its page."""

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
from playwright.async_api import expect

from rtstart.adapters import ports
from rtstart.adapters.processes import Runner
from rtstart.core.secrets import Masker
from rtstart.core.services import HttpReady, Service
from tests.fakes.browser import Ears
from tests.templates.app import App

_KEY = "sk-test-emulated"
_DEV = ["node", "node_modules/vite/bin/vite.js"]
_NEXT = {
    "dev": ["node", "scripts/next.ts", "dev", "-H", "127.0.0.1"],
    "built": ["node", ".next/standalone/server.js"],
}
_WEB = {"dev": _DEV, "built": [*_DEV, "preview"]}


@asynccontextmanager
async def served(
    app: App,
    api_url: str,
    *,
    env: Mapping[str, str] | None = None,
    web_env: Mapping[str, str] | None = None,
    web: str = "dev",
) -> AsyncIterator[str]:
    """The app's processes, asking this API; the answer is the page's address.

    `env` is for whoever mints, `web_env` for whoever serves the page; in Next they are one.
    """
    if app.template == "nextjs":
        async with _served_by_next(app, api_url, {**(env or {}), **(web_env or {})}, web) as url:
            yield url
        return
    token_port, web_port = ports.choose_port(None), ports.choose_port(None)
    token_env = {"TOKEN_PORT": str(token_port), **_emulated(api_url), **(env or {})}
    web_given = {"WEB_PORT": str(web_port), "TOKEN_PORT": str(token_port), **(web_env or {})}
    cwd = str(app.folder)
    services = [
        Service(
            "token",
            ["node", "server/token.ts"],
            cwd,
            app.env | token_env,
            token_port,
            ready=HttpReady("/healthz"),
        ),
        Service("web", _WEB[web], cwd, app.env | web_given, web_port, ready=HttpReady("/")),
    ]
    async with Runner(services, emit=lambda _: None, masker=Masker()) as runner:
        runner.start()
        await runner.wait_ready()
        yield f"http://localhost:{web_port}/"


@asynccontextmanager
async def _served_by_next(
    app: App, api_url: str, env: Mapping[str, str], web: str
) -> AsyncIterator[str]:
    port = ports.choose_port(None)
    given = {"PORT": str(port), "HOSTNAME": "127.0.0.1", **_emulated(api_url), **env}
    service = Service(
        "web",
        _NEXT[web],
        str(app.folder),
        app.env | given,
        port,
        # Before its first answer Next compiles the page and its client.
        ready=HttpReady("/"),
        ready_within_s=150,
    )
    async with Runner([service], emit=lambda _: None, masker=Masker()) as runner:
        runner.start()
        await runner.wait_ready()
        url = f"http://localhost:{port}/"
        async with httpx.AsyncClient(timeout=60) as client:
            # In development a route is compiled when it is first asked for.
            await client.get(f"{url}session")
        yield url


def _emulated(api_url: str) -> dict[str, str]:
    return {
        "OPENAI_API_KEY": _KEY,
        "OPENAI_BASE_URL": f"{api_url}/v1",
        "REALTIME_URL": f"{api_url}/v1/realtime",
        "RTSTART_EMULATED": "1",
    }


def artefact(name: str) -> str | None:
    """Where a picture is kept when somebody wants to look; nowhere otherwise."""
    folder = os.environ.get("RTSTART_TEST_ARTEFACTS")
    return None if folder is None else str(Path(folder) / f"{name}.png")


async def talk(ears: Ears, url: str) -> None:
    """Open the page and begin a call; it is live then."""
    await ears.page.goto(url)
    await expect(ears.page.locator("#model")).to_contain_text("gpt-realtime")
    await ears.page.locator("#talk").click()
    await expect(ears.page.locator("body")).to_have_attribute("data-phase", "live", timeout=15_000)


async def hear_one_answer(ears: Ears, *, nth: int = 0) -> None:
    """Wait until the model has answered and its sound is over."""
    answer = ears.page.locator('.turn[data-speaker="assistant"]').nth(nth)
    await expect(answer).to_have_attribute("data-state", "final", timeout=20_000)
    await expect(ears.page.locator("body")).to_have_attribute(
        "data-activity", "listening", timeout=10_000
    )
