"""Whatever clients and answers do, in any order, these things hold of a session."""

import base64
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from rtstart.core.realtime import actions, facts
from rtstart.core.realtime.answers import Call, Complete, Failure, Part, Sound, Words
from rtstart.core.realtime.settings import Settings
from rtstart.core.realtime.speaking import Medium
from tests.fakes.sessions import Desk, Event, silence

_AUDIO = base64.b64encode(silence(120)).decode("ascii")
_USER = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "x"}]}
_IDS = st.sampled_from([f"item_emu{number}" for number in range(1, 9)] + ["mine", "gone"])

_MESSAGES = st.one_of(
    st.sampled_from(
        [
            ("response.create", {}),
            ("response.create", {"response": {"conversation": "none"}}),
            ("response.create", {"response": {"max_output_tokens": 1}}),
            ("response.create", {"response": {"output_modalities": ["text"]}}),
            ("response.cancel", {}),
            ("output_audio_buffer.clear", {}),
            ("input_audio_buffer.append", {"audio": _AUDIO}),
            ("input_audio_buffer.commit", {}),
            ("input_audio_buffer.clear", {}),
            ("session.update", {"session": {"type": "realtime", "instructions": "x"}}),
            (
                "session.update",
                {"session": {"type": "realtime", "audio": {"input": {"turn_detection": None}}}},
            ),
            (
                "session.update",
                {
                    "session": {
                        "type": "realtime",
                        "audio": {"input": {"turn_detection": {"type": "semantic_vad"}}},
                    }
                },
            ),
            ("nonsense", {}),
        ]
    ),
    st.tuples(
        st.just("conversation.item.create"),
        st.fixed_dictionaries(
            {"item": st.just(_USER)}, optional={"previous_item_id": st.just("root") | _IDS}
        ),
    ),
    st.tuples(
        st.sampled_from(["conversation.item.delete", "conversation.item.retrieve"]),
        st.fixed_dictionaries({"item_id": _IDS}),
    ),
    st.tuples(
        st.just("conversation.item.truncate"),
        st.fixed_dictionaries(
            {"item_id": _IDS, "content_index": st.just(0), "audio_end_ms": st.integers(0, 400)}
        ),
    ),
)
_PARTS: st.SearchStrategy[Part] = st.sampled_from(
    [Words("Hello"), Sound(silence(200)), Call("f", "{}"), Complete(), Failure("x", None, "y")]
)
_RESPONSES = st.integers(1, 6).map(lambda number: f"resp_emu{number}")
_HAPPENINGS = st.lists(
    st.one_of(
        st.tuples(st.just("send"), _MESSAGES),
        st.tuples(st.just("answer"), st.tuples(_RESPONSES, _PARTS)),
        st.tuples(st.just("speak"), st.sampled_from([0.0, 0.9])),
        st.tuples(st.just("clear"), st.integers(0, 300)),
        st.tuples(st.just("drain"), _RESPONSES),
        st.tuples(st.just("ring"), st.sampled_from(["idle", "rate_limits:x"])),
        st.tuples(st.just("transcribed"), _IDS),
    ),
    max_size=40,
)


def _run(medium: Medium, happenings: list[tuple[str, Any]]) -> Desk:
    desk = Desk(Settings(model="gpt-realtime-2.1"), medium=medium)
    for kind, what in happenings:
        match kind, what:
            case "send", (str() as type, dict() as fields):
                desk.send(type, **fields)
            case "answer", (str() as response_id, part):
                desk.step(facts.Answered(response_id, part))
            case "speak", float() as speech:
                desk.hear(640, speech=speech)
            case "clear", int() as played:
                _clear(desk, played)
            case "drain", str() as response_id:
                desk.step(facts.PlaybackEnded(response_id))
            case "ring", str() as timer:
                desk.step(facts.Rang(timer))
            case _:
                desk.step(facts.Transcribed(what, "words", is_whole=True))
        if actions.StopPlaying() in desk.done:
            _clear(desk, 100)
    for number in range(1, 60):
        desk.step(facts.Answered(f"resp_emu{number}", Complete()))
    return desk


def _clear(desk: Desk, played: int) -> None:
    """The player does what the machine asked, as it always does at once."""
    if actions.StopPlaying() in desk.done:
        desk.done.remove(actions.StopPlaying())
        desk.step(facts.PlaybackCleared((("resp_emu1", played),)))


def _ids(events: list[Event], type: str, key: str) -> list[str]:
    return [event[key]["id"] for event in events if event["type"] == type]


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(["socket", "track"]), _HAPPENINGS)
def test_a_session_keeps_its_promises(medium: Medium, happenings: list[tuple[str, object]]) -> None:
    sent = _run(medium, happenings).sent

    # Every response that begins ends with exactly one `response.done`, and none ends twice.
    begun = _ids(sent, "response.created", "response")
    assert sorted(_ids(sent, "response.done", "response")) == sorted(begun)

    # Within the conversation there is at most one response at a time.
    running = 0
    for event in sent:
        if event["type"] in ("response.created", "response.done"):
            inside = event["response"]["conversation_id"] is not None
            running += inside * (1 if event["type"] == "response.created" else -1)
        assert running in (0, 1)

    # Every event has an id of its own, and names only things that were announced.
    assert len({event["event_id"] for event in sent}) == len(sent)
    announced: set[str] = set()
    open_items: set[str] = set()
    for event in sent:
        match event["type"]:
            case "response.created":
                announced.add(event["response"]["id"])
            case "response.output_item.added":
                announced.add(event["item"]["id"])
                open_items.add(event["item"]["id"])
            case "response.output_item.done":
                open_items.remove(event["item"]["id"])
            case "conversation.item.added":
                assert event["item"]["id"] not in announced or event["item"]["id"] in open_items
                announced.add(event["item"]["id"])
            case "conversation.item.done":
                assert event["item"]["id"] in announced
            case "response.done":
                assert event["response"]["id"] in announced
            case name if name.startswith("response."):
                assert event["response_id"] in announced
                assert event.get("item_id") is None or event["item_id"] in open_items
            case _:
                pass
    assert open_items == set()

    # Turns alternate.
    turns = [
        event["type"].rpartition("_")[2]
        for event in sent
        if event["type"].startswith("input_audio_buffer.speech_")
    ]
    assert "stopped stopped" not in " ".join(turns)
