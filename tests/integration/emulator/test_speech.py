"""`speech` and `chat`: real recognition and synthesis, and a chat endpoint between the two."""

import os
import signal
from dataclasses import replace
from pathlib import Path
from textwrap import dedent
from typing import Any

import numpy as np
import psutil
import pytest

from rtstart.adapters.emulator.answerers import Answerers, Who
from rtstart.adapters.emulator.audio.pitch import median_pitch_hz
from rtstart.adapters.emulator.audio.samples import RATE_HZ, Samples
from rtstart.adapters.emulator.ice import LOOPBACK
from rtstart.adapters.emulator.scenarios import read_scenario
from rtstart.adapters.emulator.server import Emulator, EmulatorOptions
from rtstart.adapters.emulator.speech.engine import Espeak
from rtstart.adapters.emulator.speech.listening import Recogniser
from rtstart.core.errors import Usage
from rtstart.core.realtime.chat import ChatEndpoint
from rtstart.core.realtime.conversation import Audio
from rtstart.core.realtime.settings import Settings
from tests.fakes.chat import chat_server
from tests.fakes.realtime import SocketClient, calling, connected

pytestmark = pytest.mark.integration

COUNTED = "one two three four five"


async def _said(words: str, voice: str = "coral") -> Samples:
    """Somebody saying this, with silence round it."""
    sound = await Espeak().speak(words, replace(Settings(), voice=voice))
    return np.concatenate([np.zeros(RATE_HZ // 2, np.int16), sound, np.zeros(RATE_HZ, np.int16)])


def _emulator(who: Who, scenario_path: Path | None = None) -> Emulator:
    scenario = None if scenario_path is None else read_scenario(scenario_path)
    return Emulator(EmulatorOptions(advertise=(LOOPBACK,), answers=who, scenario=scenario))


async def _write(client: SocketClient, text: str) -> Any:
    content = [{"type": "input_text", "text": text}]
    item = {"type": "message", "role": "user", "content": content}
    await client.send("conversation.item.create", item=item)
    await client.send("response.create")
    return (await client.events.next("response.done"))["response"]


def _words(response: Any) -> str:
    part = response["output"][0]["content"][0]
    return str(part.get("transcript", part.get("text")))


async def test_what_was_said_is_written_down_and_said_back() -> None:
    async with _emulator("speech") as emulator, connected(emulator.realtime_url) as client:
        await client.update(audio={"input": {"transcription": {"model": "gpt-transcribe"}}})
        await client.speak(await _said(COUNTED))
        done = await client.events.next("response.done")
        if not client.events.of("conversation.item.input_audio_transcription.completed"):
            await client.events.next("conversation.item.input_audio_transcription.completed")
        sound = client.answer_sound()

    written = client.events.of("conversation.item.input_audio_transcription.completed")
    assert [event["transcript"] for event in written] == [COUNTED]
    assert _words(done["response"]) == f"You said: {COUNTED}."
    assert 1.5 < len(sound) / RATE_HZ < 4
    assert median_pitch_hz(sound) > 60


async def test_speech_answers_over_webrtc_too() -> None:
    async with (
        _emulator("speech") as emulator,
        calling(emulator.base_url, await _said(COUNTED)) as client,
    ):
        done = await client.events.next("response.done", within_s=15)
        await client.events.next("output_audio_buffer.stopped", within_s=15)
        sound = client.sound()

    assert _words(done["response"]) == f"You said: {COUNTED}."
    assert np.count_nonzero(np.abs(sound) > 300) > RATE_HZ / 4


async def test_voice_and_speed_are_those_of_the_session() -> None:
    espeak = Espeak()
    low, high, fast = [
        await espeak.speak(
            "The quick brown fox jumps.", replace(Settings(), voice=voice, speed=speed)
        )
        for voice, speed in (("ash", 1.0), ("coral", 1.0), ("ash", 1.5))
    ]

    assert median_pitch_hz(high) > 1.3 * median_pitch_hz(low)
    assert len(fast) < 0.8 * len(low)


async def test_a_scenario_goes_by_what_was_really_said(tmp_path: Path) -> None:
    path = tmp_path / "scenario.yaml"
    text = """
        schema: 1
        replies:
          - when: {heard: weather}
            do: [{say: It rains.}]
          - when: {heard: three four}
            do: [{say: That is counting.}]
    """
    path.write_text(dedent(text), encoding="utf-8")

    async with _emulator("speech", path) as emulator, connected(emulator.realtime_url) as client:
        await client.speak(await _said(COUNTED))
        done = await client.events.next("response.done")

    assert _words(done["response"]) == "That is counting."


async def test_a_recogniser_that_broke_is_replaced() -> None:
    recogniser = Recogniser()
    sound = Audio.of((await _said(COUNTED)).tobytes(), "audio/pcm", None)
    try:
        await recogniser.start()
        for child in psutil.Process().children():
            if "rtstart.adapters.emulator.speech.recogniser" in child.cmdline():
                os.kill(child.pid, signal.SIGKILL)
        with pytest.raises(EOFError):
            await recogniser.write_down(sound)

        assert await recogniser.write_down(sound) == COUNTED
    finally:
        await recogniser.close()


async def test_a_chat_endpoint_answers_what_was_said_and_is_spoken() -> None:
    deltas = [{"role": "assistant"}, {"content": "Six comes"}, {"content": " next. Then seven."}]
    async with (
        chat_server(deltas) as chat,
        _emulator(ChatEndpoint(chat.url, "small", "sk-test-chat")) as emulator,
        connected(emulator.realtime_url) as client,
    ):
        await client.update(instructions="Count on.")
        await client.speak(await _said(COUNTED))
        done = await client.events.next("response.done")
        sound = client.answer_sound()

    assert chat.keys == ["Bearer sk-test-chat"]
    assert chat.asked == [
        {
            "model": "small",
            "stream": True,
            "messages": [
                {"role": "system", "content": "Count on."},
                {"role": "user", "content": COUNTED},
            ],
        }
    ]
    assert _words(done["response"]) == "Six comes next. Then seven."
    assert 1 < len(sound) / RATE_HZ < 4


async def test_a_chat_endpoint_calls_tools_and_answers_with_their_output() -> None:
    tool = {"type": "function", "name": "get_weather", "description": "?", "parameters": {}}
    calls = [
        {"index": 0, "id": "c1", "function": {"name": "get_weather", "arguments": '{"city":'}},
        {"index": 0, "function": {"arguments": '"Rome"}'}},
    ]
    async with (
        chat_server(
            [{"tool_calls": [calls[0]]}, {"tool_calls": [calls[1]]}], [{"content": "Sunny."}]
        ) as chat,
        _emulator(ChatEndpoint(chat.url, "small")) as emulator,
        connected(emulator.realtime_url) as client,
    ):
        await client.update(output_modalities=["text"], tools=[tool])
        called = (await _write(client, "Weather in Rome?"))["output"][0]
        output = {
            "type": "function_call_output",
            "call_id": called["call_id"],
            "output": "sun",
        }
        await client.send("conversation.item.create", item=output)
        await client.send("response.create")
        done = await client.events.next("response.done")

    assert (called["name"], called["arguments"]) == ("get_weather", '{"city":"Rome"}')
    assert chat.asked[0]["tools"][0]["function"]["name"] == "get_weather"
    roles = [message["role"] for message in chat.asked[1]["messages"]]
    assert roles == ["user", "assistant", "tool"]
    assert _words(done["response"]) == "Sunny."


async def test_an_endpoint_that_refuses_is_told_in_its_words() -> None:
    refusal = {"error": {"message": "model 'small' not found", "type": "not_found_error"}}
    async with (
        chat_server((404, refusal)) as chat,
        _emulator(ChatEndpoint(chat.url, "small")) as emulator,
        connected(emulator.realtime_url) as client,
    ):
        response = await _write(client, "Hello")

    assert response["status"] == "failed"
    assert response["status_details"]["error"] == {
        "type": "server_error",
        "code": "chat_endpoint",
        "message": "The chat endpoint gave no answer: it answered 404, model 'small' not found.",
    }


def test_speech_that_is_not_installed_is_explained() -> None:
    with pytest.raises(Usage) as refused:
        Answerers(
            "speech",
            scenario=None,
            scenario_dir=Path(),
            modules=("espeakng_loader", "speech_of_mars"),
        )

    found = [(finding.code, finding.what) for finding in refused.value.findings]
    assert found == [("RT208", "This Python has no speech_of_mars")]


async def test_an_endpoint_that_is_not_there_is_named() -> None:
    async with chat_server() as gone:
        url = gone.url
    async with (
        _emulator(ChatEndpoint(url, "small")) as emulator,
        connected(emulator.realtime_url) as client,
    ):
        response = await _write(client, "Hello")

    assert response["status"] == "failed"
    assert url in response["status_details"]["error"]["message"]
