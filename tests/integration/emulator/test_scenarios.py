"""Scenarios from files, in a call."""

from pathlib import Path
from shutil import copyfile
from textwrap import dedent
from typing import Any

import pytest

from rtstart.adapters.emulator.audio.pitch import median_pitch_hz
from rtstart.adapters.emulator.audio.samples import RATE_HZ
from rtstart.adapters.emulator.ice import LOOPBACK
from rtstart.adapters.emulator.scenarios import read_scenario
from rtstart.adapters.emulator.server import Emulator, EmulatorOptions
from rtstart.core.errors import Usage
from tests.fakes.realtime import SocketClient, calling, connected, recording
from tests.fakes.speech import ONE_TURN

pytestmark = pytest.mark.integration


def _emulator(folder: Path, text: str) -> Emulator:
    path = folder / "scenario.yaml"
    path.write_text(dedent(text), encoding="utf-8")
    options = EmulatorOptions(
        advertise=(LOOPBACK,), scenario=read_scenario(path), scenario_dir=folder
    )
    return Emulator(options)


async def _write(client: SocketClient, text: str) -> Any:
    content = [{"type": "input_text", "text": text}]
    item = {"type": "message", "role": "user", "content": content}
    await client.send("conversation.item.create", item=item)
    await client.send("response.create")
    done = await client.events.next("response.done")
    return done["response"]


TOOLS = """
    schema: 1
    replies:
      - when: {heard: weather}
        do:
          - say: Let me see.
          - call: {name: get_weather, arguments: {city: Rome}}
          - call: {name: get_time}
      - when: {tool: get_time}
        do: [{say: It is sunny.}]
      - when: {turn: 3}
        do: [{fail: {type: insufficient_quota, code: insufficient_quota, message: No credit}}]
    otherwise: error
"""


async def test_tools_are_called_and_their_answers_spoken_of(tmp_path: Path) -> None:
    async with (
        _emulator(tmp_path, TOOLS) as emulator,
        connected(emulator.realtime_url) as client,
    ):
        await client.update(output_modalities=["text"])
        first = await _write(client, "How is the weather?")
        for call in first["output"][1:]:
            output = {
                "type": "function_call_output",
                "call_id": call["call_id"],
                "output": "ok",
            }
            await client.send("conversation.item.create", item=output)
        await client.send("response.create")
        second = (await client.events.next("response.done"))["response"]
        third = await _write(client, "And now?")
        fourth = await _write(client, "And now?")

    assert [
        (item["type"], item.get("name"), item.get("arguments")) for item in first["output"]
    ] == [
        ("message", None, None),
        ("function_call", "get_weather", '{"city": "Rome"}'),
        ("function_call", "get_time", "{}"),
    ]
    assert second["output"][0]["content"][0]["text"] == "It is sunny."
    assert third["status_details"]["error"]["message"] == "No credit"
    assert fourth["status"] == "failed"


SPOKEN = """
    schema: 1
    hears: ["Hello, can you hear me now?"]
    replies:
      - when: {heard: hear me}
        do:
          - {say: Loud and clear., tone: 330, for: 1s}
    otherwise: silence
"""


async def test_what_is_said_is_what_the_scenario_hears(tmp_path: Path) -> None:
    async with (
        _emulator(tmp_path, SPOKEN) as emulator,
        connected(emulator.realtime_url) as client,
    ):
        await client.update(audio={"input": {"transcription": {"model": "gpt-transcribe"}}})
        await client.speak(recording(ONE_TURN.path))
        await client.events.next("response.done")
        sound = client.answer_sound()
        (written,) = client.events.of("conversation.item.input_audio_transcription.completed")
        empty = await _write(client, "Anything else?")

    assert written["transcript"] == "Hello, can you hear me now?"
    assert len(sound) == RATE_HZ
    assert median_pitch_hz(sound) == pytest.approx(330, rel=0.01)
    assert (empty["status"], empty["output"]) == ("completed", [])


FILE = """
    schema: 1
    replies:
      - do: [{say: A recording, play: voice.wav}, {hang_up: true}]
"""


async def test_a_sound_file_is_played_and_the_call_ends(tmp_path: Path) -> None:
    copyfile(ONE_TURN.path, tmp_path / "voice.wav")
    async with (
        _emulator(tmp_path, FILE) as emulator,
        connected(emulator.realtime_url) as client,
    ):
        await client.send("response.create")
        code = await client.closed()

    assert len(client.answer_sound()) == pytest.approx(len(recording(ONE_TURN.path)), abs=600)
    assert code == 1000


async def test_words_are_murmured_over_webrtc(tmp_path: Path) -> None:
    scenario = "{schema: 1, replies: [{do: [{wait: 50ms}, {say: Hello there my friend}]}]}"
    async with (
        _emulator(tmp_path, scenario) as emulator,
        calling(emulator.base_url, recording(ONE_TURN.path)) as client,
    ):
        await client.events.next("output_audio_buffer.stopped")
        done = client.events.of("response.output_audio_transcript.done")

    assert done[0]["transcript"] == "Hello there my friend"
    assert 200 < median_pitch_hz(client.sound()) < 300


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "schema: 1\nreplies:\n  - do:\n      - shout: a\n    when: {heard: '('}\nhears: 3\n",
            [
                ":6 hears must be a list of texts",
                ":5 replies.0.when.heard is no regular expression",
                ":4 replies.0.do.0.shout is unknown",
            ],
        ),
        ("schema: 1\nreplies: [\n", [":3 This is no YAML: "]),
        ("a: 1\n", [":1 schema is missing", ":1 a is unknown"]),
        ("", [":1 must be a table"]),
        (
            "{schema: 1, replies: [{do: [{play: gone.wav}]}]}",
            [' The sound file "gone.wav" is not there'],
        ),
    ],
)
def test_every_fault_of_a_file_is_told_with_its_line(
    tmp_path: Path, text: str, said: list[str]
) -> None:
    path = tmp_path / "scenario.yaml"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(Usage) as refused:
        read_scenario(path)

    found = {f"{one.where.removeprefix(str(path))} {one.what}" for one in refused.value.findings}
    assert len(found) == len(said)
    for words in said:
        assert any(one.startswith(words) for one in found), found


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00"])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "scenario.yaml"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(Usage, match=r"scenario\.yaml"):
        read_scenario(path)
