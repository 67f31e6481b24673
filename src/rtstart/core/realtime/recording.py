"""A recorded call: JSON lines, secrets masked. What was said can be answered with again.

The first line says what was recorded; each other line is one thing that happened, with `t` in
seconds since the call began and `from`: `client` and `server` carry an `event`, `microphone` and
`loudspeaker` carry `audio` of a WebRTC call (base64 of PCM at 24 kHz).
"""

import base64
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, cast

from rtstart.core.realtime.scenario import (
    CallTool,
    Fail,
    Recorded,
    Reply,
    Say,
    Scenario,
    Step,
    Wait,
)
from rtstart.core.realtime.settings import FormatName
from rtstart.core.realtime.speaking import Medium
from rtstart.core.realtime.wire import Fields, Json

SCHEMA = 1
Who: TypeAlias = Literal["client", "server", "microphone", "loudspeaker"]
_SOUND = ("audio", "delta")


@dataclass(frozen=True, slots=True)
class Happening:
    """One line: an event, or sound of a media track with the response it belongs to."""

    at_s: float
    who: Who
    event: Fields = field(default_factory=dict)
    audio: bytes = field(default=b"", repr=False)
    response_id: str = ""


@dataclass(frozen=True, slots=True)
class Recording:
    """A whole call, in the order in which it happened."""

    medium: Medium
    model: str
    happenings: tuple[Happening, ...] = ()


def head_line(medium: Medium, model: str) -> str:
    """The first line of a recording."""
    return json.dumps({"rtstart": "call", "schema": SCHEMA, "medium": medium, "model": model})


def line_of(happening: Happening, mask: Callable[[str], str]) -> str:
    """One thing that happened as a line without secrets."""
    line: dict[str, Json] = {"t": round(happening.at_s, 4), "from": happening.who}
    if happening.event:
        line["event"] = _masked(happening.event, mask, "")
    else:
        line["audio"] = base64.b64encode(happening.audio).decode("ascii")
        if happening.response_id:
            line["response_id"] = happening.response_id
    return json.dumps(line, separators=(",", ":"))


def event_in(text: str) -> Fields | None:
    """The event in a message, or None when it is none."""
    try:
        event = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return event if isinstance(event, dict) and isinstance(event.get("type"), str) else None


def _masked(value: Json, mask: Callable[[str], str], key: str) -> Json:
    if isinstance(value, str):
        # Base64 of sound has no secrets in it, and there is much of it.
        return value if key in _SOUND and len(value) > 1000 else mask(value)
    if isinstance(value, Mapping):
        return {name: _masked(inner, mask, name) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(inner, mask, key) for inner in value]
    return value


class NotARecording(Exception):
    """A text is no recording of a call; says what is wrong and in which line."""


def parse_recording(lines: Iterable[str]) -> Recording:
    """A recording from its lines; raises NotARecording."""
    numbered = ((number, text) for number, text in enumerate(lines, 1) if text.strip())
    try:
        _, first = next(numbered)
    except StopIteration:
        raise NotARecording("it is empty") from None
    head = _object(1, first)
    if head.get("rtstart") != "call" or head.get("schema") != SCHEMA:
        raise NotARecording('line 1 is not {"rtstart": "call", "schema": 1, …}')
    medium: Medium = "track" if head.get("medium") == "track" else "socket"
    happenings = tuple(_happening(number, text) for number, text in numbered)
    return Recording(medium, str(head.get("model") or _model_told(happenings)), happenings)


def _model_told(happenings: Iterable[Happening]) -> str:
    """The model by the session's first event: who joins a call does not name it."""
    for happening in happenings:
        if happening.who == "server" and happening.event["type"] == "session.created":
            session = happening.event.get("session")
            return str(session.get("model", "")) if isinstance(session, Mapping) else ""
    return ""


