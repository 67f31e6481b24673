"""A real Chromium whose microphone is a recording, and ears on what it plays."""

import math
import shutil
import wave
from base64 import b64decode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
from playwright.async_api import Browser, ConsoleMessage, Page, WebSocket, async_playwright

from tests.fakes.speech import Recording

Samples = npt.NDArray[np.float32]

_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

# Ears that the page knows nothing of: whatever it connects to a loudspeaker, or plays in an
# element, is measured every 10 ms and, where it comes from a graph, recorded sample by sample.
_EARS = """
(() => {
  const ears = { levels: [], blocks: [], rate: 0, shifts: [] };
  globalThis.ears = ears;
  const connect = AudioNode.prototype.connect;
  const tap = URL.createObjectURL(new Blob([`registerProcessor("tap",
    class extends AudioWorkletProcessor {
      process([input]) {
        if (input[0]) this.port.postMessage([currentFrame, input[0].slice()]);
        return true;
      }
    });`], { type: "text/javascript" }));
  const watch = (analyser) => {
    const levels = [];
    ears.levels.push(levels);
    const samples = new Float32Array(analyser.fftSize);
    setInterval(() => {
      analyser.getFloatTimeDomainData(samples);
      const rms = Math.sqrt(samples.reduce((sum, x) => sum + x * x, 0) / samples.length);
      levels.push([performance.now(), rms === 0 ? -120 : 20 * Math.log10(rms)]);
    }, 10);
  };
  AudioNode.prototype.connect = function (target, ...rest) {
    if (target instanceof AudioDestinationNode && this.numberOfInputs === 0) {
      const { context } = this;
      ears.rate = context.sampleRate;
      const analyser = new AnalyserNode(context, { fftSize: 512 });
      connect.call(this, analyser);
      watch(analyser);
      context.audioWorklet.addModule(tap).then(() => {
        const node = new AudioWorkletNode(context, "tap", { numberOfOutputs: 0 });
        node.port.onmessage = ({ data }) => ears.blocks.push(data);
        connect.call(this, node);
      });
    }
    return connect.call(this, target, ...rest);
  };
  const play = HTMLMediaElement.prototype.play;
  HTMLMediaElement.prototype.play = function () {
    if (this.srcObject instanceof MediaStream) {
      const context = new AudioContext();
      const analyser = new AnalyserNode(context, { fftSize: 512 });
      connect.call(context.createMediaStreamSource(this.srcObject), analyser);
      watch(analyser);
    }
    return play.call(this);
  };
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      if (entry.hadRecentInput) continue;
      for (const { node, previousRect: was, currentRect: is } of entry.sources) {
        const element = node?.nodeType === Node.TEXT_NODE ? node.parentElement : node;
        // Words that come later push the ones below them; that is how a conversation grows.
        if (element?.closest(".turn")) continue;
        const name = element?.id || element?.className || element?.nodeName;
        const [from, to] = [was, is].map(({ x, y, width }) => [x, y, width].map(Math.round));
        ears.shifts.push(`${name} "${node?.textContent?.slice(0, 20)}" ${from} to ${to}`);
      }
    }
  }).observe({ type: "layout-shift", buffered: true });
})();
"""


# All that was recorded, as two strings. Number by number, half a minute of sound took a minute to
# come over, in which the emulator in this process answered nobody.
_BLOCKS = """() => {
  const text = (numbers) => {
    const bytes = new Uint8Array(numbers.buffer);
    let letters = "";
    for (let at = 0; at < bytes.length; at += 32768) {
      letters += String.fromCharCode(...bytes.subarray(at, at + 32768));
    }
    return btoa(letters);
  };
  const heads = new Float64Array(ears.blocks.flatMap(([frame, part]) => [frame, part.length]));
  const sound = new Float32Array(ears.blocks.reduce((sum, [, part]) => sum + part.length, 0));
  let at = 0;
  for (const [, part] of ears.blocks) {
    sound.set(part, at);
    at += part.length;
  }
  return [text(heads), text(sound)];
}"""


