"""Scenarios: every key, every fault at once, and which reply comes next."""

import re
from typing import Any

import pytest

from rtstart.core.reading import Fault
from rtstart.core.realtime.answers import Cause, Question
from rtstart.core.realtime.conversation import (
    Audio,
    FunctionCall,
    FunctionOutput,
    Item,
    Message,
    Text,
)
from rtstart.core.realtime.faults import FaultRule
from rtstart.core.realtime.scenario import (
    CallTool,
    Fail,
    HangUp,
    Reply,
    Say,
    Scenario,
    Script,
    Tone,
    Wait,
    When,
    parse_scenario,
)
from rtstart.core.realtime.settings import Settings


def _question(*items: Item, cause: Cause = "client") -> Question:
    return Question("resp_1", Settings(), items, cause, "audio/pcm")


def _wrote(text: str) -> Message:
    return Message("item_1", "user", (Text(text),))


def _said(item_id: str, transcript: str | None = None) -> Message:
    return Message(item_id, "user", (Audio.of(bytes(480), "audio/pcm", transcript),))


def test_every_key_is_read() -> None:
    scenario, faults = parse_scenario(
        {
            "schema": 1,
            "seed": 7,
            "session": "15m",
            "otherwise": "silence",
            "hears": ["hello"],
            "replies": [
                {
                    "when": {"turn": 1, "heard": "hel+o", "tool": "f", "cause": "turn"},
                    "times": "any",
                    "do": [
                        {"wait": "300ms"},
                        {"say": "Hi"},
                        {"say": "Hi", "play": "hi.wav"},
                        {"tone": 440, "for": "2s"},
                        {"call": {"name": "f", "arguments": {"a": 1}}},
                        {"call": {"name": "g", "arguments": "{}"}},
                        {"call": {"name": "h"}},
                        {"fail": {"type": "x", "code": "y", "message": "z"}},
                        {"fail": {}},
                        {"hang_up": True},
                        {"hang_up": False},
                    ],
                },
                {"do": [], "times": 2},
            ],
            "faults": [{"name": "mute", "turn": 2}],
        }
    )

    assert faults == []
    assert scenario == Scenario(
        replies=(
            Reply(
                (
                    Wait(0.3),
                    Say("Hi"),
                    Say("Hi", "hi.wav"),
                    Say("", Tone(440, 2)),
                    CallTool("f", '{"a": 1}'),
                    CallTool("g", "{}"),
                    CallTool("h", "{}"),
                    Fail("x", "y", "z"),
                    Fail(
                        "server_error",
                        None,
                        "The server had an error while processing your request.",
                    ),
                    HangUp(),
                ),
                When(1, re.compile("hel+o", re.IGNORECASE), "f", "turn"),
                times=None,
            ),
            Reply((), times=2),
        ),
        hears=("hello",),
        otherwise="silence",
        faults=(FaultRule("mute", turn=2, for_s=1.0),),
        session_s=900,
        seed=7,
    )


def test_every_fault_is_told_at_once() -> None:
    _, faults = parse_scenario(
        {
            "schema": 2,
            "replys": [],
            "replies": [
                {"when": {"heard": "("}, "do": [{"say": "a", "play": "x", "tone": 440}]},
                {"do": [{"call": {}}, {"shout": "a"}, {"hang_up": "yes"}, "hello"]},
                {"times": 0},
            ],
            "hears": "hello",
            "faults": [{"name": "mutee"}],
        }
    )

    assert faults == [
        Fault(("schema",), "is 2; it must be from 1 to 1"),
        Fault(
            ("replies", "0", "when", "heard"),
            "is no regular expression: missing ), unterminated subpattern at position 0",
        ),
        Fault(("replies", "0", "do", "0", "tone"), "cannot stand beside play"),
        Fault(("replies", "1", "do", "3"), "must be a table, not text"),
        Fault(("replies", "1", "do", "0", "call", "name"), "is missing; it is the tool's name"),
        Fault(("replies", "1", "do", "1", "shout"), "is unknown"),
        Fault(("replies", "1", "do", "2", "hang_up"), "must be true or false, not text"),
        Fault(("replies", "2", "times"), "is 0; it must be from 1 to 10000"),
        Fault(
            ("replies", "2", "do"),
            "is missing; it is a list of say, wait, call, fail and hang_up",
        ),
        Fault(("hears",), 'must be a list of texts, such as ["a", "b"]'),
        Fault(("faults", "0", "name"), 'is "mutee", which is no fault; did you mean mute?'),
        Fault(("replys",), "is unknown; did you mean replies?"),
    ]


@pytest.mark.parametrize(
    ("table", "fault"),
    [
        (None, Fault((), "must be a table with schema, replies and faults")),
        ({}, Fault(("schema",), "is missing; write schema: 1 at the top")),
        ({"schema": 1, "replies": {}}, Fault(("replies",), "must be a list, not a table")),
    ],
)
def test_a_file_of_another_form_is_refused(table: Any, fault: Fault) -> None:
    assert parse_scenario(table)[1] == [fault]


HELLO, AGAIN, WEATHER = Reply((Say("Hello"),)), Reply((Say("Again"),)), Reply((Say("Sun"),))


def test_replies_come_in_their_order_and_once() -> None:
    script = Script(Scenario((HELLO, AGAIN)))

    replies = [script.next(_question(_wrote("x"))) for _ in range(3)]

    assert replies == [HELLO, AGAIN, None]


def test_a_reply_may_come_for_ever() -> None:
    reply = Reply((Say("Yes"),), times=None)
    script = Script(Scenario((reply,)))

    assert [script.next(_question()) for _ in range(3)] == [reply] * 3


@pytest.mark.parametrize(
    ("when", "question", "fits"),
    [
        (When(turn=1), _question(), True),
        (When(turn=2), _question(), False),
        (When(cause="idle"), _question(cause="idle"), True),
        (When(cause="idle"), _question(cause="turn"), False),
        (When(heard=re.compile("rome", re.IGNORECASE)), _question(_wrote("In Rome?")), True),
        (When(heard=re.compile("rome")), _question(_wrote("In Paris?")), False),
        (When(heard=re.compile("rome")), _question(_said("a", "in rome")), True),
        (When(heard=re.compile("rome")), _question(_said("a")), False),
        (When(heard=re.compile("rome")), _question(), False),
        (
            When(heard=re.compile("rome")),
            _question(_wrote("rome"), FunctionCall("c", "c", "f", "{}")),
            False,
        ),
        (When(tool="f"), _question(), False),
        (
            When(tool="f"),
            _question(FunctionCall("c", "c1", "f", "{}"), FunctionOutput("o", "c1", "42")),
            True,
        ),
        (
            When(tool="g"),
            _question(FunctionCall("c", "c1", "f", "{}"), FunctionOutput("o", "c1", "42")),
            False,
        ),
        (When(tool="f"), _question(FunctionOutput("o", "c1", "42")), False),
    ],
)
def test_a_reply_comes_when_everything_fits(when: When, question: Question, fits: bool) -> None:
    reply = Reply((Say("x"),), when)

    assert (Script(Scenario((reply,))).next(question) == reply) == fits


def test_spoken_turns_are_what_the_scenario_says_in_their_order() -> None:
    reply = Reply((Say("Sun"),), When(heard=re.compile("weather")))
    script = Script(Scenario((reply,), hears=("hello", "the weather")))

    first = script.next(_question(_said("a")))
    written = script.hears("b")
    second = script.next(_question(_said("b")))

    assert (first, written, second) == (None, "the weather", reply)
    assert (script.hears("a"), script.hears("c")) == ("hello", None)
