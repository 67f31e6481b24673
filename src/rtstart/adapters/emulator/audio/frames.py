"""Frames at the rate of the voice detector, made one by one and with no more delay than a filter
has. FFmpeg's resampler costs several times more on pieces as short as these.
"""

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from rtstart.adapters.emulator.audio.samples import Samples
from rtstart.adapters.emulator.audio.silero import FRAME, RATE_HZ

_TAPS = 32
_PHASES = 2


class FrameResampler:
    """Changes frames of 32 ms at 8, 16 or 24 kHz to `FRAME` samples at 16 kHz.

    What comes out is 16 samples of the input late.
    """

    def __init__(self, rate_hz: int) -> None:
        self._is_same = rate_hz == RATE_HZ
        self._step = rate_hz * _PHASES // RATE_HZ
        self._filters = _filters(rate_hz)
        self._before = np.zeros(_TAPS - self._step, np.float32)

    def __call__(self, frame: Samples) -> Samples:
        """The next frame."""
        if self._is_same:
            return frame
        sound = np.concatenate([self._before, frame], dtype=np.float32)
        self._before = sound[len(sound) - len(self._before) :]
        size = sound.itemsize
        windows = as_strided(sound, (FRAME // _PHASES, _TAPS), (self._step * size, size))
        return (windows @ self._filters).reshape(-1).clip(-32768, 32767).astype(np.int16)


def _filters(rate_hz: int) -> NDArray[np.float32]:
    """A low pass for each of the two places between which the output falls (windowed sinc)."""
    share = min(0.95, 0.9 * RATE_HZ / rate_hz)
    places = np.arange(_TAPS)
    found = []
    for phase in range(_PHASES):
        distance = places - (_TAPS // 2 - 1 + phase * rate_hz / RATE_HZ)
        window = np.cos(np.pi * distance / (_TAPS + 2)) ** 2
        weights = np.sinc(share * distance) * window
        found.append(weights / weights.sum())
    return np.array(found, np.float32).T.copy()