@dataclass(slots=True)
class Ears:
    """What the page did, as somebody outside it would notice."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    """Console warnings and errors, and exceptions nobody caught."""
    frames: list[str] = field(default_factory=list)
    """What came over the page's calls by WebSocket (not Vite's own socket)."""

    async def sounding_s(self, above_dbfs: float = -45.0) -> float:
        """For how long anything was audible so far, by the samples where they could be had."""
        rate_hz, samples = await self.recorded()
        if len(samples) > 0:
            frame = rate_hz // 100
            frames = samples[: len(samples) // frame * frame].reshape(-1, frame)
            rms = np.sqrt(np.mean(frames**2, axis=1))
            return float(np.sum(rms > 10 ** (above_dbfs / 20))) / 100
        players: list[list[tuple[float, float]]] = await self.page.evaluate("ears.levels")
        # A busy machine looks less often; what was heard at one look lasts until the next.
        spans = [
            min(after[0] - before[0], 200.0)
            for levels in players
            for before, after in pairwise(levels)
            if before[1] > above_dbfs
        ]
        return sum(spans) / 1000

    async def loudest_dbfs(self) -> float:
        """The loudest moment so far."""
        players: list[list[tuple[float, float]]] = await self.page.evaluate("ears.levels")
        return max((level for levels in players for _, level in levels), default=-120.0)

    async def recorded(self) -> tuple[int, Samples]:
        """Rate and samples of what a graph of the page sent to the loudspeaker."""
        rate_hz: int = await self.page.evaluate("ears.rate")
        heads, sound = (b64decode(part) for part in await self.page.evaluate(_BLOCKS))
        if not sound:
            return rate_hz, np.zeros(0, dtype=np.float32)
        blocks = np.frombuffer(heads, dtype=np.float64).astype(np.int64).reshape(-1, 2)
        samples = np.frombuffer(sound, dtype=np.float32)
        first = int(blocks[:, 0].min())
        heard = np.zeros(int(blocks.sum(axis=1).max()) - first, np.float32)
        at = 0
        # Two players may sound at once; the loudspeaker adds them up.
        for frame, size in blocks.tolist():
            heard[frame - first : frame - first + size] += samples[at : at + size]
            at += size
        return rate_hz, heard

    async def layout_shifts(self) -> list[str]:
        """What moved on the page though no input of the user explains it."""
        shifts: list[str] = await self.page.evaluate("ears.shifts")
        return shifts


@asynccontextmanager
async def chromium(microphone: Path | None, *arguments: str) -> AsyncIterator[Browser]:
    """A browser whose microphone plays this file once; None: it has one and may not use it.

    With the argument `--disable-audio-input` it has none at all.
    """
    program = shutil.which("chromium")
    assert program is not None, "chromium is not installed: sudo apt-get install -y chromium"
    has_device = "--disable-audio-input" not in arguments
    capture = ["--use-fake-device-for-media-stream"] if has_device else []
    if microphone is not None:
        capture += [
            "--use-fake-ui-for-media-stream",
            f"--use-file-for-fake-audio-capture={microphone}%noloop",
        ]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=program, args=[*_ARGUMENTS, *capture, *arguments]
        )
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def listening(
    browser: Browser, *, width: int = 1280, height: int = 800, is_dark: bool = False
) -> AsyncIterator[Ears]:
    """A page with ears on, before it has gone anywhere."""
    context = await browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if is_dark else "light",
    )
    page = await context.new_page()
    ears = Ears(page)

    def complain(message: ConsoleMessage) -> None:
        if message.type in ("warning", "error"):
            ears.complaints.append(f"{message.type}: {message.text}")

    def overhear(socket: WebSocket) -> None:
        if "/v1/realtime" in socket.url:
            socket.on("framereceived", lambda frame: ears.frames.append(str(frame)))

    page.on("console", complain)
    page.on("pageerror", lambda error: ears.complaints.append(f"uncaught: {error}"))
    page.on("websocket", overhear)
    await page.add_init_script(_EARS)
    try:
        yield ears
    finally:
        await context.close()


def spoken_at(recording: Recording, target: Path, *starts_s: float, ends_s: float) -> Path:
    """A microphone's file in which the recording's first turn is said at each of these times."""
    (turn, *_) = recording.turns
    with wave.open(str(recording.path), "rb") as source:
        params, rate = source.getparams(), source.getframerate()
        source.setpos(turn.start_ms * rate // 1000)
        speech = source.readframes((turn.end_ms - turn.start_ms) * rate // 1000)
    sound = bytearray(int(ends_s * rate) * params.sampwidth * params.nchannels)
    for start_s in starts_s:
        place = int(start_s * rate) * params.sampwidth * params.nchannels
        sound[place : place + len(speech)] = speech
    with wave.open(str(target), "wb") as copy:
        copy.setparams(params)
        copy.writeframes(sound)
    return target


def padded(recording: Path, target: Path, *, before_s: float, after_s: float) -> Path:
    """The recording with silence round it, so that a call has time to begin and to be answered."""
    with wave.open(str(recording), "rb") as source, wave.open(str(target), "wb") as copy:
        copy.setparams(source.getparams())
        width = source.getsampwidth() * source.getnchannels()
        copy.writeframes(bytes(int(before_s * source.getframerate()) * width))
        copy.writeframes(source.readframes(source.getnframes()))
        copy.writeframes(bytes(int(after_s * source.getframerate()) * width))
    return target


def resampled(samples: Samples, rate_hz: int, to_hz: int) -> Samples:
    """The same sound at another rate, by its spectrum: exact for what both rates can carry."""
    # A length that is no whole number at the other rate would stretch the sound by up to a sample.
    unit = rate_hz // math.gcd(rate_hz, to_hz)
    samples = np.pad(samples, (0, -len(samples) % unit))
    count = len(samples) * to_hz // rate_hz
    spectrum = np.fft.rfft(samples)
    bins = count // 2 + 1
    kept = np.zeros(bins, dtype=complex)
    kept[: min(bins, len(spectrum))] = spectrum[:bins]
    return np.asarray(np.fft.irfft(kept, count) * (to_hz / rate_hz), dtype=np.float32)


def residual_db(heard: Samples, sent: Samples) -> float:
    """How much of what was heard is not what was sent, after the best alignment in time."""
    size = 1 << (len(heard) + len(sent)).bit_length()
    match = np.fft.irfft(np.fft.rfft(heard, size) * np.conj(np.fft.rfft(sent, size)), size)
    shift = int(np.argmax(match[: len(heard)]))
    part = heard[shift : shift + len(sent)]
    rest = part - sent[: len(part)]
    power = float(np.sum(sent**2))
    return float(10 * np.log10((float(np.sum(rest**2)) + 1e-12) / power))
