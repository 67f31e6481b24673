"""The pitch of a voice: measuring it, and changing it without changing the length."""

from fractions import Fraction
from itertools import pairwise

import av
import numpy as np
from av.error import BlockingIOError as NothingYet
from av.filter import Graph

from rtstart.adapters.emulator.audio.samples import RATE_HZ, Samples, frame_of, samples_of

LOWEST_HZ = 60.0
HIGHEST_HZ = 420.0
_WINDOW = 960
_STEP = 480
_CLEAR = 0.55
_QUIET = 200.0


def pitch_hz(window: Samples, rate_hz: int) -> float:
    """The pitch of 30 to 50 ms of sound, or 0 when it has none.

    Normalised autocorrelation: a voiced sound resembles itself one period later.
    """
    sound = window.astype(np.float32)
    sound -= sound.mean()
    size = len(sound)
    energy = float(np.dot(sound, sound))
    if energy < _QUIET**2 * size / 4:
        return 0.0
    spectrum = np.fft.rfft(sound, 2 * size)
    likeness = np.fft.irfft(np.abs(spectrum) ** 2)[:size]
    # The further apart, the fewer samples are compared; make up for that.
    likeness = likeness / (np.arange(size, 0, -1) / size) / likeness[0]
    first, last = int(rate_hz / HIGHEST_HZ), min(int(rate_hz / LOWEST_HZ), size * 2 // 3)
    best = first + int(np.argmax(likeness[first:last]))
    if likeness[best] < _CLEAR:
        return 0.0
    # The shortest period that is nearly as good: its multiples resemble themselves as well.
    for divisor in (4, 3, 2):
        shorter = best // divisor
        if shorter < first:
            continue
        near = likeness[max(first, shorter - 2) : shorter + 3]
        if near.max() > 0.9 * likeness[best]:
            best = max(first, shorter - 2) + int(np.argmax(near))
            break
    return rate_hz / _refined(likeness, best)


def _refined(likeness: np.ndarray, best: int) -> float:
    """The top of the parabola through the best lag and its neighbours."""
    if best + 1 >= len(likeness):
        return float(best)
    left, middle, right = (float(value) for value in likeness[best - 1 : best + 2])
    bend = left - 2 * middle + right
    return best + (0.5 * (left - right) / bend if bend else 0.0)


def median_pitch_hz(samples: Samples) -> float:
    """The middle pitch of the voiced parts of a whole sound, or 0 when it has none."""
    found = [
        pitch_hz(samples[start : start + _WINDOW], RATE_HZ)
        for start in range(0, len(samples) - _WINDOW + 1, _STEP)
    ]
    voiced = [pitch for pitch in found if pitch > 0]
    return float(np.median(voiced)) if voiced else 0.0


def shifted(samples: Samples, semitones: float) -> Samples:
    """The sound at another pitch, with the same number of samples.

    FFmpeg plays it faster, which raises the pitch, and stretches the time again (`atempo`).
    """
    if not len(samples):
        return samples
    factor = 2 ** (semitones / 12)
    graph = Graph()
    nodes = [
        graph.add_abuffer(
            format="s16", sample_rate=RATE_HZ, layout="mono", time_base=Fraction(1, RATE_HZ)
        ),
        graph.add("asetrate", str(round(RATE_HZ * factor))),
        graph.add("aresample", str(RATE_HZ)),
        graph.add("atempo", f"{1 / factor:.6f}"),
        graph.add("aformat", "sample_fmts=s16:channel_layouts=mono"),
        graph.add("abuffersink"),
    ]
    for before, after in pairwise(nodes):
        before.link_to(after)
    graph.configure()
    graph.push(frame_of(samples, RATE_HZ))
    graph.push(None)
    pieces: list[Samples] = []
    while True:
        try:
            frame = graph.pull()
        except (NothingYet, av.EOFError):
            break
        if isinstance(frame, av.AudioFrame):
            pieces.append(samples_of(frame))
    result = np.concatenate(pieces) if pieces else np.zeros(0, np.int16)
    return np.pad(result, (0, max(0, len(samples) - len(result))))[: len(samples)]
