"""The session machine: sequences of facts 5.6, refusals of 5.8, updates, endings."""

import base64
from dataclasses import replace
from typing import Any

import pytest

from rtstart.core.realtime import actions, facts
from rtstart.core.realtime.answers import Call, Complete, Failure, Sound, Words
from rtstart.core.realtime.conversation import Message
from rtstart.core.realtime.listening import MAX_BUFFER_BYTES
from rtstart.core.realtime.messages import BINARY_FRAME
from rtstart.core.realtime.settings import ServerVad, Settings
from tests.fakes.sessions import START, Desk, silence, types

HELLO = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hello"}]}
TEXT = Settings(model="gpt-realtime-2.1", output_modality="text")
IDLE = Settings(turn_detection=ServerVad(idle_timeout_ms=6000))
PUSH_TO_TALK = Settings(model="gpt-realtime-2.1", turn_detection=None)


def test_it_says_what_the_session_is_when_somebody_joins() -> None:
    desk = Desk()

    (created,) = desk.sent

    assert created["type"] == "session.created"
    assert created["session"]["expires_at"] == START + 3600
    assert desk.timers == {"end": START + 3600}


# A: a text turn


def test_a_text_turn_has_the_order_of_the_real_one() -> None:
    desk = Desk(TEXT)

    desk.send("conversation.item.create", item=HELLO)
    desk.send("response.create")
    desk.answer(Words("Hi "), Words("there"), Complete())
    limits = desk.ring("rate_limits:resp_emu1")

    assert types(desk.sent) == [
        "session.created",
        "conversation.item.added",
        "conversation.item.done",
        "response.created",
        "response.output_item.added",
        "conversation.item.added",
        "response.content_part.added",
        "response.output_text.delta",
        "response.output_text.delta",
        "response.output_text.done",
        "response.content_part.done",
        "conversation.item.done",
        "response.output_item.done",
        "response.done",
        "rate_limits.updated",
    ]
    done = desk.sent[-2]["response"]
    assert done["status"] == "completed"
    assert done["output"][0]["content"] == [{"type": "output_text", "text": "Hi there"}]
    assert done["usage"]["output_tokens"] == 3
    assert limits[0]["rate_limits"] == [
        {"name": "tokens", "limit": 40000, "remaining": 39997, "reset_seconds": 0.004}
    ]


def test_deltas_are_padded_so_that_their_length_tells_nothing() -> None:
    desk = Desk(TEXT)
    desk.send("response.create")

    delta = desk.answer(Words("Hello"))[-1]

    assert (delta["delta"], delta["obfuscation"]) == ("Hello", "x" * 11)


# B: a turn of speech


def test_a_turn_of_speech_becomes_an_item_and_an_answer() -> None:
    desk = Desk()
    desk.hear(640)

    events = desk.say_turn()

    assert types(events) == [
        "input_audio_buffer.speech_started",
        "input_audio_buffer.speech_stopped",
        "input_audio_buffer.committed",
        "conversation.item.added",
        "conversation.item.done",
        "response.created",
    ]
    assert events[0]["audio_start_ms"] == 640 - 300
    assert events[1]["audio_end_ms"] == 640 + 960 + 512
    assert len({events[n].get("item_id", "") for n in (0, 1, 2)}) == 1
    assert events[3]["item"]["id"] == events[0]["item_id"]
    assert events[3]["item"]["content"] == [{"type": "input_audio", "transcript": None}]
    heard = desk.question().heard
    assert heard is not None
    assert heard.duration_ms == 300 + 960 + 512


def test_an_answer_in_sound_has_the_order_of_the_real_one() -> None:
    desk = Desk()
    desk.say_turn()

    events = desk.answer(Words("Hi"), Sound(silence(200)), Sound(silence(100)), Complete())

    assert types(events) == [
        "response.output_item.added",
        "conversation.item.added",
        "response.content_part.added",
        "response.output_audio_transcript.delta",
        "response.output_audio.delta",
        "response.output_audio.delta",
        "response.output_audio.done",
        "response.output_audio_transcript.done",
        "response.content_part.done",
        "conversation.item.done",
        "response.output_item.done",
        "response.done",
    ]
    assert base64.b64decode(events[4]["delta"]) == silence(200)
    assert events[-1]["response"]["usage"]["output_token_details"] == {
        "text_tokens": 1,
        "audio_tokens": 6,
    }


def test_no_answer_is_made_when_the_session_says_so() -> None:
    desk = Desk(Settings(turn_detection=ServerVad(create_response=False)))

    events = desk.say_turn()

    assert types(events)[-1] == "conversation.item.done"


