"""Hearing whether somebody speaks: Silero's detector, asked only when there is something to hear.

Measured (benchmarks/voice_detectors.py, the table is in docs/emulator-facts.md): Silero takes no
noise, music, hum or click for speech and finds speech in noise 5 dB below; WebRTC's detector takes
each of them for one long turn.
"""

from collections import deque

import numpy as np

from rtstart.adapters.emulator.audio.frames import FrameResampler
from rtstart.adapters.emulator.audio.pitch import pitch_hz
from rtstart.adapters.emulator.audio.samples import Samples, level_dbfs
from rtstart.adapters.emulator.audio.silero import FRAME, VoiceDetector
from rtstart.adapters.emulator.audio.silero import RATE_HZ as SILERO_HZ
from rtstart.core.realtime.turns import Frame

_WARM_UP_FRAMES = 4
_HANGOVER_FRAMES = 10
_QUIETEST_DBFS = -62.0
_ABOVE_NOISE_DB = 6.0
_FIRST_NOISE_DBFS = -75.0
_NOISE_RISE_DB = 0.05


class Voice:
    """Listens to one session. Sound comes in pieces of any size at `rate_hz`.

    A frame that is no louder than the noise before it is silence, and costs nothing: the detector
    sleeps until it gets louder, and then first hears the moment before.
    """

    def __init__(self, rate_hz: int, *, with_pitch: bool) -> None:
        self._with_pitch = with_pitch
        self._rate_hz = rate_hz
        self._size = rate_hz * FRAME // SILERO_HZ
        self._rest: Samples = np.zeros(0, np.int16)
        self._detector = VoiceDetector()
        self._to_rate = FrameResampler(rate_hz)
        self._before: deque[Samples] = deque(maxlen=_WARM_UP_FRAMES)
        self._noise_dbfs = _FIRST_NOISE_DBFS
        self._awake_frames = 0

    def hear(self, samples: Samples) -> tuple[Frame, ...]:
        """The frames that this piece completes."""
        sound = np.concatenate([self._rest, samples])
        whole = len(sound) // self._size * self._size
        self._rest = sound[whole:]
        return tuple(
            self._frame(sound[start : start + self._size]) for start in range(0, whole, self._size)
        )

    def _frame(self, sound: Samples) -> Frame:
        level = level_dbfs(sound)
        is_loud = level > max(_QUIETEST_DBFS, self._noise_dbfs + _ABOVE_NOISE_DB)
        if is_loud:
            if self._awake_frames == 0:
                self._wake()
            self._awake_frames = _HANGOVER_FRAMES
        self._noise_dbfs = min(self._noise_dbfs + _NOISE_RISE_DB, max(level, -90.0))
        if self._awake_frames == 0:
            self._before.append(sound)
            return Frame(0.0, level)
        self._awake_frames -= 1
        speech = self._detector(self._to_rate(sound))
        if not is_loud:
            # The detector remembers speech for two frames; an answer need not wait for that.
            return Frame(0.0, level)
        pitch = pitch_hz(sound, self._rate_hz) if self._with_pitch and speech > 0.5 else 0.0
        return Frame(speech, level, pitch)

    def _wake(self) -> None:
        self._detector.reset()
        while self._before:
            self._detector(self._to_rate(self._before.popleft()))
