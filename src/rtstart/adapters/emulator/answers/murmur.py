"""A voice without words: one soft tone for each word, so that what is said has length and melody.

It stands in where no speech synthesis is installed; the words themselves are in the transcript.
"""

import numpy as np

from rtstart.adapters.emulator.audio.samples import RATE_HZ, Samples
from rtstart.core.realtime.settings import Settings

_PITCH_HZ = 220.0
_LETTER_S = 0.06
_PAUSE_S = 0.06
_EDGE_S = 0.015
_LOUDNESS = 5000.0
_STEPS = (0, 2, 4, 2, -1)


class Murmur:
    """Speaks in tones."""

    async def speak(self, words: str, settings: Settings) -> Samples:
        """A tone for each word, as long as the word is."""
        del settings
        return murmured(words)


def murmured(words: str) -> Samples:
    """The tones of some words; silence is nothing at all."""
    pause = np.zeros(int(RATE_HZ * _PAUSE_S), np.int16)
    pieces: list[Samples] = []
    for index, word in enumerate(words.split()):
        pitch = _PITCH_HZ * 2 ** (_STEPS[index % len(_STEPS)] / 12)
        pieces += [tone(pitch, max(0.1, len(word) * _LETTER_S)), pause]
    return np.concatenate(pieces) if pieces else np.zeros(0, np.int16)


def tone(hz: float, seconds: float) -> Samples:
    """A plain tone with soft edges."""
    time_s = np.arange(int(RATE_HZ * seconds)) / RATE_HZ
    shape = np.minimum(1.0, np.minimum(time_s, time_s[::-1]) / _EDGE_S)
    return (np.sin(2 * np.pi * hz * time_s) * shape * _LOUDNESS).astype(np.int16)
