"""When turns begin and end, as the emulator hears it and as WebRTC's detector would: errors on
speech in quiet and in noise, as PCM and after Opus, and false turns in sounds that are no speech.

    uv run --with webrtcvad-wheels python -m benchmarks.voice_detectors [--json FILE]

The speech is synthesised here (three voices, eight sentences each), so that it is known to the
millisecond when it begins and ends. All other sounds are made here too. Both detectors feed the
same turn machine: threshold 0.5, padding 300 ms, silence 500 ms; both times are taken off.
"""

import argparse
import asyncio
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TypeAlias

import av
import numpy as np
from numpy.typing import NDArray

from rtstart.adapters.emulator.audio.samples import RATE_HZ, Mixdown, Samples, frame_of, resampled
from rtstart.adapters.emulator.audio.voice import Voice
from rtstart.adapters.emulator.speech.engine import Espeak
from rtstart.core.realtime.settings import ServerVad, Settings
from rtstart.core.realtime.turns import Frame, TurnBegan, TurnDetector, TurnEnded

Detector: TypeAlias = Callable[[Samples], tuple[Frame, ...]]

_RULE = ServerVad()
_SENTENCES = (
    "Good morning, I would like to book a table for two people.",
    "Stop.",
    "What is the weather like in Rome today?",
    "No, not that one.",
    "Could you tell me when the next train leaves, and from which platform?",
    "Yes please.",
    "My number is seven four one, double nine, three.",
    "Thank you very much, that is all.",
)
_VOICES = ("coral", "ash", "ballad")
_SPEECH_RMS = 3277.0
_RNG = np.random.default_rng(20261122)


@dataclass(frozen=True)
class Sound:
    """Something to listen to; `turns` are its true starts and ends in milliseconds."""

    name: str
    samples: Samples
    turns: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class Row:
    """What one detector made of one sound. Errors in milliseconds, positive is late."""

    sound: str
    detector: str
    turns: int
    found: int
    false: int
    start_median: float | None
    start_worst: float | None
    end_median: float | None
    end_worst: float | None
    cpu_ms_a_second: float


def _clipped(sound: NDArray[np.float64]) -> Samples:
    return sound.clip(-32768, 32767).astype(np.int16)


