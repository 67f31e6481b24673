"""How long sound is missing when a session is replaced in the middle of an answer, in Chromium.

    uv run python -m benchmarks.rollover [--runs 3] [--json FILE]

The emulator's sessions end after ten seconds; an answer is made to last across that end. Over
WebSocket the samples that reach the loudspeaker are laid beside those that came over the wire, and
the longest stretch that differs is the gap. Over WebRTC the loudspeaker's level is looked at every
10 ms, and the longest dip inside the answer is compared with that of an answer nothing happens to.
Beside it: the same app when its connection is cut and no session was prepared, from the cut to the
next live session, which is the least that a client without rollover needs (OpenAI's own clients do
not reconnect by themselves).
"""

import argparse
import asyncio
import base64
import json
import statistics
import sys
import tempfile
from itertools import pairwise
from pathlib import Path

import numpy as np
from playwright.async_api import expect

from rtstart.adapters.emulator.ice import LOOPBACK
from rtstart.adapters.emulator.server import Emulator, EmulatorOptions
from tests.fakes.browser import Ears, Samples, chromium, listening, resampled, spoken_at
from tests.fakes.cutting import Cuttable
from tests.fakes.speech import ONE_TURN
from tests.templates.app import App, node_env
from tests.templates.serving import hear_one_answer, served, talk
from tools.render import render

_AIM_MS = 50.0
_SOUNDS_DBFS = -50.0


def _longest(runs: list[bool], step_ms: float) -> float:
    longest = current = 0
    for is_in in runs:
        current = current + 1 if is_in else 0
        longest = max(longest, current)
    return longest * step_ms


def _missing_ms(heard: Samples, sent: Samples, rate_hz: int) -> float:
    """The longest stretch in which what was heard is not what was sent, though that sounds."""
    size = 1 << (len(heard) + len(sent)).bit_length()
    match = np.fft.irfft(np.fft.rfft(heard, size) * np.conj(np.fft.rfft(sent, size)), size)
    shift = int(np.argmax(match[: len(heard)]))
    part = heard[shift : shift + len(sent)]
    frame = rate_hz // 200
    count = len(part) // frame
    frames = part[: count * frame].reshape(count, frame)
    wanted = sent[: count * frame].reshape(count, frame)
    off = np.sqrt(np.mean((frames - wanted) ** 2, axis=1))
    level = np.sqrt(np.mean(wanted**2, axis=1))
    bad = (off > 0.3 * level) & (level > 10 ** (_SOUNDS_DBFS / 20))
    return _longest([bool(one) for one in bad], 5.0)


async def _dip_ms(ears: Ears) -> float:
    """The longest quiet stretch between the first and the last sound, by what is played."""
    players: list[list[tuple[float, float]]] = await ears.page.evaluate("ears.levels")
    loud = sorted(at for levels in players for at, level in levels if level > _SOUNDS_DBFS)
    return max((after - before for before, after in pairwise(loud)), default=0.0)


async def _call(app: App, microphone: Path, transport: str, *, session_s: float) -> float:
    options = EmulatorOptions(advertise=(LOOPBACK,), session_s=session_s)
    async with (
        Emulator(options) as emulator,
        served(app, emulator.url) as url,
        chromium(microphone) as browser,
        listening(browser) as ears,
    ):
        await talk(ears, f"{url}?transport={transport}")
        body = ears.page.locator("body")
        await expect(body).to_have_attribute("data-activity", "speaking", timeout=20_000)
        if session_s < 60:
            await expect(body).to_have_attribute("data-session", "2", timeout=20_000)
            await expect(body).to_have_attribute("data-activity", "speaking")
        await hear_one_answer(ears)
        if transport == "webrtc":
            return await _dip_ms(ears)
        rate_hz, heard = await ears.recorded()
        messages = [json.loads(frame) for frame in ears.frames]
        deltas = [m["delta"] for m in messages if m["type"] == "response.output_audio.delta"]
        wire = np.frombuffer(b"".join(base64.b64decode(one) for one in deltas), dtype="<i2")
        sent = resampled((wire / 32768).astype(np.float32), 24_000, rate_hz)
        return _missing_ms(heard, sent, rate_hz)


async def _cut(app: App, microphone: Path) -> float:
    async with (
        Emulator(EmulatorOptions(advertise=(LOOPBACK,))) as emulator,
        Cuttable(emulator.port) as way,
        served(app, way.url) as url,
        chromium(microphone) as browser,
        listening(browser) as ears,
    ):
        await talk(ears, f"{url}?transport=websocket")
        await ears.page.evaluate(
            """() => {
              globalThis.phases = [];
              const note = () => phases.push([document.body.dataset.phase, performance.now()]);
              const watched = { attributeFilter: ["data-phase"] };
              new MutationObserver(note).observe(document.body, watched);
            }"""
        )
        way.cut()
        await expect(ears.page.locator("body")).to_have_attribute(
            "data-session", "2", timeout=20_000
        )
        phases: list[tuple[str, float]] = await ears.page.evaluate("phases")
        lost = next(at for phase, at in phases if phase == "reconnecting")
        return next(at for phase, at in phases if phase == "live" and at > lost) - lost


async def _measure(runs: int) -> dict[str, list[float]]:
    with tempfile.TemporaryDirectory(prefix="rtstart-rollover-") as folder:
        app = App(Path(folder) / "app", node_env())
        render("vite", app.folder, "Voice Demo")
        installed = app.npm("ci", "--no-audit", "--no-fund", "--prefer-offline")
        if installed.returncode != 0:
            sys.exit(installed.stdout)
        late = spoken_at(ONE_TURN, Path(folder) / "late.wav", 6.4, ends_s=16)
        figures: dict[str, list[float]] = {}
        for _ in range(runs):
            for transport in ("websocket", "webrtc"):
                name = f"rollover in an answer, {transport}"
                gap = await _call(app, late, transport, session_s=10)
                figures.setdefault(name, []).append(gap)
                whole = await _call(app, late, transport, session_s=3600)
                figures.setdefault(f"  no rollover, {transport}", []).append(whole)
            figures.setdefault("cut, nothing prepared", []).append(await _cut(app, late))
    return figures


def main() -> int:
    """Measure, print the figures, and write them when asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    figures = asyncio.run(_measure(arguments.runs))
    for name, all_ms in figures.items():
        print(f"{name:36} median {statistics.median(all_ms):7.1f} ms   worst {max(all_ms):7.1f} ms")
    print(f"aim: {_AIM_MS:.0f} ms")
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