def test_a_turn_gets_no_answer_while_another_is_given_and_may_not_be_interrupted() -> None:
    desk = Desk(Settings(turn_detection=ServerVad(interrupt_response=False)))
    desk.say_turn()
    desk.answer(Sound(silence(200)))

    events = desk.say_turn()

    assert "response.created" not in types(events)
    assert "response.done" not in types(events)


# D: function calls


def test_function_calls_have_the_order_of_the_real_ones() -> None:
    desk = Desk()
    desk.send("response.create")

    events = desk.answer(Call("get_weather", '{"city":"Rome"}'), Call("get_time", "{}"), Complete())

    assert types(events) == [
        "response.output_item.added",
        "conversation.item.added",
        "response.function_call_arguments.delta",
        "response.function_call_arguments.delta",
        "response.function_call_arguments.done",
        "conversation.item.done",
        "response.output_item.done",
        "response.output_item.added",
        "conversation.item.added",
        "response.function_call_arguments.delta",
        "response.function_call_arguments.done",
        "conversation.item.done",
        "response.output_item.done",
        "response.done",
    ]
    assert events[0]["item"]["status"] == "in_progress"
    assert events[0]["item"]["arguments"] == ""
    assert events[2]["delta"] + events[3]["delta"] == '{"city":"Rome"}'
    assert [item["name"] for item in events[-1]["response"]["output"]] == [
        "get_weather",
        "get_time",
    ]


def test_a_tool_output_is_taken_when_its_call_is_known() -> None:
    desk = Desk()
    desk.send("response.create")
    desk.answer(Call("f", "{}"), Complete())
    call_id = desk.sent[-1]["response"]["output"][0]["call_id"]
    output = {"type": "function_call_output", "call_id": call_id, "output": "sunny"}

    events = desk.send("conversation.item.create", item=output)

    assert types(events) == ["conversation.item.added", "conversation.item.done"]


def test_words_before_a_call_are_an_item_of_their_own() -> None:
    desk = Desk(TEXT)
    desk.send("response.create")

    events = desk.answer(Words("One moment."), Call("f", "{}"), Complete())

    output = events[-1]["response"]["output"]
    assert [item["type"] for item in output] == ["message", "function_call"]
    assert [event["output_index"] for event in events if "output_index" in event][-1] == 1


# E: being interrupted, over a socket


def test_speech_cancels_the_answer_over_a_socket() -> None:
    desk = Desk()
    desk.say_turn()
    desk.answer(Words("Hello there"), Sound(silence(400)))

    events = desk.hear(64, speech=0.9)

    assert types(events) == [
        "input_audio_buffer.speech_started",
        "response.output_audio.done",
        "response.output_audio_transcript.done",
        "response.content_part.done",
        "conversation.item.done",
        "response.output_item.done",
        "response.done",
    ]
    response = events[-1]["response"]
    assert (response["status"], response["status_details"]) == (
        "cancelled",
        {"type": "cancelled", "reason": "turn_detected"},
    )
    assert response["output"][0]["status"] == "incomplete"
    assert actions.Hush(response["id"]) in desk.done


def test_a_client_truncates_what_it_did_not_play() -> None:
    desk = Desk()
    desk.say_turn()
    desk.answer(Words("one two three four"), Sound(silence(400)), Complete())
    item_id = desk.sent[-1]["response"]["output"][0]["id"]

    (truncated,) = desk.send(
        "conversation.item.truncate", item_id=item_id, content_index=0, audio_end_ms=200
    )
    (retrieved,) = desk.send("conversation.item.retrieve", item_id=item_id)

    assert (truncated["type"], truncated["audio_end_ms"]) == ("conversation.item.truncated", 200)
    content = retrieved["item"]["content"][0]
    assert content["transcript"] == "one two"
    assert base64.b64decode(content["audio"]) == silence(200)


def test_truncating_content_that_is_not_there_is_refused() -> None:
    desk = Desk()
    desk.say_turn()
    desk.answer(Words("Hello"), Sound(silence(400)), Complete())
    item_id = desk.sent[-1]["response"]["output"][0]["id"]

    (refused,) = desk.send(
        "conversation.item.truncate", item_id=item_id, content_index=1, audio_end_ms=200
    )

    assert (refused["error"]["code"], refused["error"]["param"]) == (
        "invalid_value",
        "content_index",
    )


def test_an_answer_can_be_truncated_while_it_is_given() -> None:
    desk = Desk()
    desk.say_turn()
    desk.answer(Words("Hello"), Sound(silence(400)))
    item_id = desk.machine.conversation.items[-1].id

    desk.send("conversation.item.truncate", item_id=item_id, content_index=0, audio_end_ms=100)
    desk.send("response.cancel")
    (retrieved,) = desk.send("conversation.item.retrieve", item_id=item_id)

    assert base64.b64decode(retrieved["item"]["content"][0]["audio"]) == silence(100)