def _object(number: int, text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError as error:
        raise NotARecording(f"line {number} is no JSON: {error}") from error
    if not isinstance(value, dict):
        raise NotARecording(f"line {number} is no object")
    return value


def _happening(number: int, text: str) -> Happening:
    line = _object(number, text)
    who, at_s = line.get("from"), line.get("t")
    if who not in ("client", "server", "microphone", "loudspeaker"):
        raise NotARecording(f'line {number} has no known "from"')
    if not isinstance(at_s, int | float) or isinstance(at_s, bool):
        raise NotARecording(f'line {number} has no time "t"')
    known = cast("Who", who)
    if known in ("client", "server"):
        event = line.get("event")
        if not isinstance(event, dict) or not isinstance(event.get("type"), str):
            raise NotARecording(f'line {number} has no "event" with a type')
        return Happening(at_s, known, event)
    audio = line.get("audio")
    if not isinstance(audio, str):
        raise NotARecording(f'line {number} has no "audio"')
    return Happening(
        at_s, known, audio=base64.b64decode(audio), response_id=str(line.get("response_id", ""))
    )


@dataclass(slots=True)
class _Answer:
    """What is known of one recorded answer."""

    created_s: float
    format: FormatName
    begun_s: float | None = None
    words: list[str] = field(default_factory=list)
    sound: bytearray = field(default_factory=bytearray)
    calls: list[CallTool] = field(default_factory=list)
    failure: Fail | None = None

    def begin(self, at_s: float) -> None:
        if self.begun_s is None:
            self.begun_s = at_s

    def reply(self) -> Reply:
        steps: list[Step] = []
        if self.begun_s is not None and self.begun_s > self.created_s:
            steps.append(Wait(round(self.begun_s - self.created_s, 3)))
        if self.words or self.sound:
            steps.append(Say("".join(self.words), Recorded(bytes(self.sound), self.format)))
        steps += self.calls
        if self.failure is not None:
            steps.append(self.failure)
        return Reply(tuple(steps))


def replay_of(recording: Recording) -> Scenario:
    """A scenario that gives the recorded answers again, in their order, and hears the same words.

    What was measured or typed differently this time gets the same answers; when they are used up
    there is silence.
    """
    answers: dict[str, _Answer] = {}
    heard: list[str] = []
    for happening in recording.happenings:
        if happening.who == "loudspeaker":
            answer = answers.get(happening.response_id)
            if answer is not None:
                answer.sound += happening.audio
        elif happening.who == "server":
            _take(happening, answers, heard)
    return Scenario(
        replies=tuple(answer.reply() for answer in answers.values()),
        hears=tuple(heard),
        otherwise="silence",
    )


def _take(happening: Happening, answers: dict[str, _Answer], heard: list[str]) -> None:
    event = cast("dict[str, Any]", happening.event)
    if event["type"] == "response.created":
        response = event["response"]
        output = (response.get("audio") or {}).get("output") or {}
        format = (output.get("format") or {}).get("type", "audio/pcm")
        answers[response["id"]] = _Answer(happening.at_s, cast("FormatName", format))
        return
    if event["type"] == "conversation.item.input_audio_transcription.completed":
        heard.append(event["transcript"])
        return
    if event["type"] == "response.done":
        error = (event["response"].get("status_details") or {}).get("error")
        answer = answers.get(event["response"]["id"])
        if answer is not None and error:
            answer.failure = Fail(
                error.get("type", "server_error"), error.get("code"), error.get("message", "")
            )
        return
    answer = answers.get(event.get("response_id", ""))
    if answer is None:
        return
    match event["type"]:
        case "response.output_text.delta" | "response.output_audio_transcript.delta":
            answer.begin(happening.at_s)
            answer.words.append(event["delta"])
        case "response.output_audio.delta":
            answer.begin(happening.at_s)
            answer.sound += base64.b64decode(event["delta"])
        case "response.function_call_arguments.done":
            answer.begin(happening.at_s)
            answer.calls.append(CallTool(event["name"], event["arguments"]))
        case _:
            pass


def client_lines(recording: Recording) -> Iterator[Happening]:
    """What the client did, over a WebSocket: sound of a track becomes appended audio."""
    for happening in recording.happenings:
        if happening.who == "client":
            yield happening
        elif happening.who == "microphone":
            audio = base64.b64encode(happening.audio).decode("ascii")
            event: Fields = {"type": "input_audio_buffer.append", "audio": audio}
            yield Happening(happening.at_s, "client", event)


class IdMap:
    """Puts the ids of a new call in the place of the recorded ones.

    The nth event of a type in the new call is taken for the nth of that type in the recording.
    """

    def __init__(self, recording: Recording) -> None:
        self._waiting: dict[str, list[Fields]] = {}
        for happening in recording.happenings:
            if happening.who == "server":
                event = happening.event
                self._waiting.setdefault(str(event["type"]), []).append(event)
        self._new: dict[str, str] = {}

    def learn(self, event: Fields) -> None:
        """An event of the new call."""
        waiting = self._waiting.get(str(event["type"]))
        if waiting:
            self._match(waiting.pop(0), event)

    def _match(self, old: Json, new: Json) -> None:
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            for name, value in old.items():
                other = new.get(name)
                if isinstance(value, str) and isinstance(other, str):
                    if name == "id" or name.endswith("_id"):
                        self._new[value] = other
                else:
                    self._match(value, other)
        elif isinstance(old, list) and isinstance(new, list):
            for one, other in zip(old, new, strict=False):
                self._match(one, other)

    def translated(self, event: Fields) -> dict[str, Json]:
        """A recorded client event for the new call."""
        return {name: self._translated(value) for name, value in event.items()}

    def _translated(self, value: Json) -> Json:
        if isinstance(value, str):
            return self._new.get(value, value)
        if isinstance(value, Mapping):
            return {name: self._translated(inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [self._translated(inner) for inner in value]
        return value
