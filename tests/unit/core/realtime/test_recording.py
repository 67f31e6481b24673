"""Recordings: written, read, masked, and turned into answers."""

import json
from typing import Any

import pytest

from rtstart.core.realtime.recording import (
    Happening,
    IdMap,
    NotARecording,
    Recording,
    client_lines,
    head_line,
    line_of,
    parse_recording,
    replay_of,
)
from rtstart.core.realtime.scenario import CallTool, Fail, Recorded, Reply, Say, Scenario, Wait
from rtstart.core.secrets import Masker

MASK = Masker()


def _server(at_s: float, type: str, **fields: Any) -> Happening:
    return Happening(at_s, "server", {"type": type, **fields})


def _created(at_s: float, response_id: str, format: str = "audio/pcm") -> Happening:
    output = {"format": {"type": format}}
    return _server(
        at_s, "response.created", response={"id": response_id, "audio": {"output": output}}
    )


def test_what_is_written_is_what_is_read() -> None:
    happenings = (
        Happening(0.1, "client", {"type": "response.create"}),
        Happening(0.2, "server", {"type": "response.created", "response": {"id": "r"}}),
        Happening(0.3, "microphone", audio=b"\1\2"),
        Happening(0.4, "loudspeaker", audio=b"\3\4", response_id="r"),
    )
    lines = [head_line("track", "m"), *(line_of(one, MASK) for one in happenings), "\n"]

    assert parse_recording(lines) == Recording("track", "m", happenings)


def test_secrets_are_masked_and_sound_is_not_touched() -> None:
    key = "sk-proj-" + "A" * 40
    sound = "ek_AAAA" * 200

    line = line_of(
        Happening(
            0,
            "client",
            {
                "type": "session.update",
                "tools": [{"authorization": f"Bearer {key}", "n": 1}],
                "audio": sound,
            },
        ),
        MASK,
    )

    assert key not in line
    assert json.loads(line)["event"]["audio"] == sound


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([], "it is empty"),
        (["{}"], "line 1 is not"),
        (["{"], "line 1 is no JSON"),
        (["[]"], "line 1 is no object"),
        ([head_line("socket", "m"), "", '{"t": 0}'], 'line 3 has no known "from"'),
        ([head_line("socket", "m"), '{"from": "client"}'], 'line 2 has no time "t"'),
        (
            [head_line("socket", "m"), '{"from": "client", "t": 0, "event": {}}'],
            'line 2 has no "event"',
        ),
        ([head_line("socket", "m"), '{"from": "microphone", "t": 0}'], 'line 2 has no "audio"'),
    ],
)
def test_a_broken_recording_is_explained(lines: list[str], words: str) -> None:
    with pytest.raises(NotARecording, match=words):
        parse_recording(lines)


def test_answers_are_given_again() -> None:
    recording = Recording(
        "socket",
        "m",
        (
            _server(0, "session.created", session={}),
            _server(
                0.5,
                "conversation.item.input_audio_transcription.completed",
                transcript="the weather",
            ),
            _created(1, "a", "audio/pcmu"),
            _server(1.5, "response.output_audio_transcript.delta", response_id="a", delta="Let "),
            _server(1.6, "response.output_audio.delta", response_id="a", delta="AQI="),
            _server(1.6, "response.output_audio_transcript.delta", response_id="a", delta="me"),
            _server(
                1.8,
                "response.function_call_arguments.done",
                response_id="a",
                name="f",
                arguments="{}",
            ),
            _server(1.9, "response.content_part.done", response_id="a"),
            _server(2, "response.done", response={"id": "a", "status_details": None}),
            _created(3, "b"),
            Happening(3, "loudspeaker", audio=b"\5\6", response_id="b"),
            Happening(3, "loudspeaker", audio=b"\5\6", response_id="gone"),
            _server(3, "response.output_text.delta", response_id="gone", delta="x"),
            _created(4, "c"),
            _server(
                4.2,
                "response.done",
                response={
                    "id": "c",
                    "status_details": {"error": {"type": "x", "code": None, "message": "m"}},
                },
            ),
            Happening(5, "client", {"type": "response.create"}),
        ),
    )

    assert replay_of(recording) == Scenario(
        replies=(
            Reply((Wait(0.5), Say("Let me", Recorded(b"\1\2", "audio/pcmu")), CallTool("f", "{}"))),
            Reply((Say("", Recorded(b"\5\6", "audio/pcm")),)),
            Reply((Fail("x", None, "m"),)),
        ),
        hears=("the weather",),
        otherwise="silence",
    )


def test_a_microphone_becomes_appended_sound() -> None:
    recording = Recording(
        "track",
        "m",
        (
            Happening(0.1, "microphone", audio=b"\1\2"),
            Happening(0.2, "server", {"type": "x"}),
            Happening(0.3, "client", {"type": "response.create"}),
        ),
    )

    assert list(client_lines(recording)) == [
        Happening(0.1, "client", {"type": "input_audio_buffer.append", "audio": "AQI="}),
        Happening(0.3, "client", {"type": "response.create"}),
    ]


def test_ids_of_the_new_call_take_the_place_of_the_old_ones() -> None:
    ids = IdMap(
        Recording(
            "socket",
            "m",
            (
                Happening(0, "client", {"type": "response.create"}),
                _created(0, "resp_old"),
                _server(
                    1,
                    "response.done",
                    response={"id": "resp_old", "output": [{"id": "item_old", "n": 1}]},
                ),
            ),
        )
    )

    ids.learn({"type": "response.created", "response": {"id": "resp_new"}})
    ids.learn({"type": "response.done", "response": {"output": [{"id": "item_new", "n": 2}]}})
    ids.learn({"type": "response.done", "response": {}})
    ids.learn({"type": "unknown"})

    assert ids.translated(
        {"type": "x", "response_id": "resp_old", "items": [{"id": "item_old"}, 3]}
    ) == {"type": "x", "response_id": "resp_new", "items": [{"id": "item_new"}, 3]}
