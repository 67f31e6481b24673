"""Speech in, speech out, over both transports; asserted on measured sound."""

import asyncio

import numpy as np
import pytest

from rtstart.adapters.emulator.audio.pitch import median_pitch_hz
from rtstart.adapters.emulator.audio.samples import RATE_HZ, level_dbfs
from rtstart.adapters.emulator.server import Emulator
from tests.fakes.realtime import calling, connected, recording
from tests.fakes.speech import ONE_TURN

pytestmark = pytest.mark.integration


async def test_echo_comes_back_higher_when_spoken_over_a_socket(emulator: Emulator) -> None:
    said = recording(ONE_TURN.path)
    turn = ONE_TURN.turns[0]

    async with connected(emulator.realtime_url) as client:
        await client.speak(said)
        await client.events.next("response.done")
        sound = client.answer_sound()

    assert client.events.types() == [
        "session.created",
        "input_audio_buffer.speech_started",
        "input_audio_buffer.speech_stopped",
        "input_audio_buffer.committed",
        "conversation.item.added",
        "conversation.item.done",
        "response.created",
        "response.output_item.added",
        "conversation.item.added",
        "response.content_part.added",
        "response.output_audio_transcript.delta",
        "response.output_audio.delta",
        "response.output_audio_transcript.delta",
        "response.output_audio.delta",
        "response.output_audio.done",
        "response.output_audio_transcript.done",
        "response.content_part.done",
        "conversation.item.done",
        "response.output_item.done",
        "response.done",
    ]
    started = client.events.of("input_audio_buffer.speech_started")[0]["audio_start_ms"]
    stopped = client.events.of("input_audio_buffer.speech_stopped")[0]["audio_end_ms"]
    assert started + 300 == pytest.approx(turn.start_ms, abs=100)
    assert stopped - 500 == pytest.approx(turn.end_ms, abs=160)
    spoken = said[turn.start_ms * 24 : turn.end_ms * 24]
    assert len(sound) / RATE_HZ == pytest.approx(len(spoken) / RATE_HZ, abs=0.25)
    assert median_pitch_hz(sound) / median_pitch_hz(spoken) == pytest.approx(2**0.25, rel=0.04)
    assert level_dbfs(sound) == pytest.approx(level_dbfs(spoken), abs=1.5)


@pytest.mark.parametrize("codec", ["opus", "PCMU", "PCMA"])
async def test_echo_comes_back_higher_when_spoken_over_webrtc(
    emulator: Emulator, codec: str
) -> None:
    said = recording(ONE_TURN.path)
    spoken = said[ONE_TURN.turns[0].start_ms * 24 : ONE_TURN.turns[0].end_ms * 24]

    async with calling(emulator.base_url, said, codecs=(codec,)) as client:
        await client.events.next("output_audio_buffer.started")
        await client.events.next("output_audio_buffer.stopped")
        await asyncio.sleep(0.2)

    sound = client.sound()
    loud = np.flatnonzero(np.abs(sound) > 300)
    echo = sound[loud[0] : loud[-1]]
    assert len(echo) / RATE_HZ == pytest.approx(len(spoken) / RATE_HZ, abs=0.25)
    assert median_pitch_hz(echo) / median_pitch_hz(spoken) == pytest.approx(2**0.25, rel=0.04)
    assert level_dbfs(echo) == pytest.approx(level_dbfs(spoken), abs=2)
