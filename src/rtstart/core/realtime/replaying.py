"""Doing again what a client did in a recorded call: what is sent, and what is waited for before."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rtstart.core.realtime.recording import Happening, Recording, client_lines
from rtstart.core.realtime.wire import Fields

MILESTONES = frozenset(
    {"session.created", "session.updated", "response.output_item.done", "response.done"}
)
"""Server events that a client may have waited for. Of the others more or fewer may come."""


@dataclass(frozen=True, slots=True)
class Cue:
    """One event to send, at the earliest `at_s` after the start and once all of `after` came."""

    at_s: float
    event: Fields
    after: Mapping[str, int]


def cues(recording: Recording) -> Iterator[Cue]:
    """What to send, in order."""
    came: Counter[str] = Counter()
    for happening in recording.happenings:
        if happening.who == "server":
            came.update(_milestone(happening))
        else:
            part = Recording(recording.medium, recording.model, (happening,))
            for line in client_lines(part):
                yield Cue(line.at_s, line.event, dict(came))


def ending(recording: Recording) -> Mapping[str, int]:
    """How many milestones there were when the call ended."""
    came: Counter[str] = Counter()
    for happening in recording.happenings:
        if happening.who == "server":
            came.update(_milestone(happening))
    return came


def _milestone(happening: Happening) -> tuple[str, ...]:
    name = str(happening.event["type"])
    return (name,) if name in MILESTONES else ()