async def _speech(gap_s: float = 1.3) -> Sound:
    espeak = Espeak()
    pieces: list[Samples] = [np.zeros(RATE_HZ, np.int16)]
    turns: list[tuple[int, int]] = []
    for voice in _VOICES:
        for sentence in _SENTENCES:
            said = await espeak.speak(sentence, replace(Settings(), voice=voice))
            loud = np.flatnonzero(np.abs(said) > 150)
            said = said[loud[0] : loud[-1] + 1]
            said = _clipped(said * (_SPEECH_RMS / np.sqrt(np.mean(said.astype(np.float64) ** 2))))
            begins = sum(map(len, pieces))
            pieces += [said, np.zeros(int(RATE_HZ * gap_s), np.int16)]
            turns.append((begins * 1000 // RATE_HZ, (begins + len(said)) * 1000 // RATE_HZ))
    return Sound("speech in quiet", np.concatenate(pieces), tuple(turns))


def _with_noise(speech: Sound, snr_db: float) -> Sound:
    noise = _pink(len(speech.samples)) * _SPEECH_RMS / 10 ** (snr_db / 20)
    samples = _clipped(speech.samples + noise)
    return replace(speech, name=f"speech, pink noise {snr_db:.0f} dB below", samples=samples)


def _after_opus(speech: Sound) -> Sound:
    """Through an Opus encoder and decoder, as over WebRTC; their delay is taken out."""
    encoder = av.CodecContext.create("libopus", "w")
    encoder.sample_rate, encoder.format, encoder.layout = 48_000, "s16", "mono"
    encoder.open()
    decoder = av.CodecContext.create("libopus", "r")
    wide, mix = resampled(speech.samples, RATE_HZ, 48_000), Mixdown()
    out: list[Samples] = []
    for start in range(0, len(wide) - 960, 960):
        for packet in encoder.encode(frame_of(wide[start : start + 960], 48_000)):
            out += [mix(frame) for frame in decoder.decode(packet)]
    heard = np.concatenate(out)
    probe = speech.samples[: 20 * RATE_HZ].astype(np.float64)
    match = np.fft.irfft(
        np.fft.rfft(heard[: len(probe)], 2 * len(probe))
        * np.conj(np.fft.rfft(probe, 2 * len(probe)))
    )
    return replace(speech, name="speech after Opus", samples=heard[int(np.argmax(match[:4800])) :])


def _pink(count: int) -> NDArray[np.float64]:
    spectrum = np.fft.rfft(_RNG.standard_normal(count))
    spectrum /= np.sqrt(np.maximum(np.arange(len(spectrum)), 1))
    noise = np.fft.irfft(spectrum, count)
    result: NDArray[np.float64] = noise / np.sqrt(np.mean(noise**2))
    return result


def _music(seconds: int) -> Samples:
    """Chords of plucked strings with a bass and a beat."""
    tune = np.zeros(seconds * RATE_HZ)
    time_s = np.arange(RATE_HZ) / RATE_HZ
    for beat in range(seconds * 2):
        root = 110 * 2 ** ((0, 5, 7, 3)[beat // 4 % 4] / 12)
        chord = sum(
            np.sin(2 * np.pi * root * ratio * part * time_s) / part
            for ratio in (1, 2, 2.5, 3)
            for part in range(1, 7)
        )
        place = beat * RATE_HZ // 2
        room = tune[place : place + RATE_HZ]
        room += (chord * np.exp(-4 * time_s))[: len(room)]
        room[:1200] += (
            3 * _RNG.standard_normal(len(room[:1200])) * np.exp(-time_s[:1200] * 200)[: len(room)]
        )
    return _clipped(tune / np.sqrt(np.mean(tune**2)) * _SPEECH_RMS)


def _clicks(seconds: int) -> Samples:
    """Keys of a keyboard, a few each second."""
    sound = np.zeros(seconds * RATE_HZ)
    for place in _RNG.integers(0, len(sound) - 2400, seconds * 6):
        length = int(_RNG.integers(200, 900))
        burst = _RNG.standard_normal(length) * np.exp(-np.arange(length) / 120)
        sound[place : place + length] += burst * 9000
    return _clipped(sound)


def _hum(seconds: int) -> Samples:
    time_s = np.arange(seconds * RATE_HZ) / RATE_HZ
    parts = [np.sin(2 * np.pi * 50 * n * time_s) / n for n in (1, 2, 3, 5, 7)]
    return _clipped(np.sum(parts, axis=0) * 2500)


async def sounds() -> list[Sound]:
    """Everything both detectors listen to."""
    speech = await _speech()
    half_minute = 30 * RATE_HZ
    return [
        speech,
        _after_opus(speech),
        _with_noise(speech, 20),
        _with_noise(speech, 10),
        _with_noise(speech, 5),
        Sound("silence", np.zeros(half_minute, np.int16)),
        Sound("white noise", _clipped(_RNG.standard_normal(half_minute) * 2000)),
        Sound("pink noise", _clipped(_pink(half_minute) * 3000)),
        Sound("music", _music(30)),
        Sound("hum of the mains", _hum(30)),
        Sound("clicks of keys", _clicks(30)),
    ]


def _ours() -> Detector:
    return Voice(RATE_HZ, with_pitch=False).hear


def _webrtc(mode: int) -> Callable[[], Detector]:
    import webrtcvad

    def make() -> Detector:
        vad = webrtcvad.Vad(mode)

        def hear(samples: Samples) -> tuple[Frame, ...]:
            narrow = resampled(samples, RATE_HZ, 16_000)
            return tuple(
                Frame(float(vad.is_speech(narrow[at : at + 480].tobytes(), 16_000)))
                for at in range(0, len(narrow) - 512, 512)
            )

        return hear

    return make


def _judge(sound: Sound, name: str, make: Callable[[], Detector]) -> Row:
    hear = make()
    begun_at = time.process_time()
    frames = hear(sound.samples)
    spent_s = time.process_time() - begun_at
    news = list(TurnDetector(_RULE).hear(frames))
    starts = [
        one.audio_start_ms + _RULE.prefix_padding_ms for one in news if isinstance(one, TurnBegan)
    ]
    ends = [
        one.audio_end_ms - _RULE.silence_duration_ms for one in news if isinstance(one, TurnEnded)
    ]
    late_starts = list(_errors([begin for begin, _ in sound.turns], starts))
    late_ends = list(_errors([end for _, end in sound.turns], ends))
    seconds = len(sound.samples) / RATE_HZ
    return Row(
        sound=sound.name,
        detector=name,
        turns=len(sound.turns),
        found=len(late_starts),
        false=max(0, len(starts) - len(late_starts)),
        start_median=_middle(late_starts),
        start_worst=_worst(late_starts),
        end_median=_middle(late_ends),
        end_worst=_worst(late_ends),
        cpu_ms_a_second=round(1000 * spent_s / seconds, 2),
    )


def _errors(true_ms: list[int], found_ms: list[int]) -> Iterator[float]:
    """How late each true moment was found; a moment not found within 600 ms is left out."""
    for true in true_ms:
        near = [found - true for found in found_ms if abs(found - true) <= 600]
        if near:
            yield min(near, key=abs)


def _middle(values: list[float]) -> float | None:
    return float(np.median(values)) if values else None


def _worst(values: list[float]) -> float | None:
    return max(values, key=abs) if values else None


def _told(value: float | None) -> str:
    return "      -" if value is None else f"{value:+7.0f}"


async def _main(path: Path | None) -> None:
    detectors = {
        "rtstart (Silero)": _ours,
        "WebRTC, mode 2": _webrtc(2),
        "WebRTC, mode 3": _webrtc(3),
    }
    rows = [
        _judge(sound, name, make) for sound in await sounds() for name, make in detectors.items()
    ]
    print(f"{'':31}{'':17}{'turns':>9}{'false':>7}{'start':>15}{'end':>16}{'CPU':>12}")
    for row in rows:
        found = f"{row.found}/{row.turns}" if row.turns else "-"
        print(
            f"{row.sound:31}{row.detector:17}{found:>9}{row.false:>7}"
            f"  {_told(row.start_median)}{_told(row.start_worst)}"
            f"  {_told(row.end_median)}{_told(row.end_worst)}{row.cpu_ms_a_second:9.1f} ms/s"
        )
    if path:
        told = json.dumps([asdict(row) for row in rows], indent=2)
        await asyncio.to_thread(path.write_text, told + "\n", encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", type=Path)
    asyncio.run(_main(parser.parse_args().json))
