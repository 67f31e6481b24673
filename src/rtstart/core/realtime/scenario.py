"""Scenarios: what is answered when, from a file that a person writes."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, cast

from rtstart.core.reading import Fault, Reader
from rtstart.core.realtime.answers import Cause, Question
from rtstart.core.realtime.conversation import Audio, FunctionCall, FunctionOutput, Message, Text
from rtstart.core.realtime.faults import FaultRule, read_fault
from rtstart.core.realtime.settings import FormatName

Otherwise: TypeAlias = Literal["echo", "silence", "error"]
"""What happens when no reply fits: the caller's voice, nothing, or a failed answer."""


@dataclass(frozen=True, slots=True)
class Tone:
    """A plain tone in the place of a voice."""

    hz: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Recorded:
    """Sound as it was recorded."""

    audio: bytes = field(repr=False)
    format: FormatName


@dataclass(frozen=True, slots=True)
class Say:
    """Words, and what is heard: a file, a tone, a recording, or (None) any voice there is."""

    words: str
    sound: str | Tone | Recorded | None = None


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing for a while."""

    seconds: float


@dataclass(frozen=True, slots=True)
class CallTool:
    """A tool to run; `arguments` is JSON text."""

    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Fail:
    """The answer fails with this error."""

    type: str
    code: str | None
    message: str


@dataclass(frozen=True, slots=True)
class HangUp:
    """The call ends."""


Step: TypeAlias = Say | Wait | CallTool | Fail | HangUp


@dataclass(frozen=True, slots=True)
class When:
    """What a reply is for; everything that is given must fit."""

    turn: int | None = None
    heard: re.Pattern[str] | None = None
    tool: str | None = None
    cause: Cause | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """Steps of an answer, for when something fits. `times` is how often, None for ever."""

    steps: tuple[Step, ...]
    when: When = When()
    times: int | None = 1


@dataclass(frozen=True, slots=True)
class Scenario:
    """A whole file. `hears` is what the caller's spoken turns are written down as, in order."""

    replies: tuple[Reply, ...] = ()
    hears: tuple[str, ...] = ()
    otherwise: Otherwise = "echo"
    faults: tuple[FaultRule, ...] = ()
    session_s: float | None = None
    seed: int | None = None


def parse_scenario(table: object) -> tuple[Scenario, list[Fault]]:
    """The scenario in a file's content, with every fault of it at once."""
    faults: list[Fault] = []
    if not isinstance(table, Mapping):
        return Scenario(), [Fault((), "must be a table with schema, replies and faults")]
    top = Reader(cast("Mapping[str, object]", table), (), faults)
    if not top.has("schema"):
        top.fault("schema", "is missing; write schema: 1 at the top")
    top.whole("schema", 1, least=1, most=1)
    scenario = Scenario(
        replies=tuple(_reply(row) for row in top.rows("replies")),
        hears=top.texts("hears"),
        otherwise=cast(
            "Otherwise", top.text("otherwise", "echo", choices=("echo", "silence", "error"))
        ),
        faults=tuple(read_fault(row) for row in top.rows("faults")),
        session_s=top.seconds("session", 1.0) if top.has("session") else None,
        seed=top.whole("seed", 0, least=0, most=2**32) if top.has("seed") else None,
    )
    top.close()
    return scenario, faults


def _reply(row: Reader) -> Reply:
    when = _when(row.inner("when"))
    is_for_ever = row.table.get("times") == "any"
    if is_for_ever:
        row.anything("times")
    reply = Reply(
        steps=tuple(step for one in row.rows("do") for step in _step(one)),
        when=when,
        times=None if is_for_ever else row.whole("times", 1, least=1, most=10_000),
    )
    if not row.has("do"):
        row.fault("do", "is missing; it is a list of say, wait, call, fail and hang_up")
    row.close()
    return reply