def test_parts_that_come_after_the_end_are_dropped() -> None:
    desk = Desk()
    desk.say_turn()
    desk.send("response.cancel")

    assert desk.answer(Words("late"), Complete()) == []


def test_a_client_cancels_an_answer() -> None:
    desk = Desk()
    desk.send("response.create")

    (done,) = desk.send("response.cancel", response_id="resp_emu1")

    assert done["response"]["status_details"]["reason"] == "client_cancelled"


# F: being interrupted, over WebRTC


def _playing(desk: Desk) -> None:
    desk.say_turn()
    desk.answer(Words("one two three four"), Sound(silence(400)))
    desk.step(facts.PlaybackStarted("resp_emu1"))


def test_sound_is_played_and_not_sent_over_webrtc() -> None:
    desk = Desk(medium="track")
    _playing(desk)

    events = desk.answer(Complete())
    desk.step(facts.PlaybackEnded("resp_emu1"))

    assert "response.output_audio.delta" not in types(desk.sent)
    assert actions.Play("resp_emu1", silence(400)) in desk.done
    assert actions.EndPlay("resp_emu1") in desk.done
    assert types(events)[-1] == "response.done"
    assert types(desk.sent)[-1] == "output_audio_buffer.stopped"
    assert desk.sent[-1]["response_id"] == "resp_emu1"


def test_speech_clears_truncates_and_cancels_over_webrtc() -> None:
    desk = Desk(medium="track")
    _playing(desk)

    events = desk.hear(64, speech=0.9)
    assert actions.StopPlaying() in desk.done
    before = len(desk.sent)
    desk.step(facts.PlaybackCleared((("resp_emu1", 200),)))

    assert types(events) == ["input_audio_buffer.speech_started"]
    assert types(desk.sent[before:]) == [
        "output_audio_buffer.cleared",
        "response.output_audio.done",
        "response.output_audio_transcript.done",
        "response.content_part.done",
        "conversation.item.done",
        "response.output_item.done",
        "conversation.item.truncated",
        "response.done",
    ]
    truncated = desk.sent[-2]
    assert truncated["audio_end_ms"] == 200
    assert desk.sent[-1]["response"]["status_details"]["reason"] == "turn_detected"
    assert desk.sent[-1]["response"]["output"][0]["content"][0]["transcript"] == "one two"


def test_speech_truncates_an_answer_that_is_whole_but_not_yet_heard() -> None:
    desk = Desk(medium="track")
    _playing(desk)
    desk.answer(Complete())

    desk.hear(64, speech=0.9)
    before = len(desk.sent)
    desk.step(facts.PlaybackCleared((("resp_emu1", 100),)))

    assert types(desk.sent[before:]) == [
        "output_audio_buffer.cleared",
        "conversation.item.truncated",
    ]


def test_speech_cancels_an_answer_that_has_no_sound_yet() -> None:
    desk = Desk(medium="track")
    desk.say_turn()

    events = desk.hear(64, speech=0.9)

    assert types(events) == ["input_audio_buffer.speech_started", "response.done"]


def test_a_client_stops_the_playing() -> None:
    desk = Desk(medium="track")
    _playing(desk)

    cancelled = desk.send("response.cancel")
    desk.send("output_audio_buffer.clear")
    before = len(desk.sent)
    desk.step(facts.PlaybackCleared((("resp_emu1", 300),)))

    assert types(cancelled)[-1] == "response.done"
    assert types(desk.sent[before:]) == [
        "output_audio_buffer.cleared",
        "conversation.item.truncated",
    ]


def test_a_client_may_stop_the_playing_and_let_the_answer_go_on() -> None:
    desk = Desk(medium="track")
    _playing(desk)

    desk.send("output_audio_buffer.clear")
    desk.step(facts.PlaybackCleared((("resp_emu1", 300),)))
    events = desk.answer(Sound(silence(100)), Complete())

    assert events[-1]["response"]["status"] == "completed"
    assert desk.send("output_audio_buffer.clear") == []
    assert actions.StopPlaying() in desk.done


def test_clearing_does_nothing_when_nothing_is_played() -> None:
    desk = Desk(medium="track")

    assert desk.send("output_audio_buffer.clear") == []
    assert desk.done == []


def test_an_item_that_was_deleted_is_not_truncated() -> None:
    desk = Desk(medium="track")
    _playing(desk)
    desk.send("conversation.item.delete", item_id=desk.machine.conversation.items[-1].id)

    desk.hear(64, speech=0.9)
    before = len(desk.sent)
    desk.step(facts.PlaybackCleared((("resp_emu1", 200),)))

    assert "conversation.item.truncated" not in types(desk.sent[before:])
    assert types(desk.sent)[-1] == "response.done"


