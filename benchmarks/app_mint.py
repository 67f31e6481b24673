"""Secrets a second and their time in the vite app as it goes live, one process and two that share
their limits through Redis, beside a bare route on the same Node that only asks and hands on.

    uv run python -m benchmarks.app_mint [--seconds 5] [--json FILE]

The API is a stand-in on this machine that answers at once, so what is measured is the app. One
connection shows the time a request takes, 32 how many there can be. Load, app and stand-in share
the machine's cores.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx

from rtstart.adapters.ports import choose_port
from tests.templates.app import App, node_env
from tools.render import render

_SCRIPT = Path(__file__).with_suffix(".js")
_HOOK = "export const authorise: Authorise = closed;"
_OPEN = 'export const authorise: Authorise = (request) => request.headers.get("x-user");'
_PLENTY = "100000000"

Figures = dict[str, dict[str, float]]


@contextmanager
def _process(command: Sequence[str], env: dict[str, str], cwd: Path) -> Iterator[str]:
    """A program for as long as the block lasts; the answer is its first line."""
    with subprocess.Popen(command, env=env, cwd=cwd, stdout=subprocess.PIPE, text=True) as running:  # noqa: TID251 - a benchmark owns its processes
        if running.stdout is None:
            sys.exit("no output of the program")
        try:
            yield running.stdout.readline().strip()
        finally:
            running.stdout.close()
            running.terminate()


def _wait(port: int) -> None:
    """Until it mints: a copy is up before its limits are."""
    url = f"http://127.0.0.1:{port}/session"
    until = time.monotonic() + 20
    with httpx.Client() as client:
        while time.monotonic() < until:
            try:
                if client.post(url, json={}, headers={"x-user": "bench"}).is_success:
                    return
            except httpx.TransportError:
                continue
    sys.exit(f"{url} did not answer")


def _load(urls: list[str], seconds: float, connections: int, env: dict[str, str]) -> str:
    return subprocess.run(
        ["node", str(_SCRIPT), "load", str(seconds), str(connections), *urls],
        env=env,
        check=True,
        capture_output=True,
        text=True,
    ).stdout


def _app(folder: Path) -> App:
    app = App(folder, node_env())
    render("vite", folder, "Voice Demo")
    for words in (("ci", "--no-audit", "--no-fund"), ("run", "build")):
        done = app.npm(*words)
        if done.returncode != 0:
            sys.exit(done.stdout)
    hook = folder / "server" / "authorise.ts"
    hook.write_text(hook.read_text("utf-8").replace(_HOOK, _OPEN), "utf-8")
    return app


@contextmanager
def _copies(app: App, api_url: str, count: int) -> Iterator[list[str]]:
    with ExitStack() as stack:
        env = app.env | {
            "OPENAI_API_KEY": "sk-test-0123456789",
            "OPENAI_BASE_URL": api_url,
            "HOST": "127.0.0.1",
            "CALLS_PER_MINUTE": _PLENTY,
            "CALLS_PER_VISITOR": _PLENTY,
        }
        if count > 1:
            redis = shutil.which("redis-server") or sys.exit("redis-server is not installed")
            port = choose_port(None)
            words = [redis, "--port", str(port), "--save", "", "--bind", "127.0.0.1"]
            stack.enter_context(_process(words, dict(os.environ), app.folder))
            env["REDIS_URL"] = f"redis://127.0.0.1:{port}"
        urls = []
        for _ in range(count):
            port = choose_port(None)
            words = ["node", "server/start.ts"]
            stack.enter_context(_process(words, env | {"PORT": str(port)}, app.folder))
            _wait(port)
            urls.append(f"http://127.0.0.1:{port}/session")
        yield urls


def _measure(seconds: float) -> Figures:
    figures: Figures = {}
    with tempfile.TemporaryDirectory(prefix="rtstart-mint-") as folder, ExitStack() as stack:
        app = _app(Path(folder) / "app")
        node = ["node", str(_SCRIPT)]
        port = stack.enter_context(_process([*node, "upstream"], app.env, app.folder))
        api_url = f"http://127.0.0.1:{port}"
        bare = stack.enter_context(_process([*node, "bare", api_url], app.env, app.folder))

        def run(name: str, urls: list[str]) -> None:
            for connections in (1, 32):
                told = _load(urls, seconds, connections, app.env)
                figures[f"{name}, {connections} at once"] = json.loads(told)

        run("bare route", [f"http://127.0.0.1:{bare}/"])
        for count, name in ((1, "vite app"), (2, "two copies and Redis")):
            with _copies(app, api_url, count) as urls:
                run(name, urls)
    return figures


def main() -> int:
    """Measure, print the figures, and write them when asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    figures = _measure(arguments.seconds)
    for name, one in figures.items():
        print(
            f"{name:34} {one['per_s']:7.0f} a second   "
            f"p50 {one['p50_ms']:6.2f} ms   p99 {one['p99_ms']:6.2f} ms"
        )
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