def _when(table: Reader) -> When:
    pattern = table.text("heard")
    heard: re.Pattern[str] | None = None
    if pattern:
        try:
            heard = re.compile(pattern, re.IGNORECASE)
        except re.error as error:
            table.fault("heard", f"is no regular expression: {error}")
    cause = table.text("cause", choices=("turn", "client", "idle"))
    when = When(
        turn=table.whole("turn", 1, least=1, most=10_000) if table.has("turn") else None,
        heard=heard,
        tool=table.text("tool") or None,
        cause=cast("Cause", cause) if cause else None,
    )
    table.close()
    return when


def _step(row: Reader) -> list[Step]:
    steps: list[Step] = []
    if row.has("wait"):
        steps.append(Wait(row.seconds("wait", 1.0)))
    if row.has("say") or row.has("play") or row.has("tone"):
        steps.append(_say(row))
    if row.has("call"):
        steps.append(_call(row.inner("call")))
    if row.has("fail"):
        steps.append(_fail(row.inner("fail")))
    if row.has("hang_up") and row.truth("hang_up", default=False):
        steps.append(HangUp())
    row.close()
    return steps


def _say(row: Reader) -> Say:
    words = row.text("say")
    file = row.text("play")
    if file and row.has("tone"):
        row.fault("tone", "cannot stand beside play")
    if row.has("tone"):
        hz = row.number("tone", 440.0, least=20, most=8000)
        return Say(words, Tone(hz, row.seconds("for", 1.0)))
    return Say(words, file or None)


def _call(table: Reader) -> CallTool:
    name = table.text("name")
    if not name:
        table.fault("name", "is missing; it is the tool's name")
    arguments = table.anything("arguments")
    text = arguments if isinstance(arguments, str) else json.dumps(arguments or {})
    table.close()
    return CallTool(name, text)


def _fail(table: Reader) -> Fail:
    fail = Fail(
        table.text("type", "server_error"),
        table.text("code") or None,
        table.text("message", "The server had an error while processing your request."),
    )
    table.close()
    return fail


class Script:
    """A scenario in one call: which reply comes next."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self._left: list[tuple[Reply, int | None]] = [
            (reply, reply.times) for reply in scenario.replies
        ]
        self._turn = 0
        self._heard: dict[str, str] = {}
        self._hears = iter(scenario.hears)

    def hears(self, item_id: str) -> str | None:
        """What a spoken turn is written down as, if the scenario says so."""
        if item_id not in self._heard:
            words = next(self._hears, None)
            if words is None:
                return None
            self._heard[item_id] = words
        return self._heard[item_id]

    def next(self, question: Question, *, understood: str = "") -> Reply | None:
        """The first reply that fits this question and is not used up; it is used once more.

        `understood` is what a recogniser made of the last turn, where there is one.
        """
        self._turn += 1
        heard, tool = self._last_words(question) or understood, _last_tool(question)
        for place, (reply, times) in enumerate(self._left):
            if times == 0 or not self._fits(reply.when, question, heard=heard, tool=tool):
                continue
            self._left[place] = (reply, None if times is None else times - 1)
            return reply
        return None

    def _fits(self, when: When, question: Question, *, heard: str, tool: str | None) -> bool:
        return (
            when.turn in (None, self._turn)
            and when.tool in (None, tool)
            and when.cause in (None, question.cause)
            and (when.heard is None or when.heard.search(heard) is not None)
        )

    def _last_words(self, question: Question) -> str:
        """What the caller said or wrote, if nothing has come since."""
        last = question.history[-1] if question.history else None
        if not isinstance(last, Message) or last.role != "user":
            return ""
        return " ".join(
            part.text if isinstance(part, Text) else part.transcript or self.hears(last.id) or ""
            for part in last.content
            if isinstance(part, Text | Audio)
        )


def _last_tool(question: Question) -> str | None:
    """The name of the tool whose output came last, if that is what is to be answered."""
    last = question.history[-1] if question.history else None
    if not isinstance(last, FunctionOutput):
        return None
    for item in reversed(question.history):
        if isinstance(item, FunctionCall) and item.call_id == last.call_id:
            return item.name
    return ""