def test_speech_cancels_the_next_answer_while_the_last_one_is_still_played() -> None:
    desk = Desk(medium="track")
    _playing(desk)
    desk.answer(Complete())
    desk.send("response.create")

    desk.hear(64, speech=0.9)
    before = len(desk.sent)
    desk.step(facts.PlaybackCleared((("resp_emu1", 100),)))

    assert types(desk.sent[before:]) == [
        "output_audio_buffer.cleared",
        "conversation.item.truncated",
        "response.done",
    ]
    assert desk.sent[-1]["response"]["id"] == "resp_emu2"


def test_speech_truncates_what_was_said_before_a_call() -> None:
    desk = Desk(medium="track")
    _playing(desk)
    desk.answer(Call("f", "{}"))

    desk.hear(64, speech=0.9)
    before = len(desk.sent)
    desk.step(facts.PlaybackCleared((("resp_emu1", 100),)))

    assert types(desk.sent[before:]) == [
        "output_audio_buffer.cleared",
        "conversation.item.truncated",
        "response.done",
    ]


def test_a_client_may_clear_while_the_next_answer_is_given() -> None:
    desk = Desk(Settings(turn_detection=ServerVad(interrupt_response=False)), medium="track")
    _playing(desk)
    desk.answer(Complete())
    desk.send("response.create")

    desk.send("output_audio_buffer.clear")
    before = len(desk.sent)
    desk.step(facts.PlaybackCleared(()))

    assert types(desk.sent[before:]) == [
        "output_audio_buffer.cleared",
        "conversation.item.truncated",
    ]


def test_nothing_is_waited_for_while_another_answer_is_given() -> None:
    desk = Desk(IDLE, medium="track")
    _playing(desk)
    desk.answer(Complete())
    desk.send("response.create")

    desk.step(facts.PlaybackEnded("resp_emu1"))
    desk.step(facts.PlaybackEnded("resp_emu1"))

    assert "idle" not in desk.timers
    assert types(desk.sent).count("output_audio_buffer.stopped") == 1


# G: push to talk


def test_push_to_talk_commits_and_asks_by_hand() -> None:
    desk = Desk(PUSH_TO_TALK)
    desk.send("input_audio_buffer.clear")
    desk.send("input_audio_buffer.append", audio=base64.b64encode(silence(150)).decode())

    committed = desk.send("input_audio_buffer.commit")
    asked = desk.send("response.create")

    assert types(committed) == [
        "input_audio_buffer.committed",
        "conversation.item.added",
        "conversation.item.done",
    ]
    assert types(asked) == ["response.created"]
    heard = desk.question().heard
    assert heard is not None
    assert heard.duration_ms == 150


def test_a_commit_in_the_middle_of_a_turn_keeps_its_id() -> None:
    desk = Desk()
    started = desk.hear(320, speech=0.9)[0]

    committed = desk.send("input_audio_buffer.commit")[0]

    assert committed["item_id"] == started["item_id"]


def test_a_commit_is_refused_when_there_is_too_little() -> None:
    desk = Desk(PUSH_TO_TALK)
    desk.send("input_audio_buffer.append", audio=base64.b64encode(silence(50)).decode())

    error = desk.refusal("input_audio_buffer.commit", event_id="mine")

    assert error == {
        "type": "invalid_request_error",
        "code": "input_audio_buffer_commit_empty",
        "message": "Error committing input audio buffer: buffer too small. Expected at least 100ms "
        "of audio, but buffer only has 50.00ms of audio.",
        "param": None,
        "event_id": "mine",
    }


# MCP


MCP_TOOL = {"type": "mcp", "server_label": "shop", "server_url": "https://mcp.example.com"}
MCP_EVENTS = [
    "conversation.item.added",
    "mcp_list_tools.in_progress",
    "mcp_list_tools.failed",
    "conversation.item.done",
    "error",
]


def test_tools_of_an_mcp_server_cannot_be_listed_and_it_is_said_once() -> None:
    desk = Desk()

    first = desk.send("session.update", session={"type": "realtime", "tools": [MCP_TOOL]})
    again = desk.send("session.update", session={"type": "realtime", "tools": [MCP_TOOL]})

    assert types(first) == ["session.updated", *MCP_EVENTS]
    assert types(again) == ["session.updated"]
    item = first[1]["item"]
    assert (item["type"], item["server_label"], item["tools"]) == ("mcp_list_tools", "shop", [])
    assert "reaches no MCP servers" in first[-1]["error"]["message"]
    assert types(desk.send("conversation.item.delete", item_id=item["id"])) == [
        "conversation.item.deleted"
    ]


