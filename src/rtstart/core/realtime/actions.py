"""What the session machine asks its surroundings to do, and the box it puts that in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from rtstart.core.realtime.answers import Question
from rtstart.core.realtime.conversation import Audio
from rtstart.core.realtime.wire import Fault, Fields, Ids, Json


@dataclass(frozen=True, slots=True)
class Send:
    """Send a server event; `to` is the one channel it is for, or None for all of them."""

    event: Mapping[str, Json]
    to: int | None = None


@dataclass(frozen=True, slots=True)
class Ask:
    """Begin to answer; the parts come back as facts."""

    question: Question


@dataclass(frozen=True, slots=True)
class Hush:
    """Stop answering."""

    response_id: str


@dataclass(frozen=True, slots=True)
class Play:
    """Play sound of a response on the media track."""

    response_id: str
    audio: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class EndPlay:
    """No more sound of this response will come; say when the last of it was played."""

    response_id: str


@dataclass(frozen=True, slots=True)
class StopPlaying:
    """Drop what was not played yet and say at once, with `PlaybackCleared`, what was."""


@dataclass(frozen=True, slots=True)
class Transcribe:
    """Write down what a user said; the words come back as facts."""

    item_id: str
    audio: Audio
    request: Fields


@dataclass(frozen=True, slots=True)
class Ring:
    """Say `Rang(timer)` after this time; a timer of the same name is set anew."""

    timer: str
    after_s: float


@dataclass(frozen=True, slots=True)
class Unring:
    """Forget a timer."""

    timer: str


@dataclass(frozen=True, slots=True)
class Close:
    """End the connection with this WebSocket code and reason."""

    code: int
    reason: str


Action: TypeAlias = (
    Send | Ask | Hush | Play | EndPlay | StopPlaying | Transcribe | Ring | Unring | Close
)


class Outbox:
    """Collects the actions of one step, in order. `now` is the time of the step."""

    def __init__(self, ids: Ids, now: float) -> None:
        self.ids = ids
        self.now = now
        self._actions: list[Action] = []

    def put(self, action: Action) -> None:
        """Add any action."""
        self._actions.append(action)

    def send(self, type: str, /, **fields: Json) -> None:
        """Send an event to every channel, with an id of its own."""
        self.put(Send({"type": type, "event_id": self.ids("event"), **fields}))

    def refuse(self, fault: Fault, event_id: str | None, to: int | None) -> None:
        """Send an `error`; it names the client's event that caused it."""
        error: dict[str, Json] = {**fault.wire(), "event_id": event_id}
        event: dict[str, Json] = {"type": "error", "event_id": self.ids("event"), "error": error}
        self.put(Send(event, to))

    def take(self) -> list[Action]:
        """All actions so far; the box is empty afterwards."""
        actions, self._actions = self._actions, []
        return actions
