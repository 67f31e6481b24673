"""Sound files: WAV of any rate in, the API's 24 kHz out. Standard library only."""

import math
import wave
from array import array
from operator import mul
from pathlib import Path

RATE_HZ = 24_000
_SIDE = 16  # taps on each side of a sample, at the lower of the two rates


class BadWav(ValueError):
    """A file that cannot be spoken; the text says why."""


def read_wav(path: Path) -> bytes:
    """The sound as the API wants it: 16-bit little-endian samples, mono, 24 kHz. Raises BadWav."""
    try:
        with wave.open(str(path), "rb") as file:
            channels, width, rate_hz = (
                file.getnchannels(),
                file.getsampwidth(),
                file.getframerate(),
            )
            data = file.readframes(file.getnframes())
    except (OSError, EOFError, wave.Error) as error:
        raise BadWav(f'"{path}" cannot be read as WAV: {error}') from error
    if width != 2:
        raise BadWav(f'"{path}" has {8 * width} bits a sample; save it with 16.')
    samples = array("h", data)
    if channels > 1:
        parts = [samples[n::channels] for n in range(channels)]
        samples = array("h", (sum(frame) // channels for frame in zip(*parts, strict=True)))
    return resampled(samples, rate_hz, RATE_HZ).tobytes()


def write_wav(path: Path, data: bytes) -> None:
    """Write sound as the API gives it."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(data)


def resampled(samples: "array[int]", from_hz: int, to_hz: int) -> "array[int]":
    """The same sound at another rate: windowed sinc, one set of taps for each phase."""
    if from_hz == to_hz:
        return samples
    shrink = math.gcd(from_hz, to_hz)
    up, down = to_hz // shrink, from_hz // shrink
    cutoff = min(1.0, to_hz / from_hz) * 0.95
    reach = math.ceil(_SIDE / cutoff)
    taps = [_taps(phase / up, cutoff, reach) for phase in range(up)]
    padded = array("h", bytes(2 * reach)) + samples + array("h", bytes(2 * reach + 2))
    out = array("h")
    for n in range(len(samples) * up // down):
        place, phase = divmod(n * down, up)
        value = sum(map(mul, taps[phase], padded[place : place + 2 * reach + 1]))
        out.append(max(-32768, min(32767, round(value))))
    return out


def _taps(offset: float, cutoff: float, reach: int) -> list[float]:
    taps = []
    for n in range(-reach, reach + 1):
        x = n - offset
        window = 0.5 + 0.5 * math.cos(math.pi * x / (reach + 1))
        angle = math.pi * cutoff * x
        taps.append(cutoff * window * (math.sin(angle) / angle if angle else 1.0))
    total = sum(taps)
    return [tap / total for tap in taps]
