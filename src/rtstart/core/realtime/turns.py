"""When somebody begins and ends a turn: a machine over decisions about short frames of sound.

It knows nothing of sound itself. Each frame says how probably it is speech, how loud it is and
which pitch it has; the times that come out are milliseconds since the session's first sample.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from statistics import fmean, median
from typing import TypeAlias

from rtstart.core.realtime.settings import Eagerness, SemanticVad, ServerVad

FRAME_MS = 32
"""Length of one frame: what the speech detector looks at (512 samples at 16 kHz)."""

_SEMANTIC_THRESHOLD = 0.5
_SEMANTIC_PADDING_MS = 300
_HYSTERESIS = 0.15
_FRAMES_TO_START = 2
_REMEMBERED_FRAMES = 1000 // FRAME_MS

LONGEST_WAIT_MS: dict[Eagerness, int] = {"low": 8000, "medium": 4000, "high": 2000, "auto": 4000}
"""How long `semantic_vad` waits at most after the last word (VAD guide, 2026-11)."""

SHORTEST_WAIT_MS = 320
"""How long it waits when the voice says plainly that the turn is over; our choice."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What was heard in one frame. `speech` is 0 to 1; `pitch_hz` is 0 without a clear pitch."""

    speech: float
    level_dbfs: float = -100.0
    pitch_hz: float = 0.0


@dataclass(frozen=True, slots=True)
class TurnBegan:
    """Somebody speaks. `audio_start_ms` is where the turn's audio begins, padding included."""

    audio_start_ms: int


@dataclass(frozen=True, slots=True)
class TurnEnded:
    """They stopped. `audio_end_ms` is where the turn's audio ends, the silence included."""

    audio_end_ms: int


TurnNews: TypeAlias = TurnBegan | TurnEnded


class TurnDetector:
    """Tells where turns begin and end. `start_ms` is where in the session its first frame is."""

    def __init__(self, rule: ServerVad | SemanticVad, start_ms: int = 0) -> None:
        self._rule = rule
        self._start_ms = start_ms
        self._frames = 0
        self._run = 0
        self._silent_ms = 0
        self._wait_ms = 0
        self._earliest_ms = start_ms
        self._recent: deque[Frame] = deque(maxlen=_REMEMBERED_FRAMES)
        self._pitches: list[float] = []
        self.is_speaking = False

    @property
    def time_ms(self) -> int:
        """The end of the last frame, since the session's first sample."""
        return self._start_ms + self._frames * FRAME_MS

    def hear(self, frames: Iterable[Frame]) -> Iterator[TurnNews]:
        """What these frames, the next ones in time, bring."""
        for frame in frames:
            self._frames += 1
            self._recent.append(frame)
            news = self._speaking(frame) if self.is_speaking else self._waiting(frame)
            if news is not None:
                yield news

    def _waiting(self, frame: Frame) -> TurnNews | None:
        self._run = self._run + 1 if frame.speech >= self._threshold else 0
        if self._run < _FRAMES_TO_START:
            return None
        onset_ms = self.time_ms - self._run * FRAME_MS
        self.is_speaking = True
        self._silent_ms = 0
        self._pitches = [heard.pitch_hz for heard in self._recent if heard.pitch_hz > 0]
        return TurnBegan(max(self._earliest_ms, onset_ms - self._padding_ms))

    def _speaking(self, frame: Frame) -> TurnNews | None:
        if frame.speech >= self._threshold - _HYSTERESIS:
            self._silent_ms = 0
            if frame.pitch_hz > 0:
                self._pitches.append(frame.pitch_hz)
            return None
        if self._silent_ms == 0:
            self._wait_ms = self._patience_ms()
        self._silent_ms += FRAME_MS
        # The nearest frame: waiting for a whole one more would be late by half of one on average.
        if self._silent_ms + FRAME_MS // 2 < self._wait_ms:
            return None
        self.is_speaking = False
        self._run = 0
        self._earliest_ms = self.time_ms
        return TurnEnded(self.time_ms)

    @property
    def _threshold(self) -> float:
        return self._rule.threshold if isinstance(self._rule, ServerVad) else _SEMANTIC_THRESHOLD

    @property
    def _padding_ms(self) -> int:
        if isinstance(self._rule, ServerVad):
            return self._rule.prefix_padding_ms
        return _SEMANTIC_PADDING_MS

    def _patience_ms(self) -> int:
        if isinstance(self._rule, ServerVad):
            return self._rule.silence_duration_ms
        longest_ms = LONGEST_WAIT_MS[self._rule.eagerness]
        unsure = 1.0 - doneness(self._pitches)
        return round(SHORTEST_WAIT_MS + unsure * (longest_ms - SHORTEST_WAIT_MS))


def doneness(pitches_hz: list[float]) -> float:
    """How much the melody of a turn sounds finished, from 0 to 1.

    A voice that falls at the end has finished a statement, one that rises has asked; one that
    stays where it was is thinking. The real classifier listens to words; this one has none.
    """
    last = pitches_hz[-5:]
    if len(pitches_hz) < len(last) + 3:
        return 0.6
    ratio = fmean(last) / median(pitches_hz)
    if ratio <= 0.9 or ratio >= 1.2:
        return 1.0
    if ratio <= 0.95 or ratio >= 1.1:
        return 0.8
    return 0.4
