"""What an emulator saw of a call, for assertions."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class SeenCall:
    """One call, ended or not: its events in order, as the client and the server sent them."""

    medium: str
    model: str
    events: tuple[tuple[str, Mapping[str, Any]], ...]

    def sent(self, type: str) -> list[Mapping[str, Any]]:
        """The events of a type that the client sent."""
        return [event for who, event in self.events if who == "client" and event["type"] == type]

    def received(self, type: str) -> list[Mapping[str, Any]]:
        """The events of a type that the client was sent."""
        return [event for who, event in self.events if who == "server" and event["type"] == type]

    @property
    def transcript(self) -> list[tuple[str, str]]:
        """Who said what, as far as it was written down: `user` and `assistant` with their words."""
        said: list[tuple[str, str]] = []
        for who, event in self.events:
            match who, event["type"]:
                case "client", "conversation.item.create":
                    item = event["item"]
                    if item.get("type") == "message":
                        words = " ".join(part.get("text", "") for part in item["content"])
                        said.append((item["role"], words))
                case "server", "conversation.item.input_audio_transcription.completed":
                    said.append(("user", event["transcript"]))
                case "server", "response.output_text.done":
                    said.append(("assistant", event["text"]))
                case "server", "response.output_audio_transcript.done":
                    said.append(("assistant", event["transcript"]))
                case _:
                    pass
        return said