def test_tools_of_an_mcp_server_are_asked_for_at_the_start_and_by_a_response_too() -> None:
    begun = Desk(Settings(tools=(MCP_TOOL,)))
    answering = Desk()

    answering.send("conversation.item.create", item=HELLO)
    events = answering.send("response.create", response={"tools": [MCP_TOOL]})
    history = answering.question().history
    answering.answer(Words("No tools."), Complete())

    assert types(begun.sent) == ["session.created", *MCP_EVENTS]
    assert types(events) == [*MCP_EVENTS, "response.created"]
    assert [type(item) for item in history] == [Message]
    assert answering.sent[-1]["response"]["usage"]["input_token_details"]["text_tokens"] > 0


# H: transcription


TRANSCRIBING = Settings(type="transcription", transcription={"model": "gpt-live-transcribe"})


def test_a_transcription_session_writes_down_and_does_not_answer() -> None:
    desk = Desk(TRANSCRIBING)

    events = desk.say_turn()
    wanted = next(action for action in desk.done if isinstance(action, actions.Transcribe))
    before = len(desk.sent)
    desk.step(facts.Transcribed(wanted.item_id, "Hello", is_whole=False))
    desk.step(facts.Transcribed(wanted.item_id, "Hello", is_whole=True))

    assert types(events)[-1] == "conversation.item.done"
    assert types(desk.sent[before:]) == [
        "conversation.item.input_audio_transcription.delta",
        "conversation.item.input_audio_transcription.completed",
    ]
    assert desk.sent[-1]["usage"]["input_tokens"] == 15
    (retrieved,) = desk.send("conversation.item.retrieve", item_id=wanted.item_id)
    assert retrieved["item"]["content"][0]["transcript"] == "Hello"


def test_log_probabilities_come_when_they_are_included() -> None:
    desk = Desk(replace(TRANSCRIBING, include=("item.input_audio_transcription.logprobs",)))
    desk.say_turn()
    item_id = desk.machine.conversation.items[-1].id

    desk.step(facts.Transcribed(item_id, "Hé", is_whole=False))
    desk.step(facts.Transcribed(item_id, "Hé you", is_whole=True))

    delta, completed = desk.sent[-2:]
    assert delta["logprobs"] == [{"token": "Hé", "logprob": 0.0, "bytes": [72, 195, 169]}]
    assert [each["token"] for each in completed["logprobs"]] == ["Hé", " you"]


@pytest.mark.parametrize(
    ("model", "types", "more"),
    [
        ("whisper-1", ["completed"], {"usage": {"type": "duration", "seconds": 1.472}}),
        ("gpt-transcribe", ["completed"], {"languages": []}),
        ("gpt-4o-transcribe-diarize", ["segment", "completed"], {}),
    ],
)
def test_each_transcription_model_tells_what_is_its_own(
    model: str, types: list[str], more: dict[str, Any]
) -> None:
    desk = Desk(replace(TRANSCRIBING, transcription={"model": model}))
    desk.say_turn()
    item_id = desk.machine.conversation.items[-1].id

    before = len(desk.sent)

    desk.step(facts.Transcribed(item_id, "Hello", is_whole=True))

    events = desk.sent[before:]
    assert [event["type"].rpartition(".")[2] for event in events] == types
    assert events[0].get("text", "Hello") == "Hello"
    assert {name: events[-1][name] for name in more} == more


def test_a_transcription_session_refuses_to_answer() -> None:
    assert Desk(TRANSCRIBING).refusal("response.create")["code"] == "invalid_value"


def test_a_transcription_that_fails_is_told() -> None:
    desk = Desk(TRANSCRIBING)

    desk.step(facts.NotTranscribed("item_1", "audio_unintelligible", "No words"))

    assert desk.sent[-1]["error"] == {
        "type": "transcription_error",
        "code": "audio_unintelligible",
        "message": "No words",
        "param": "",
    }


def test_a_transcription_of_an_item_that_is_gone_is_told_all_the_same() -> None:
    desk = Desk(TRANSCRIBING)

    desk.step(facts.Transcribed("item_gone", "Hello", is_whole=True))

    assert desk.sent[-1]["transcript"] == "Hello"


# Updates


def test_an_update_shows_the_whole_session() -> None:
    desk = Desk()

    (updated,) = desk.send(
        "session.update", session={"type": "realtime", "instructions": "be kind"}
    )

    assert updated["session"]["instructions"] == "be kind"
    assert updated["session"]["model"] == "gpt-realtime-2.1"


def test_one_bad_field_refuses_the_whole_update() -> None:
    desk = Desk()

    desk.send("session.update", session={"type": "realtime", "instructions": "new", "voice": "ash"})

    assert desk.machine.settings.instructions != "new"


