"""Measuring what was heard: when it was loud, how long, how loud and at which pitch."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict

_AUDIBLE_RMS = 0.01
_LOWEST_HZ = 70
_HIGHEST_HZ = 320
_VOICED = 0.6


class Window(TypedDict):
    """One look of the ear: when, how loud, and the samples."""

    at_ms: float
    rms: float
    rate_hz: float
    samples: list[float]


@dataclass(frozen=True, slots=True)
class Heard:
    """Sound from its first to its last audible moment."""

    start_ms: float
    end_ms: float
    level_dbfs: float
    pitch_hz: float

    @property
    def length_ms(self) -> float:
        """From first to last audible moment."""
        return self.end_ms - self.start_ms


def measure(windows: Sequence[Window]) -> Heard | None:
    """What was heard in these windows, or None when all was silent."""
    loud = [one for one in windows if one["rms"] > _AUDIBLE_RMS]
    if not loud:
        return None
    mean = sum(one["rms"] ** 2 for one in loud) / len(loud)
    pitches = sorted(filter(None, (pitch(one["samples"], one["rate_hz"]) for one in loud)))
    return Heard(
        start_ms=loud[0]["at_ms"],
        end_ms=loud[-1]["at_ms"],
        level_dbfs=10 * math.log10(mean),
        pitch_hz=pitches[len(pitches) // 2] if pitches else 0.0,
    )


def pitch(samples: Sequence[float], rate_hz: float) -> float:
    """The pitch of a voiced moment by autocorrelation, in Hz; 0 for noise and silence."""
    import numpy as np

    signal = np.asarray(samples) - np.mean(samples)
    correlation = np.correlate(signal, signal, "full")[len(signal) - 1 :]
    if correlation[0] <= 0:
        return 0.0
    shortest, longest = int(rate_hz / _HIGHEST_HZ), int(rate_hz / _LOWEST_HZ)
    lag = shortest + int(np.argmax(correlation[shortest:longest]))
    return rate_hz / lag if correlation[lag] / correlation[0] > _VOICED else 0.0
