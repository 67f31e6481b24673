"""Speech for tests, and when it begins and ends. Written by tools/make_speech.py."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Span:
    """From where to where somebody speaks, in milliseconds from the start of the file."""

    start_ms: int
    end_ms: int


@dataclass(frozen=True)
class Recording:
    """A WAV file: 16 kHz, one channel, 16 bits, speech at -20 dBFS, digital silence elsewhere."""

    file_name: str
    turns: tuple[Span, ...]

    @property
    def path(self) -> Path:
        """Where the file is."""
        return Path(__file__).parent / self.file_name


ONE_TURN = Recording("one_turn.wav", (Span(400, 2097),))
TWO_TURNS = Recording(
    "two_turns.wav",
    (
        Span(400, 1874),
        Span(3174, 4038),
    ),
)