@pytest.mark.parametrize(
    ("session", "code", "param", "words"),
    [
        (
            {"type": "transcription"},
            "invalid_value",
            "session.type",
            "Passing a transcription session update event to a realtime session is not allowed.",
        ),
        (
            {"type": "realtime", "model": "gpt-realtime-2"},
            "cannot_update_model",
            "session.model",
            "Cannot update a session's model: it is 'gpt-realtime-2.1'.",
        ),
        (
            {"type": "realtime", "tracing": None},
            "cannot_update_tracing",
            "session.tracing",
            "Tracing cannot be changed once it is on.",
        ),
        (
            {"type": "realtime", "audio": {"output": {"voice": "cedar"}}},
            "cannot_update_voice",
            None,
            "Cannot update a conversation's voice if assistant audio is present.",
        ),
    ],
)
def test_a_running_session_keeps_what_may_not_change(
    session: dict[str, object], code: str, param: str | None, words: str
) -> None:
    desk = Desk()
    desk.send("session.update", session={"type": "realtime", "tracing": "auto"})
    desk.say_turn()
    desk.answer(Sound(silence(100)), Complete())

    error = desk.refusal("session.update", session=session)

    assert (error["code"], error["param"], error["message"]) == (code, param, words)


def test_the_same_voice_may_be_sent_again() -> None:
    desk = Desk()
    desk.say_turn()
    desk.answer(Sound(silence(100)), Complete())

    events = desk.send(
        "session.update", session={"type": "realtime", "audio": {"output": {"voice": "alloy"}}}
    )

    assert types(events) == ["session.updated"]


def test_another_turn_detection_listens_from_now_on() -> None:
    desk = Desk()
    desk.hear(640)
    turn_detection = {"type": "server_vad", "prefix_padding_ms": 0}
    desk.send(
        "session.update",
        session={"type": "realtime", "audio": {"input": {"turn_detection": turn_detection}}},
    )

    (started,) = desk.hear(64, speech=0.9)

    assert started["audio_start_ms"] == 640


def test_another_format_begins_an_empty_buffer() -> None:
    desk = Desk(PUSH_TO_TALK)
    desk.send("input_audio_buffer.append", audio=base64.b64encode(silence(150)).decode())
    desk.send(
        "session.update",
        session={"type": "realtime", "audio": {"input": {"format": {"type": "audio/pcmu"}}}},
    )

    assert desk.refusal("input_audio_buffer.commit")["code"] == "input_audio_buffer_commit_empty"


# Items


def test_items_stand_where_they_were_put() -> None:
    desk = Desk()

    for item_id, after in (("a", None), ("b", None), ("c", "root"), ("d", "a")):
        desk.send("conversation.item.create", item={**HELLO, "id": item_id}, previous_item_id=after)

    assert [item.id for item in desk.machine.conversation.items] == ["c", "a", "d", "b"]
    assert [event["previous_item_id"] for event in desk.sent if "previous_item_id" in event] == [
        *(None, None),
        *("a", "a"),
        *(None, None),
        *("a", "a"),
    ]


def test_an_item_is_deleted() -> None:
    desk = Desk()
    desk.send("conversation.item.create", item={**HELLO, "id": "a"})

    (deleted,) = desk.send("conversation.item.delete", item_id="a")

    assert (deleted["type"], deleted["item_id"]) == ("conversation.item.deleted", "a")
    assert desk.machine.conversation.items == ()


@pytest.mark.parametrize(
    ("type", "fields", "code", "words"),
    [
        (
            "conversation.item.delete",
            {"item_id": "yo"},
            "item_delete_invalid_item_id",
            "Error deleting item: the item with id 'yo' does not exist.",
        ),
        (
            "conversation.item.retrieve",
            {"item_id": "yo"},
            "item_retrieve_invalid_item_id",
            "Error retrieving item: the item with id 'yo' does not exist.",
        ),
        (
            "conversation.item.truncate",
            {"item_id": "yo", "content_index": 0, "audio_end_ms": 0},
            "item_truncate_invalid_item_id",
            "Error truncating item: the item with id 'yo' does not exist.",
        ),
        (
            "conversation.item.truncate",
            {"item_id": "a", "content_index": 0, "audio_end_ms": 0},
            None,
            "Only model output audio messages can be truncated",
        ),
        (
            "conversation.item.create",
            {"item": HELLO, "previous_item_id": "yo"},
            "item_create_invalid_previous_item_id",
            "Error adding item: the previous item with id 'yo' does not exist.",
        ),
        (
            "conversation.item.create",
            {"item": {**HELLO, "id": "a"}},
            "item_create_duplicate_item_id",
            "Error adding item: an item with id 'a' already exists.",
        ),
        (
            "conversation.item.create",
            {"item": {"type": "function_call_output", "call_id": "call_x", "output": ""}},
            "invalid_tool_call_id",
            "Tool call ID 'call_x' not found in conversation.",
        ),
        (
            "conversation.item.create",
            {
                "item": {
                    "type": "mcp_approval_response",
                    "approval_request_id": "x",
                    "approve": True,
                }
            },
            "invalid_value",
            (
                "The emulator has no MCP servers, so there is no approval request to answer. Use "
                "function tools, or the real API."
            ),
        ),
        (
            "response.cancel",
            {},
            "response_cancel_not_active",
            "Cancellation failed: no active response found",
        ),
        (
            "response.cancel",
            {"response_id": "resp_x"},
            "response_cancel_not_active",
            "Cancellation failed: no active response found",
        ),
        (
            "output_audio_buffer.clear",
            {},
            "invalid_value",
            "output_audio_buffer.clear is for WebRTC and SIP only.",
        ),
    ],
)
def test_a_request_is_refused_when_it_does_not_fit(
    type: str, fields: dict[str, object], code: str | None, words: str
) -> None:
    desk = Desk()
    desk.send("conversation.item.create", item={**HELLO, "id": "a"})

    error = desk.refusal(type, **fields)

    assert (error["code"], error["message"]) == (code, words)


