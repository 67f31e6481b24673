"""Makes the speech recordings of `tests/fakes/speech` with espeak-ng, and the module that says
when speech begins and ends in each. Run it again only to change them: `uv run tools/make_speech.py`
"""

import io
import subprocess
import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rtstart.adapters.emulator.audio.samples import Samples, resampled

RATE_HZ = 16_000
LEVEL_DBFS = -20.0
FOLDER = Path(__file__).parent.parent / "tests" / "fakes" / "speech"


@dataclass(frozen=True)
class Utterance:
    """A pause, then words in a voice."""

    pause_ms: int
    words: str
    voice: str = "en"


RECORDINGS = {
    "one_turn": ((Utterance(400, "Hello, can you hear me now?"),), 2500),
    "two_turns": (
        (
            Utterance(400, "Hello, can you hear me?"),
            Utterance(1300, "What time is it?", "en+f3"),
        ),
        700,
    ),
}


def spoken(utterance: Utterance) -> Samples:
    """The words without the silence round them, at one level."""
    command = ["espeak-ng", "-v", utterance.voice, "-s", "165", "--stdout", utterance.words]
    data = subprocess.run(command, check=True, capture_output=True).stdout
    with wave.open(io.BytesIO(data)) as recording:
        raw = np.frombuffer(recording.readframes(recording.getnframes()), np.int16)
        sound = resampled(raw, recording.getframerate(), RATE_HZ)
    loud = np.flatnonzero(np.abs(sound) > 300)
    trimmed: NDArray[np.float64] = sound[loud[0] : loud[-1] + 1].astype(np.float64)
    rms = float(np.sqrt(np.mean(trimmed**2)))
    return np.clip(trimmed * (32768 * 10 ** (LEVEL_DBFS / 20) / rms), -32768, 32767).astype(
        np.int16
    )


def main() -> None:
    """Write every recording and the module."""
    lines: list[str] = []
    for name, (utterances, tail_ms) in RECORDINGS.items():
        pieces: list[Samples] = []
        spans: list[tuple[int, int]] = []
        length = 0
        for utterance in utterances:
            sound = spoken(utterance)
            pause = utterance.pause_ms * RATE_HZ // 1000
            start = length + pause
            length = start + len(sound)
            spans.append((round(start * 1000 / RATE_HZ), round(length * 1000 / RATE_HZ)))
            pieces += [np.zeros(pause, np.int16), sound]
        pieces.append(np.zeros(tail_ms * RATE_HZ // 1000, np.int16))
        with wave.open(str(FOLDER / f"{name}.wav"), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE_HZ)
            file.writeframes(np.concatenate(pieces).tobytes())
        turns = ", ".join(f"Span({start}, {end})" for start, end in spans)
        lines.append(f'{name.upper()} = Recording("{name}.wav", ({turns},))')
    text = HEAD + "\n".join(lines) + "\n"
    (FOLDER / "__init__.py").write_text(text, encoding="utf-8")


HEAD = '''"""Speech for tests, and when it begins and ends. Written by tools/make_speech.py."""

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


'''

if __name__ == "__main__":
    main()
