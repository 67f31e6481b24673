"""A session machine at a desk: facts by hand, a clock by hand, every event sent validated."""

import json
from collections.abc import Mapping
from typing import Any

from rtstart.core.realtime import actions, facts
from rtstart.core.realtime.answers import Call, Complete, Failure, Question, Sound, Words
from rtstart.core.realtime.messages import AppendAudio, parse
from rtstart.core.realtime.session import SessionMachine
from rtstart.core.realtime.settings import Settings
from rtstart.core.realtime.speaking import Medium
from rtstart.core.realtime.turns import FRAME_MS, Frame
from tests.fakes.realtime import validated

Event = Mapping[str, Any]  # an event as it goes over the wire
START = 1_795_364_000.0


class CountingIds:
    """Ids that count: `item_emu1`, `item_emu2`."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}

    def __call__(self, prefix: str) -> str:
        """The next id."""
        self._counts[prefix] = self._counts.get(prefix, 0) + 1
        return f"{prefix}_emu{self._counts[prefix]}"


class Desk:
    """Drives one machine. Each method gives the actions of its step."""

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        medium: Medium = "socket",
        lasts_s: float = 3600,
    ) -> None:
        self.now = START
        self.machine = SessionMachine(
            settings or Settings(model="gpt-realtime-2.1"),
            medium=medium,
            ids=CountingIds(),
            now=self.now,
            lasts_s=lasts_s,
        )
        self.sent: list[Event] = []
        self.done: list[actions.Action] = []
        self.timers: dict[str, float] = {}
        self.step(facts.Joined())

    def step(self, fact: facts.Fact) -> list[actions.Action]:
        """One fact; events are validated, timers kept."""
        found = self.machine.step(fact, now=self.now)
        for action in found:
            match action:
                case actions.Send():
                    self.sent.append(validated(json.dumps(action.event)))
                case actions.Ring():
                    self.timers[action.timer] = self.now + action.after_s
                case actions.Unring():
                    self.timers.pop(action.timer, None)
                case _:
                    self.done.append(action)
        return found

    def send(self, type: str, /, **fields: object) -> list[Event]:
        """A client's event; gives the events that answer it."""
        before = len(self.sent)
        event = parse(json.dumps({"type": type, **fields}))
        if isinstance(event, AppendAudio):
            self.step(facts.Heard(event.audio, (), event.event_id))
        else:
            self.step(facts.Received(event))
        return self.sent[before:]

    def refusal(self, type: str, /, **fields: object) -> Mapping[str, object]:
        """The error that a client's event earns; it must be the only answer."""
        (event,) = self.send(type, **fields)
        assert event["type"] == "error"
        error = event["error"]
        assert isinstance(error, dict)
        return error

    def hear(self, ms: int, *, speech: float = 0.0, pitch_hz: float = 0.0) -> list[Event]:
        """Sound of this length, all speech or none, frame by frame."""
        before = len(self.sent)
        rate = 48
        for _ in range(ms // FRAME_MS):
            frame = Frame(speech, -20.0 if speech else -80.0, pitch_hz)
            self.step(facts.Heard(bytes(FRAME_MS * rate), (frame,)))
        return self.sent[before:]

    def say_turn(self, ms: int = 960) -> list[Event]:
        """A turn and the silence that ends it."""
        return [*self.hear(ms, speech=0.9), *self.hear(640)]

    def question(self) -> Question:
        """What was asked last."""
        asked = [action for action in self.done if isinstance(action, actions.Ask)]
        return asked[-1].question

    def answer(self, *parts: Words | Sound | Call | Complete | Failure) -> list[Event]:
        """Parts of the answer to the last question."""
        before = len(self.sent)
        for part in parts:
            self.step(facts.Answered(self.question().response_id, part))
        return self.sent[before:]

    def ring(self, timer: str) -> list[Event]:
        """The timer is up; the clock moves there."""
        before = len(self.sent)
        self.now = self.timers.pop(timer)
        self.step(facts.Rang(timer))
        return self.sent[before:]


def types(events: list[Event]) -> list[str]:
    """The types of events, in order."""
    return [str(event["type"]) for event in events]


def silence(ms: int) -> bytes:
    """PCM without any sound."""
    return bytes(ms * 48)