def test_truncating_past_the_end_is_refused() -> None:
    desk = Desk()
    desk.say_turn()
    desk.answer(Sound(silence(2000)), Complete())

    error = desk.refusal(
        "conversation.item.truncate",
        item_id=desk.machine.conversation.items[-1].id,
        content_index=0,
        audio_end_ms=2500,
    )

    assert (error["code"], error["message"]) == (
        "invalid_value",
        "Audio content of 2000ms is already shorter than 2500ms",
    )


def test_binary_messages_are_refused() -> None:
    desk = Desk()

    desk.step(facts.Received(BINARY_FRAME))

    assert desk.sent[-1]["error"]["code"] == "invalid_event"


# Responses


def test_a_second_answer_is_refused_while_one_is_given() -> None:
    desk = Desk()
    desk.send("response.create")

    error = desk.refusal("response.create", event_id="second")

    assert error["code"] == "conversation_already_has_active_response"
    assert error["event_id"] == "second"
    assert "resp_emu1" in str(error["message"])


def test_an_answer_aside_leaves_the_conversation_alone() -> None:
    desk = Desk(TEXT)
    desk.send("response.create")

    (created,) = desk.send(
        "response.create", response={"conversation": "none", "metadata": {"for": "me"}}
    )
    events = desk.answer(Words("aside"), Complete())

    assert created["response"]["conversation_id"] is None
    assert created["response"]["metadata"] == {"for": "me"}
    assert [name for name in types(events) if name.startswith("conversation.")] == []
    assert desk.machine.conversation.items == ()
    assert desk.send("response.cancel", response_id="resp_emu1")[-1]["type"] == "response.done"


@pytest.mark.parametrize("item", [HELLO, {**HELLO, "role": "system"}])
def test_nothing_was_heard_when_the_last_item_is_written(item: dict[str, object]) -> None:
    desk = Desk(TEXT)
    desk.send("conversation.item.create", item=item)
    desk.send("response.create")

    assert desk.question().heard is None


def test_an_answer_may_have_its_own_input() -> None:
    desk = Desk(TEXT)
    desk.send("conversation.item.create", item={**HELLO, "id": "a"})
    desk.send("conversation.item.create", item={**HELLO, "id": "b"})

    reference = {"type": "item_reference", "id": "b"}
    desk.send("response.create", response={"input": [reference, {**HELLO, "id": "own"}]})

    assert [item.id for item in desk.question().history] == ["b", "own"]


@pytest.mark.parametrize(
    ("input_item", "code"),
    [
        ({"type": "item_reference", "id": "gone"}, "item_retrieve_invalid_item_id"),
        (
            {
                "type": "message",
                "role": "user",
                "content": [{"type": "input_audio", "audio": "!"}],
            },
            "invalid_value",
        ),
        (
            {"type": "mcp_approval_response", "approval_request_id": "x", "approve": True},
            "invalid_value",
        ),
    ],
)
def test_an_answer_is_refused_when_its_input_cannot_be_had(
    input_item: dict[str, object], code: str
) -> None:
    assert Desk().refusal("response.create", response={"input": [input_item]})["code"] == code


@pytest.mark.parametrize(
    ("response", "code"),
    [
        ({"output_modalities": ["text", "audio"]}, "invalid_value"),
        ({"audio": {"output": {"voice": "cedar"}}}, "cannot_update_voice"),
    ],
)
def test_an_answer_is_refused_when_its_settings_do_not_fit(
    response: dict[str, object], code: str
) -> None:
    desk = Desk()
    desk.say_turn()
    desk.answer(Sound(silence(100)), Complete())

    assert desk.refusal("response.create", response=response)["code"] == code


