"""The track on which answers are heard: 20 ms at a time, evenly, with silence in between."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from av import AudioFrame

from rtstart.adapters.emulator.audio.samples import (
    RATE_HZ,
    Resampler,
    Samples,
    stereo_frame_of,
)

FRAME_S = 0.02
_OUT_HZ = 48_000
"""Opus's own rate: aiortc's encoder would resample anything else frame by frame, which costs more
and lets each frame out 20 ms later."""

_FRAME = int(_OUT_HZ * FRAME_S)
_STALL_S = 0.25
_MS = _OUT_HZ // 1000


@dataclass(slots=True)
class _Queued:
    """The sound of one response that has not gone out yet."""

    response_id: str
    to_out: Resampler = field(default_factory=lambda: Resampler(RATE_HZ, _OUT_HZ))
    pieces: deque[Samples] = field(default_factory=deque)
    played: int = 0
    is_whole: bool = False

    def add(self, samples: Samples) -> None:
        """More sound at the track's rate."""
        if len(samples):
            self.pieces.append(samples)


class PlayerTrack(MediaStreamTrack):
    """Plays one response after another; `on_start` and `on_end` are told of each."""

    kind = "audio"

    def __init__(self, *, on_start: Callable[[str], None], on_end: Callable[[str], None]) -> None:
        super().__init__()
        self._on_start = on_start
        self._on_end = on_end
        self._queue: deque[_Queued] = deque()
        self._next_at: float | None = None
        self._pts = 0

    def play(self, response_id: str, samples: Samples) -> None:
        """Queue more sound of a response."""
        queued = self._queued(response_id)
        queued.add(queued.to_out(samples))

    def end(self, response_id: str) -> None:
        """No more sound of this response will come."""
        queued = self._queued(response_id)
        if not queued.is_whole:
            queued.add(queued.to_out.flush())
            queued.is_whole = True

    def clear(self) -> tuple[tuple[str, int], ...]:
        """Fall silent now; how many milliseconds of each response had gone out."""
        played = tuple((queued.response_id, queued.played // _MS) for queued in self._queue)
        self._queue.clear()
        return played

    def _queued(self, response_id: str) -> _Queued:
        if not self._queue or self._queue[-1].response_id != response_id:
            self._queue.append(_Queued(response_id))
        return self._queue[-1]

    async def recv(self) -> AudioFrame:
        """The next 20 ms, when they are due."""
        if self.readyState != "live":
            raise MediaStreamError
        loop = asyncio.get_running_loop()
        if self._next_at is None:
            self._next_at = loop.time()
        late_s = loop.time() - self._next_at
        if late_s < 0:
            await asyncio.sleep(-late_s)
        elif late_s > _STALL_S:
            # The machine stood still. Frames sent in a burst would only be thrown away.
            missed = int(late_s / FRAME_S)
            self._next_at += missed * FRAME_S
            self._pts += missed * _FRAME
        self._next_at += FRAME_S
        frame = stereo_frame_of(self._take(), _OUT_HZ)
        frame.pts = self._pts
        frame.time_base = Fraction(1, _OUT_HZ)
        self._pts += _FRAME
        return frame

    def _take(self) -> Samples:
        """The samples of one frame, from as many responses as it takes, silence behind them."""
        taken: list[Samples] = []
        missing = _FRAME
        while missing and self._queue:
            queued = self._queue[0]
            if not queued.pieces:
                if not queued.is_whole:
                    break
                self._queue.popleft()
                self._on_end(queued.response_id)
                continue
            if queued.played == 0:
                self._on_start(queued.response_id)
                if not self._queue:
                    break
            piece = queued.pieces[0]
            if len(piece) <= missing:
                queued.pieces.popleft()
            else:
                queued.pieces[0] = piece[missing:]
                piece = piece[:missing]
            queued.played += len(piece)
            missing -= len(piece)
            taken.append(piece)
        taken.append(np.zeros(missing, np.int16))
        return np.concatenate(taken)
