"""Who speaks: responses running and played, how they are asked for, stopped and interrupted."""

from collections.abc import Mapping
from typing import assert_never

from rtstart.core.realtime.actions import Ask, Hush, Outbox, Ring, StopPlaying, Unring
from rtstart.core.realtime.answers import (
    Call,
    Cause,
    Complete,
    Failure,
    Part,
    Question,
    Sound,
    Words,
)
from rtstart.core.realtime.conversation import Conversation, Item, McpTools, item_of
from rtstart.core.realtime.items import ItemDesk, no_such_item, spoken_part
from rtstart.core.realtime.messages import TruncateItem
from rtstart.core.realtime.settings import (
    FormatName,
    ServerVad,
    Settings,
    modalities_fault,
    response_settings,
)
from rtstart.core.realtime.speaking import Medium, Speaking
from rtstart.core.realtime.updates import voice_fault
from rtstart.core.realtime.wire import Fault, Fields, Json, as_fields, as_list, as_text

RATE_LIMITS_DELAY_S = 0.04
"""How long after `response.done` the limits come (captured 2026-09-18)."""

TOKENS_A_MINUTE = 40_000


class Answering:
    """The responses of one session: at most one in the conversation, others out of band.

    `settings` are the session's own and are kept up to date from outside.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        conversation: Conversation,
        items: ItemDesk,
        medium: Medium,
        box: Outbox,
    ) -> None:
        self.settings = settings
        self.has_spoken = False
        self.active: Speaking | None = None
        self._conversation = conversation
        self._items = items
        self._medium = medium
        self._box = box
        self._aside: dict[str, Speaking] = {}
        self._playing: dict[str, str] = {}
        self._stop_reason: str | None = None
        self._tokens_left: float = TOKENS_A_MINUTE
        self._counted_at = box.now

    @property
    def running(self) -> list[Speaking]:
        """All responses that are not done."""
        active = [] if self.active is None else [self.active]
        return [*active, *self._aside.values()]

    def limit_wire(self) -> dict[str, Json]:
        """The one entry of `rate_limits.updated`."""
        used = TOKENS_A_MINUTE - self._tokens_left
        return {
            "name": "tokens",
            "limit": TOKENS_A_MINUTE,
            "remaining": int(self._tokens_left),
            "reset_seconds": round(used * 60 / TOKENS_A_MINUTE, 3),
        }

    def create(self, parameters: Fields) -> Fault | None:
        """Answer as a client asked."""
        if self.settings.type == "transcription":
            words = "A transcription session creates no responses."
            return Fault("invalid_value", words, "type")
        is_aside = parameters.get("conversation") == "none"
        if not is_aside and self.active is not None:
            words = (
                "Conversation already has an active response in progress: "
                f"{self.active.id}. Wait until the response is finished before creating a new "
                "one."
            )
            return Fault("conversation_already_has_active_response", words)
        fault = modalities_fault(parameters, "response") or self._voice_fault(parameters)
        if fault is not None:
            return fault
        history = self._input(parameters)
        if isinstance(history, Fault):
            return history
        settings = response_settings(self.settings, parameters)
        self._respond(
            settings, history, cause="client", metadata=parameters.get("metadata"), aside=is_aside
        )
        return None

    @property
    def _said(self) -> tuple[Item, ...]:
        """What an answer is an answer to."""
        return tuple(i for i in self._conversation.items if not isinstance(i, McpTools))

    def _voice_fault(self, parameters: Fields) -> Fault | None:
        spoken = as_fields(as_fields(parameters.get("audio", {})).get("output", {}))
        return voice_fault(self.settings, spoken, has_spoken=self.has_spoken)

    def _input(self, parameters: Fields) -> tuple[Item, ...] | Fault:
        if "input" not in parameters:
            return self._said
        items: list[Item] = []
        for given in as_list(parameters["input"]):
            fields = as_fields(given)
            if fields["type"] == "item_reference":
                item = self._conversation.find(as_text(fields.get("id", "")))
                if item is None:
                    return no_such_item("retrieve", as_text(fields.get("id", "")))
                items.append(item)
                continue
            made = item_of(
                fields,
                item_id=self._box.ids("item"),
                call_id=self._box.ids("call"),
                format=self.settings.input_format,
            )
            if isinstance(made, Fault):
                return made
            items.append(made)
        return tuple(items)

    def begin(self, cause: Cause) -> None:
        """Answer without being asked; while another answer runs, there is none."""
        if self.active is None:
            self._respond(self.settings, self._said, cause=cause, metadata=None, aside=False)

    def _respond(
        self,
        settings: Settings,
        history: tuple[Item, ...],
        *,
        cause: Cause,
        metadata: Json,
        aside: bool,
    ) -> None:
        format: FormatName = "audio/pcm" if self._medium == "track" else settings.output_format
        question = Question(self._box.ids("resp"), settings, history, cause, format)
        speaking = Speaking(
            question,
            conversation=None if aside else self._conversation,
            metadata=metadata,
            medium=self._medium,
            outbox=self._box,
        )
        if aside:
            self._aside[speaking.id] = speaking
        else:
            self.active = speaking
            self._box.put(Unring("idle"))
        self._box.put(Ask(question))

    def _find(self, response_id: str) -> Speaking | None:
        if self.active is not None and self.active.id == response_id:
            return self.active
        return self._aside.get(response_id)

    def take_part(self, response_id: str, part: Part) -> None:
        """More of an answer has come; parts of an answer that is over are dropped."""
        speaking = self._find(response_id)
        if speaking is None:
            return
        match part:
            case Words():
                speaking.words(part.text)
            case Sound():
                self.has_spoken = True
                speaking.sound(part.audio, now=self._box.now)
                if speaking.sounding_item_id is not None:
                    self._playing[speaking.id] = speaking.sounding_item_id
            case Call():
                speaking.call(part.name, part.arguments)
            case Complete():
                speaking.complete()
                self._ended(speaking)
                return
            case Failure():
                speaking.fail(part)
                self._ended(speaking)
                return
            case _:
                assert_never(part)
        if speaking.is_over_limit:
            self._box.put(Hush(speaking.id))
            speaking.stop_at_limit()
            self._ended(speaking)

    def _ended(self, speaking: Speaking) -> None:
        if speaking is self.active:
            self.active = None
        else:
            del self._aside[speaking.id]
        regained = (self._box.now - self._counted_at) * TOKENS_A_MINUTE / 60
        self._counted_at = self._box.now
        self._tokens_left = min(TOKENS_A_MINUTE, self._tokens_left + regained)
        self._tokens_left = max(0, self._tokens_left - speaking.tokens)
        self._box.put(Ring(f"rate_limits:{speaking.id}", RATE_LIMITS_DELAY_S))
        if self._medium == "socket" and speaking.first_sound_at is not None:
            heard_s = self._box.now - speaking.first_sound_at
            self._await_idle(max(0.0, speaking.spoken_ms / 1000 - heard_s))
        elif speaking.id not in self._playing:
            self._await_idle(0.0)

    def cancel(self, response_id: str | None) -> Fault | None:
        """Stop a response as a client asked."""
        speaking = self.active if response_id is None else self._find(response_id)
        if speaking is None:
            words = "Cancellation failed: no active response found"
            return Fault("response_cancel_not_active", words)
        self._stop(speaking, "client_cancelled")
        return None

    def _stop(self, speaking: Speaking, reason: str) -> None:
        self._box.put(Hush(speaking.id))
        speaking.cancel(reason)
        self._ended(speaking)

    def truncate(self, event: TruncateItem) -> Fault | None:
        """Forget what a client says was not heard of an answer."""
        item = self._conversation.find(event.item_id)
        if item is None:
            return no_such_item("truncate", event.item_id)
        active = self.active
        is_running = active is not None and active.is_saying(item.id)
        if active is not None and is_running:
            duration_ms = active.said_ms
        else:
            sound = spoken_part(item)
            if sound is None:
                return Fault(None, "Only model output audio messages can be truncated")
            duration_ms = sound.duration_ms
        if event.content_index != 0:
            words = f"Error truncating item: it has no content at index {event.content_index}."
            return Fault("invalid_value", words, "content_index")
        if event.audio_end_ms > duration_ms:
            words = (
                f"Audio content of {duration_ms}ms is already shorter than {event.audio_end_ms}ms"
            )
            return Fault("invalid_value", words, "audio_end_ms")
        if active is not None and is_running:
            active.truncate(event.audio_end_ms)
        self._items.drop_unheard(item, event.audio_end_ms)
        return None

    def interrupt(self, reason: str) -> None:
        """Stop what is being said or played, because the user speaks."""
        if self._playing:
            self._stop_reason = reason
            self._box.put(StopPlaying())
        elif self.active is not None:
            self._stop(self.active, reason)

    def clear_output(self) -> Fault | None:
        """Stop playing as a client asked; generation goes on unless it was cancelled."""
        if self._medium == "socket":
            words = "output_audio_buffer.clear is for WebRTC and SIP only."
            return Fault("invalid_value", words, "type")
        if self._playing:
            self._box.put(StopPlaying())
        return None

    def playback_cleared(self, played_ms: Mapping[str, int]) -> None:
        """Cleared, truncated, done: in this order, so that a client silences itself first."""
        reason, self._stop_reason = self._stop_reason, None
        playing, self._playing = self._playing, {}
        for response_id in playing:
            self._box.send("output_audio_buffer.cleared", response_id=response_id)
        active = self.active
        if active is not None and reason is not None:
            self._box.put(Hush(active.id))
            if active.id in playing:
                active.truncate(played_ms.get(active.id, 0))
                active.close_items()
        for response_id, item_id in playing.items():
            item = self._conversation.find(item_id)
            if item is not None:
                self._items.drop_unheard(item, played_ms.get(response_id, 0))
        if active is not None and reason is not None:
            active.cancel(reason)
            self._ended(active)

    def playback_ended(self, response_id: str) -> None:
        """The last of a response was played."""
        if self._playing.pop(response_id, None) is not None:
            self._box.send("output_audio_buffer.stopped", response_id=response_id)
            if not self._playing and self.active is None:
                self._await_idle(0.0)

    def _await_idle(self, playing_s: float) -> None:
        rule = self.settings.turn_detection
        if isinstance(rule, ServerVad) and rule.idle_timeout_ms is not None:
            self._box.put(Ring("idle", playing_s + rule.idle_timeout_ms / 1000))