def test_an_answer_stops_at_its_limit() -> None:
    desk = Desk(TEXT)
    desk.send("response.create", response={"max_output_tokens": 2})

    events = desk.answer(Words("12345678"), Words("9"), Words("never"))

    response = events[-1]["response"]
    assert (response["status"], response["status_details"]) == (
        "incomplete",
        {"type": "incomplete", "reason": "max_output_tokens"},
    )
    assert response["output"][0]["content"][0]["text"] == "123456789"


def test_an_answer_that_fails_says_why() -> None:
    desk = Desk()
    desk.send("response.create")
    words = "You exceeded your current quota, please check your plan and billing details."

    (done,) = desk.answer(Failure("insufficient_quota", "insufficient_quota", words))

    assert done["response"]["status_details"] == {
        "type": "failed",
        "error": {
            "type": "insufficient_quota",
            "code": "insufficient_quota",
            "message": words,
        },
    }


def test_an_answer_without_parts_is_done_at_once() -> None:
    desk = Desk()
    desk.send("response.create")

    (done,) = desk.answer(Complete())

    assert done["response"]["output"] == []


# Nobody speaks


def test_a_long_silence_after_an_answer_makes_another() -> None:
    desk = Desk(IDLE)
    desk.say_turn()
    desk.answer(Sound(silence(1000)), Complete())
    assert desk.timers["idle"] == desk.now + 1 + 6
    desk.hear(320)

    events = desk.ring("idle")

    assert types(events) == [
        "input_audio_buffer.timeout_triggered",
        "input_audio_buffer.committed",
        "conversation.item.added",
        "conversation.item.done",
        "response.created",
    ]
    assert desk.question().cause == "idle"


def test_speech_ends_the_waiting() -> None:
    desk = Desk(IDLE)
    desk.say_turn()
    desk.answer(Sound(silence(100)), Complete())

    desk.hear(64, speech=0.9)

    assert "idle" not in desk.timers
    desk.step(facts.Rang("idle"))
    assert types(desk.sent)[-1] == "input_audio_buffer.speech_started"


def test_the_waiting_begins_when_the_last_sound_was_played_over_webrtc() -> None:
    desk = Desk(IDLE, medium="track")
    desk.say_turn()
    desk.answer(Sound(silence(1000)), Complete())
    assert "idle" not in desk.timers

    desk.step(facts.PlaybackEnded("resp_emu1"))

    assert desk.timers["idle"] == desk.now + 6


# Endings and others


def test_a_session_ends_after_its_time() -> None:
    desk = Desk()
    desk.say_turn()

    (error,) = desk.ring("end")

    assert error["error"] == {
        "type": "invalid_request_error",
        "code": "session_expired",
        "message": "Your session hit the maximum duration of 60 minutes.",
        "param": None,
        "event_id": None,
    }
    assert desk.done[-2:] == [
        actions.Hush("resp_emu1"),
        actions.Close(1001, "Your session hit the maximum duration of 60 minutes."),
    ]
    assert desk.send("response.create") == []


def test_a_session_knows_how_much_sound_it_still_takes() -> None:
    desk = Desk()

    assert desk.machine.has_room(MAX_BUFFER_BYTES)
    assert not desk.machine.has_room(MAX_BUFFER_BYTES + 1)


def test_a_session_of_seconds_says_how_many() -> None:
    desk = Desk(lasts_s=2.5)

    (error,) = desk.ring("end")

    assert error["error"]["message"] == "Your session hit the maximum duration of 2.5 seconds."


def test_a_session_can_be_closed_from_outside() -> None:
    desk = Desk()

    assert desk.machine.close(1000, "") == [actions.Close(1000, "")]
    assert desk.machine.is_closed


def test_refusals_go_to_whom_they_concern() -> None:
    desk = Desk()
    desk.step(facts.Joined(2))
    joined = desk.machine.step(facts.Received(BINARY_FRAME, 2), now=START)

    assert [action.to for action in joined if isinstance(action, actions.Send)] == [2]


def test_sound_is_refused_when_the_buffer_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rtstart.core.realtime.listening.MAX_BUFFER_BYTES", 1000)
    desk = Desk(PUSH_TO_TALK)

    error = desk.refusal(
        "input_audio_buffer.append", audio=base64.b64encode(bytes(1001)).decode(), event_id="mine"
    )

    assert (error["code"], error["event_id"]) == ("input_audio_buffer_full", "mine")


def test_frames_are_not_listened_to_without_turn_detection() -> None:
    desk = Desk(PUSH_TO_TALK)

    assert desk.hear(640, speech=0.9) == []
    assert not desk.machine.is_listening
