"""Samples, formats and rates. A sound is a one-dimensional array of 16-bit samples (`Samples`)."""

from collections.abc import Iterable, Iterator
from typing import TypeAlias

import numpy as np
from av import AudioFrame
from av.audio.resampler import AudioResampler
from numpy.typing import NDArray

from rtstart.core.realtime.settings import FormatName

Samples: TypeAlias = NDArray[np.int16]

RATE_HZ = 24_000
"""The rate at which the emulator keeps every sound."""

TELEPHONE_HZ = 8_000
SILENCE_DBFS = -100.0
_FULL_SCALE = 32768.0


def from_bytes(data: bytes) -> Samples:
    """Little-endian 16-bit samples; an odd byte at the end is dropped."""
    return np.frombuffer(data, dtype="<i2", count=len(data) // 2)


def level_dbfs(samples: Samples) -> float:
    """Mean level relative to full scale; -100 for digital silence."""
    if not len(samples):
        return SILENCE_DBFS
    # A dot product in float32 is several times faster than squaring and averaging in float64.
    scaled = samples.astype(np.float32)
    power = float(np.dot(scaled, scaled)) / len(samples) / _FULL_SCALE**2
    return max(SILENCE_DBFS, 10 * float(np.log10(power + 1e-12)))


def frame_of(samples: Samples, rate_hz: int) -> AudioFrame:
    """The samples as a mono frame for FFmpeg."""
    frame = AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
    frame.sample_rate = rate_hz
    return frame


def stereo_frame_of(samples: Samples, rate_hz: int) -> AudioFrame:
    """The samples as a frame with two equal channels.

    aiortc encodes Opus in stereo, and FFmpeg makes a mono sound 3 dB quieter on that way.
    """
    both = np.repeat(samples, 2).reshape(1, -1)
    frame = AudioFrame.from_ndarray(both, format="s16", layout="stereo")
    frame.sample_rate = rate_hz
    return frame


def samples_of(frame: AudioFrame) -> Samples:
    """The samples of a mono frame of 16 bits."""
    return frame.to_ndarray().reshape(-1).astype(np.int16, copy=False)


class Resampler:
    """Changes the rate of a sound that comes in pieces; pieces join without a seam.

    What the filter still holds back comes out with the next piece or with `flush`.
    """

    def __init__(self, from_hz: int, to_hz: int) -> None:
        self._from_hz = from_hz
        self._same = from_hz == to_hz
        self._resampler = AudioResampler(format="s16", layout="mono", rate=to_hz)

    def __call__(self, samples: Samples) -> Samples:
        """The next piece at the new rate; it may be a little shorter than it should."""
        if self._same or not len(samples):
            return samples
        return _joined(self._resampler.resample(frame_of(samples, self._from_hz)))

    def flush(self) -> Samples:
        """What was held back; the resampler is spent."""
        if self._same:
            return np.zeros(0, np.int16)
        return _joined(self._resampler.resample(None))


def resampled(samples: Samples, from_hz: int, to_hz: int) -> Samples:
    """A whole sound at another rate."""
    resampler = Resampler(from_hz, to_hz)
    return np.concatenate([resampler(samples), resampler.flush()])


class Mixdown:
    """Turns the frames of a media track into samples at the emulator's rate, one channel."""

    def __init__(self) -> None:
        self._resampler = AudioResampler(format="s16", layout="mono", rate=RATE_HZ)

    def __call__(self, frame: AudioFrame) -> Samples:
        """The samples of the next frame."""
        return _joined(self._resampler.resample(frame))

    def flush(self) -> Samples:
        """What the filter held back; the mixdown is spent."""
        return _joined(self._resampler.resample(None))


def _joined(frames: list[AudioFrame]) -> Samples:
    if not frames:
        return np.zeros(0, np.int16)
    arrays = [samples_of(frame) for frame in frames]
    return np.concatenate(arrays) if len(arrays) > 1 else arrays[0]


def decoded(data: bytes, format: FormatName) -> tuple[Samples, int]:
    """Sound off the wire, and its rate."""
    match format:
        case "audio/pcm":
            return from_bytes(data), RATE_HZ
        case "audio/pcmu":
            return _MULAW[np.frombuffer(data, np.uint8)], TELEPHONE_HZ
        case "audio/pcma":
            return _ALAW[np.frombuffer(data, np.uint8)], TELEPHONE_HZ


def encoded(samples: Samples, format: FormatName) -> bytes:
    """A whole sound at the emulator's rate, for the wire."""
    return b"".join(encoded_pieces([samples], format))


def encoded_pieces(pieces: Iterable[Samples], format: FormatName) -> Iterator[bytes]:
    """A sound at the emulator's rate that comes in pieces, for the wire; no piece is empty."""
    resampler = None if format == "audio/pcm" else Resampler(RATE_HZ, TELEPHONE_HZ)
    for piece in pieces:
        data = _codes(piece if resampler is None else resampler(piece), format)
        if data:
            yield data
    if resampler is not None and (rest := _codes(resampler.flush(), format)):
        yield rest


def _codes(samples: Samples, format: FormatName) -> bytes:
    match format:
        case "audio/pcm":
            return samples.astype("<i2").tobytes()
        case "audio/pcmu":
            return _TO_MULAW[samples.astype(np.int32) + 32768].tobytes()
        case "audio/pcma":
            return _TO_ALAW[samples.astype(np.int32) + 32768].tobytes()


def _mulaw_table() -> Samples:
    """ITU-T G.711, µ-law: every byte as a sample."""
    code = ~np.arange(256, dtype=np.int32) & 0xFF
    exponent, mantissa = (code >> 4) & 7, code & 15
    magnitude = ((mantissa << 3) + 0x84 << exponent) - 0x84
    return np.where(code & 0x80, -magnitude, magnitude).astype(np.int16)


def _alaw_table() -> Samples:
    """ITU-T G.711, A-law: every byte as a sample."""
    code = np.arange(256, dtype=np.int32) ^ 0x55
    exponent, mantissa = (code >> 4) & 7, code & 15
    small = (mantissa << 4) + 8
    large = (mantissa << 4) + 0x108 << np.maximum(exponent - 1, 0)
    magnitude = np.where(exponent == 0, small, large)
    return np.where(code & 0x80, magnitude, -magnitude).astype(np.int16)


def _nearest_codes(table: Samples) -> NDArray[np.uint8]:
    """For every 16-bit sample the byte whose sample is nearest."""
    order = np.argsort(table, kind="stable")
    values = table[order].astype(np.int32)
    every = np.arange(-32768, 32768, dtype=np.int32)
    right = np.clip(np.searchsorted(values, every), 1, 255)
    nearer_left = every - values[right - 1] <= values[right] - every
    return order[np.where(nearer_left, right - 1, right)].astype(np.uint8)


_MULAW = _mulaw_table()
_ALAW = _alaw_table()
_TO_MULAW = _nearest_codes(_MULAW)
_TO_ALAW = _nearest_codes(_ALAW)
