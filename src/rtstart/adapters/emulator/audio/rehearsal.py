"""Doing once, before anybody calls, what takes long the first time.

Filters, transforms and tables are loaded at first use: without this the first answer of an emulator
came a third of a second later than the second.
"""

import numpy as np

from rtstart.adapters.emulator.audio.pitch import middle_hz, pitches_hz, shifted
from rtstart.adapters.emulator.audio.samples import RATE_HZ, encoded
from rtstart.adapters.emulator.audio.voice import Voice

_SECONDS = 0.6


def rehearse() -> None:
    """Hear a short sound, shift it, measure it, encode it."""
    time_s = np.arange(int(RATE_HZ * _SECONDS)) / RATE_HZ
    tone = (np.sin(2 * np.pi * 150 * time_s) * 5000).astype(np.int16)
    Voice(RATE_HZ, with_pitch=True).hear(tone)
    for piece in shifted(tone, 3):
        encoded(piece, "audio/pcmu")
    middle_hz(pitches_hz(tone))
