"""The input audio buffer: what the user says until it becomes a message."""

from collections.abc import Iterable, Iterator

from rtstart.core.realtime.settings import (
    BYTES_PER_MS,
    FormatName,
    ServerVad,
    Settings,
    TurnDetection,
)
from rtstart.core.realtime.turns import Frame, TurnBegan, TurnDetector, TurnEnded, TurnNews
from rtstart.core.realtime.wire import Fault

MIN_COMMIT_MS = 100
MAX_BUFFER_BYTES = 96 * 1024 * 1024
"""About half an hour of PCM without a commit; our own limit."""

_LAG_MS = 1500
"""Sound kept beyond the padding while nobody speaks, so that a late detection still has it."""


class Listening:
    """Keeps the sound that no message has yet, and finds turns in it.

    Times are milliseconds since the session's first sample. With turn detection, silence before
    a turn is thrown away except for its padding.
    """

    def __init__(self, settings: Settings, format: FormatName) -> None:
        self._rate = BYTES_PER_MS[format]
        self._sound = bytearray()
        self._base_ms = 0
        self._rule: TurnDetection = settings.turn_detection
        self._detector = self._new_detector()

    @property
    def time_ms(self) -> int:
        """How much sound has come since the session began."""
        return self._base_ms + len(self._sound) // self._rate

    @property
    def length_ms(self) -> float:
        """How much sound is in the buffer."""
        return len(self._sound) / self._rate

    @property
    def is_speaking(self) -> bool:
        """Whether a turn has begun and not ended."""
        return self._detector is not None and self._detector.is_speaking

    def adapt(self, settings: Settings, format: FormatName) -> None:
        """Take over changed settings; a new rule begins to listen where the old one stopped."""
        rate = BYTES_PER_MS[format]
        if rate != self._rate:
            self._base_ms = self.time_ms
            self._sound.clear()
            self._rate = rate
        if settings.turn_detection != self._rule:
            self._rule = settings.turn_detection
            self._detector = self._new_detector()

    def has_room(self, size_bytes: int) -> bool:
        """Whether so much more sound is taken in."""
        return len(self._sound) + size_bytes <= MAX_BUFFER_BYTES

    def append(self, audio: bytes) -> Fault | None:
        """Take more sound in."""
        if not self.has_room(len(audio)):
            words = "The input audio buffer is full. Commit or clear it."
            return Fault("input_audio_buffer_full", words)
        self._sound += audio
        return None

    def turns(self, frames: Iterable[Frame]) -> Iterator[TurnNews]:
        """The turns that begin and end in the frames of the sound just taken in."""
        if self._detector is None:
            return
        for news in self._detector.hear(frames):
            if isinstance(news, TurnBegan):
                self._drop_before(news.audio_start_ms)
            yield news
        if not self._detector.is_speaking:
            padding_ms = self._rule.prefix_padding_ms if isinstance(self._rule, ServerVad) else 0
            self._drop_before(self.time_ms - padding_ms - _LAG_MS)

    def take_turn(self, ended: TurnEnded) -> bytes:
        """The sound of the turn that has just ended; what came after it stays."""
        size = max(0, ended.audio_end_ms - self._base_ms) * self._rate
        return self._take(size)

    def commit(self) -> bytes | Fault:
        """All the sound there is, for a message; a refusal when it is too little."""
        if self.length_ms < MIN_COMMIT_MS:
            words = (
                "Error committing input audio buffer: buffer too small. Expected at least "
                f"{MIN_COMMIT_MS}ms of audio, but buffer only has {self.length_ms:.2f}ms of audio."
            )
            return Fault("input_audio_buffer_commit_empty", words)
        return self._restart(self._take(len(self._sound)))

    def take_silence(self) -> bytes:
        """All the sound there is, though nobody spoke (idle timeout)."""
        return self._take(len(self._sound))

    def clear(self) -> None:
        """Forget the sound there is, and a turn that has begun in it."""
        self._restart(self._take(len(self._sound)))

    def _restart(self, taken: bytes) -> bytes:
        self._detector = self._new_detector()
        return taken

    def _take(self, size: int) -> bytes:
        taken = bytes(self._sound[:size])
        del self._sound[:size]
        self._base_ms += len(taken) // self._rate
        return taken

    def _drop_before(self, time_ms: int) -> None:
        if time_ms > self._base_ms:
            self._take((time_ms - self._base_ms) * self._rate)

    def _new_detector(self) -> TurnDetector | None:
        return None if self._rule is None else TurnDetector(self._rule, self.time_ms)
