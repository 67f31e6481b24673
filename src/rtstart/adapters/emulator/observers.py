"""Those who watch calls: what they are told, and the one that remembers for tests."""

from collections.abc import Mapping
from typing import Any, Protocol, cast

from rtstart.adapters.emulator.audio.samples import Samples
from rtstart.core.realtime.seen import SeenCall
from rtstart.core.realtime.speaking import Medium
from rtstart.core.realtime.wire import Fields


class Observer(Protocol):
    """Is told what happens in one call, in order. Must not block and must not raise."""

    def client(self, event: Fields) -> None:
        """A client sent an event."""
        ...

    def server(self, event: Fields) -> None:
        """The server sent an event."""
        ...

    def heard(self, samples: Samples) -> None:
        """The media track brought sound."""
        ...

    def played(self, response_id: str, audio: bytes) -> None:
        """Sound of an answer was given to the media track (PCM at the emulator's rate)."""
        ...

    def close(self) -> None:
        """The call is over."""
        ...


class Memory:
    """Remembers the events of one call; their sound only by its length in base64."""

    def __init__(self, medium: Medium, model: str) -> None:
        self._medium = medium
        self._model = model
        self._events: list[tuple[str, Mapping[str, Any]]] = []

    def client(self, event: Fields) -> None:
        """A client sent an event."""
        self._events.append(("client", _without_sound(event, "audio")))

    def server(self, event: Fields) -> None:
        """The server sent an event."""
        is_sound = event["type"] == "response.output_audio.delta"
        self._events.append(("server", _without_sound(event, "delta") if is_sound else event))

    def heard(self, samples: Samples) -> None:
        """Sound is not remembered."""

    def played(self, response_id: str, audio: bytes) -> None:
        """Sound is not remembered."""

    def close(self) -> None:
        """What was seen stays."""

    def seen(self) -> SeenCall:
        """The call so far."""
        return SeenCall(self._medium, self._model, tuple(self._events))


def _without_sound(event: Fields, key: str) -> Mapping[str, Any]:
    sound = event.get(key)
    if not isinstance(sound, str):
        return cast("Mapping[str, Any]", event)
    return {**event, key: f"<{len(sound)} characters of base64>"}
