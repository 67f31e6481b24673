"""The pitch of a voice: measuring it, and changing it without changing the length."""

from collections.abc import Iterable, Iterator
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
_PLACES = 50
_CLEAR = 0.55
_QUIET = 200.0
_PIECE = RATE_HZ // 2


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
    return middle_hz(pitches_hz(samples))


def pitches_hz(samples: Samples) -> Iterator[float]:
    """The pitch of 40 ms of a sound at up to 50 places, evenly spread; 0 where there is none.

    More places would cost more and move the middle no further.
    """
    last = len(samples) - _WINDOW
    step = max(_STEP, last // _PLACES)
    for start in range(0, last + 1, step):
        yield pitch_hz(samples[start : start + _WINDOW], RATE_HZ)


def middle_hz(pitches: Iterable[float]) -> float:
    """The middle of the pitches that are none of 0, or 0 when all are."""
    voiced = [pitch for pitch in pitches if pitch > 0]
    return float(np.median(voiced)) if voiced else 0.0


class Shifter:
    """Changes the pitch of a sound that comes in pieces; its length stays.

    FFmpeg plays it faster, which raises the pitch, and stretches the time again (`atempo`). What
    the filters still hold back comes out with later pieces or with `flush`.
    """

    def __init__(self, semitones: float) -> None:
        factor = 2 ** (semitones / 12)
        self._graph = Graph()
        nodes = [
            self._graph.add_abuffer(
                format="s16", sample_rate=RATE_HZ, layout="mono", time_base=Fraction(1, RATE_HZ)
            ),
            self._graph.add("asetrate", str(round(RATE_HZ * factor))),
            self._graph.add("aresample", str(RATE_HZ)),
            self._graph.add("atempo", f"{1 / factor:.6f}"),
            self._graph.add("aformat", "sample_fmts=s16:channel_layouts=mono"),
            self._graph.add("abuffersink"),
        ]
        for before, after in pairwise(nodes):
            before.link_to(after)
        self._graph.configure()
        self._taken = 0
        self._given = 0

    def __call__(self, samples: Samples) -> Samples:
        """What is ready once this piece, which is not empty, is in."""
        self._graph.push(frame_of(samples, RATE_HZ))
        self._taken += len(samples)
        return self._ready()

    def flush(self) -> Samples:
        """The rest, so that as much has come out as went in; the shifter is spent."""
        self._graph.push(None)
        rest = self._ready()
        missing = self._taken - self._given
        self._given = self._taken
        return np.pad(rest, (0, missing))

    def _ready(self) -> Samples:
        pieces: list[Samples] = [np.zeros(0, np.int16)]
        while True:
            try:
                frame = self._graph.pull()
            except (NothingYet, av.EOFError):
                break
            if isinstance(frame, av.AudioFrame):
                pieces.append(samples_of(frame))
        ready = np.concatenate(pieces)[: self._taken - self._given]
        self._given += len(ready)
        return ready


def shifted(samples: Samples, semitones: float) -> Iterator[Samples]:
    """The sound at another pitch, as many samples, in pieces: the first is made in a moment."""
    if not len(samples):
        return
    shifter = Shifter(semitones)
    for start in range(0, len(samples), _PIECE):
        yield shifter(samples[start : start + _PIECE])
    yield shifter.flush()
