"""Click to first event, and end of speech to the first audible answer, in Chromium over WebRTC:
an app under `rtstart dev` with the emulator, beside a bare aiortc page that does the same.

    uv run python -m benchmarks.first_sound [--runs 7] [--json FILE]

The microphone is a WAV file of speech that is played once. Both servers wait for 500 ms of silence
before a turn ends; that wait is taken off. The speaker's and the microphone's sound are looked at
every 10 ms in the page, by the same script for both.
"""

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from playwright.async_api import Playwright, async_playwright

from benchmarks.dev_ready import environment
from rtstart.adapters.ports import choose_port

_HERE = Path(__file__).parent
_SPEECH = _HERE.parent / "tests" / "fakes" / "speech" / "one_turn.wav"
_SILENCE_MS = 500.0
_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    f"--use-file-for-fake-audio-capture={_SPEECH}%noloop",
]


@dataclass(frozen=True, slots=True)
class Times:
    """One call, in milliseconds."""

    first_event_ms: float
    answer_ms: float


async def _call(playwright: Playwright, url: str) -> Times:
    browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=_FLAGS)
    try:
        page = await browser.new_page()
        await page.add_init_script(path=_HERE / "stopwatch.js")
        await page.goto(url)
        await page.wait_for_selector("#talk:enabled")
        await page.wait_for_timeout(300)
        await page.click("#talk")
        await page.wait_for_function("window.__times.speaker.length > 20", timeout=20_000)
        times = await page.evaluate("window.__times")
    finally:
        await browser.close()
    first_answer = times["speaker"][0]
    speech_end = max(at for at in times["microphone"] if at < first_answer)
    return Times(times["first_event"] - times["clicked"], first_answer - speech_end - _SILENCE_MS)


@asynccontextmanager
async def _bare() -> AsyncIterator[str]:
    port = choose_port(None)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.bare.server", str(port), cwd=_HERE.parent
    )
    try:
        await asyncio.sleep(3)
        yield f"http://localhost:{port}"
    finally:
        process.terminate()
        await process.wait()


@asynccontextmanager
async def _ours(folder: Path, env: dict[str, str]) -> AsyncIterator[str]:
    program = [sys.executable, "-m", "rtstart"]
    made = await asyncio.create_subprocess_exec(
        *program, "new", str(folder), "--yes", env=env, stdout=asyncio.subprocess.DEVNULL
    )
    await made.wait()
    process = await asyncio.create_subprocess_exec(
        *program, "dev", "--json", cwd=folder, env=env, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None  # noqa: S101 - piped above
    async for line in process.stdout:
        event = json.loads(line)
        if event["event"] == "announced":
            break
    try:
        await asyncio.sleep(3)
        yield event["local_url"]
    finally:
        process.terminate()
        await process.communicate()


async def _measure(runs: int, env: dict[str, str]) -> dict[str, list[Times]]:
    times: dict[str, list[Times]] = {"rtstart dev": [], "bare aiortc": []}
    with tempfile.TemporaryDirectory() as folder:
        async with (
            _ours(Path(folder) / "app", env) as ours,
            _bare() as bare,
            async_playwright() as playwright,
        ):
            for _ in range(runs):
                times["rtstart dev"].append(await _call(playwright, ours))
                times["bare aiortc"].append(await _call(playwright, bare))
    return times


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    os.environ.pop("OPENAI_API_KEY", None)
    times = asyncio.run(_measure(arguments.runs, environment()))
    for name, key in (
        ("click to first event", "first_event_ms"),
        ("end of speech to answer", "answer_ms"),
    ):
        values = {who: sorted(asdict(one)[key] for one in all_) for who, all_ in times.items()}
        ours, bare = (statistics.median(values[who]) for who in times)
        for who, some in values.items():
            middle = statistics.median(some)
            print(f"{name:24} {who:12} {middle:7.0f} ms   ({some[0]:.0f}-{some[-1]:.0f})")
        print(f"{name:24} {'ratio':12} {ours / bare:7.2f}")
    if arguments.json:
        told = {who: [asdict(one) for one in all_] for who, all_ in times.items()}
        arguments.json.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
