"""A cold Vite page of several hundred modules in Chromium: direct, and through each proxy.

    uv run python -m benchmarks.gateway_page [--modules 400] [--runs 5] [--json FILE]

Vite is started anew for each load, so that it has transformed nothing, and the browser's context
is new, so that it has cached nothing. The ways take turns. Needs npm, Node, Chromium and,
for its row, caddy.
"""

import argparse
import asyncio
import contextlib
import json
import shutil
import statistics
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from playwright.async_api import Browser, async_playwright

from benchmarks.gateway import (
    CADDY,
    PACKAGES,
    gateway_command,
    node_itself,
    node_peer,
    running,
    unused_port,
)

_FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
_DONE = "window.allDone ?? 0"


def _write(folder: Path, modules: int) -> None:
    """A tree of modules: each imports up to eight others, as apps do."""
    package = {"private": True, "type": "module", "dependencies": {"vite": "^8.3.0"}}
    (folder / "package.json").write_text(json.dumps(package))
    (folder / "index.html").write_text(
        '<!doctype html><title>modules</title><script type="module" src="/src/m0.js"></script>'
    )
    source = folder / "src"
    source.mkdir()
    for number in range(modules):
        below = [one for one in range(number * 8 + 1, number * 8 + 9) if one < modules]
        lines = [f'import {{ value as v{one} }} from "./m{one}.js";' for one in below]
        total = " + ".join(["1", *(f"v{one}" for one in below)])
        lines.append(f"export const value = {total};")
        lines.append("// " + "some words as source files have them, so that size is real " * 40)
        if number == 0:
            lines.append(f"if (value !== {modules}) throw new Error(value);")
            lines.append("window.allDone = performance.now();")
        (source / f"m{number}.js").write_text("\n".join(lines))


async def _load(browser: Browser, url: str) -> float:
    """Milliseconds from navigation until the last module has run."""
    context = await browser.new_context()
    page = await context.new_page()
    await page.goto(url, wait_until="commit")
    await page.wait_for_function(_DONE, timeout=60_000)
    spent = await page.evaluate(_DONE)
    await context.close()
    return float(spent)


def _ways(folder: Path) -> dict[str, Callable[[int, int], list[str]]]:
    """The command before Vite of each way, by its own port and Vite's; none for the direct one."""

    def caddy(port: int, upstream: int) -> list[str]:
        (folder / "Caddyfile").write_text(CADDY % (port, upstream))
        return ["caddy", "run", "--config", "Caddyfile", "--adapter", "caddyfile"]

    ways: dict[str, Callable[[int, int], list[str]]] = {
        "direct": lambda _port, _upstream: [],
        "rtstart gateway": gateway_command,
        "node http-proxy": lambda port, upstream: node_peer("http-proxy.cjs", port, upstream),
    }
    return ways | ({"Caddy": caddy} if shutil.which("caddy") else {})


async def _cold_load(browser: Browser, folder: Path, way: Callable[[int, int], list[str]]) -> float:
    port, outer = unused_port(), unused_port()
    vite = [node_itself(), str(folder / "node_modules/vite/bin/vite.js"), "--strictPort"]
    command = way(outer, port)
    with contextlib.ExitStack() as stack:
        served = [*vite, "--host", "127.0.0.1", "--port", str(port)]
        stack.enter_context(running(served, port, folder))
        if command:
            here = Path.cwd() if "benchmarks.gateway_server" in command else folder
            stack.enter_context(running(command, outer, here))
        return await _load(browser, f"http://127.0.0.1:{outer if command else port}/")


async def _measure(folder: Path, runs: int) -> dict[str, list[float]]:
    ways = _ways(folder)
    times: dict[str, list[float]] = {name: [] for name in ways}
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=_FLAGS)
        for number in range(runs + 1):
            for name in times if number % 2 else reversed(times):
                spent = await _cold_load(browser, folder, ways[name])
                if number:
                    times[name].append(spent)
        await browser.close()
    return times


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--modules", type=int, default=400)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _write(folder, options.modules)
        subprocess.run(
            ["npm", "install", "--no-audit", "--no-fund", "--silent", *PACKAGES],
            cwd=folder,
            check=True,
        )
        times = asyncio.run(_measure(folder, options.runs))
    direct = statistics.median(times["direct"])
    for way, values in times.items():
        middle = statistics.median(values)
        spread = f"{min(values):.0f}-{max(values):.0f}"
        ratio = middle / direct
        print(f"{options.modules} modules, {way:20} {middle:7.0f} ms  {ratio:5.2f} x  ({spread})")
    if options.json:
        options.json.write_text(json.dumps(times, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
