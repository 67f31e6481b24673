"""A Realtime session as a machine: facts go in, actions come out.

It has no clock, no chance and no sound card: `now` comes with each fact (Unix seconds), ids from
the outbox, speech decisions from outside. Events leave in the order that live captures show.
"""

from typing import assert_never

from rtstart.core.realtime import facts
from rtstart.core.realtime.actions import (
    Action,
    Close,
    Hush,
    Outbox,
    Ring,
    Send,
    Transcribe,
    Unring,
)
from rtstart.core.realtime.answering import Answering
from rtstart.core.realtime.conversation import Audio, Conversation, Message
from rtstart.core.realtime.items import ItemDesk
from rtstart.core.realtime.listening import Listening
from rtstart.core.realtime.messages import (
    CancelResponse,
    ClearAudio,
    ClearOutput,
    CommitAudio,
    CreateItem,
    CreateResponse,
    DeleteItem,
    Refused,
    Request,
    RetrieveItem,
    SessionUpdate,
    TruncateItem,
)
from rtstart.core.realtime.settings import FormatName, Settings
from rtstart.core.realtime.speaking import Medium
from rtstart.core.realtime.turns import Frame, TurnBegan, TurnEnded
from rtstart.core.realtime.updates import update_fault
from rtstart.core.realtime.wire import Fault, Fields, Ids, Json, as_list
from rtstart.core.realtime.writing import Transcripts

SESSION_S = 3600.0
"""How long a session may last (guides, 2026-11)."""

EXPIRED_CLOSE = 1001


class SessionMachine:
    """One session. After a `Close` it does nothing more.

    `medium` says where sound goes; `lasts_s` how long the session may last.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        medium: Medium,
        ids: Ids,
        now: float,
        lasts_s: float = SESSION_S,
    ) -> None:
        self.id = ids("sess")
        self.settings = settings
        self.conversation = Conversation(ids("conv"))
        self.is_closed = False
        self._lasts_s = lasts_s
        self._expires_at = int(now + lasts_s)
        self._box = Outbox(ids, now)
        self._items = ItemDesk(self.conversation, self._box)
        self._transcripts = Transcripts(self.conversation, self._box)
        self._medium = medium
        self._listening = Listening(settings, self._heard_format)
        self._answering = Answering(
            settings,
            conversation=self.conversation,
            items=self._items,
            medium=medium,
            box=self._box,
        )
        self._turn_item_id = ""

    @property
    def is_listening(self) -> bool:
        """Whether sound has to come with speech decisions."""
        return self.settings.turn_detection is not None

    def has_room(self, size_bytes: int) -> bool:
        """Whether the input buffer takes so much more sound."""
        return self._listening.has_room(size_bytes)

    @property
    def _heard_format(self) -> FormatName:
        """How sound comes in. Over WebRTC the formats of the session say nothing."""
        return "audio/pcm" if self._medium == "track" else self.settings.input_format

    def step(self, fact: facts.Fact, *, now: float) -> list[Action]:
        """Take one fact in; the actions are to be done at once, in this order."""
        if self.is_closed:
            return []
        self._box.now = now
        match fact:
            case facts.Joined():
                self._join(fact.channel)
            case facts.Received():
                self._receive(fact.event, fact.channel)
            case facts.Heard():
                self._hear(fact)
            case facts.Answered():
                self._answering.take_part(fact.response_id, fact.part)
            case facts.Transcribed():
                self._transcripts.take(fact, self.settings)
            case facts.NotTranscribed():
                self._transcripts.fail(fact)
            case facts.PlaybackStarted():
                self._box.send("output_audio_buffer.started", response_id=fact.response_id)
            case facts.PlaybackEnded():
                self._answering.playback_ended(fact.response_id)
            case facts.PlaybackCleared():
                self._answering.playback_cleared(dict(fact.played_ms))
            case facts.Rang():
                self._rang(fact.timer)
            case _:
                assert_never(fact)
        return self._box.take()

    def close(self, code: int, reason: str) -> list[Action]:
        """End the session from outside; running answers are stopped."""
        self._close(code, reason)
        return self._box.take()

    def _close(self, code: int, reason: str) -> None:
        for speaking in self._answering.running:
            self._box.put(Hush(speaking.id))
        self._box.put(Close(code, reason))
        self.is_closed = True

    def _join(self, channel: int) -> None:
        event: dict[str, Json] = {
            "type": "session.created",
            "event_id": self._box.ids("event"),
            "session": self._session_wire(),
        }
        self._box.put(Send(event, channel))
        if channel == 0:
            self._box.put(Ring("end", self._lasts_s))
            self._items.list_mcp(self.settings.tools)

    def _session_wire(self) -> dict[str, Json]:
        return self.settings.wire(session_id=self.id, expires_at=self._expires_at)

    def _rang(self, timer: str) -> None:
        if timer == "end":
            words = f"Your session hit the maximum duration of {_in_words(self._lasts_s)}."
            self._box.refuse(Fault("session_expired", words), None, None)
            self._close(EXPIRED_CLOSE, words)
        elif timer == "idle":
            self._nobody_speaks()
        else:
            self._box.send("rate_limits.updated", rate_limits=[self._answering.limit_wire()])

    def _receive(self, event: Request | Refused, channel: int) -> None:
        fault = event.fault if isinstance(event, Refused) else self._obey(event)
        if fault is not None:
            self._box.refuse(fault, event.event_id, channel)

    def _obey(self, event: Request) -> Fault | None:
        match event:
            case SessionUpdate():
                return self._update(event.session)
            case CommitAudio():
                return self._commit()
            case ClearAudio():
                self._listening.clear()
                self._box.send("input_audio_buffer.cleared")
                return None
            case CreateItem():
                return self._items.create(event, self.settings.input_format)
            case RetrieveItem():
                return self._items.retrieve(event.item_id)
            case TruncateItem():
                return self._answering.truncate(event)
            case DeleteItem():
                return self._items.delete(event.item_id)
            case CreateResponse():
                self._items.list_mcp(as_list(event.response.get("tools", ())))
                return self._answering.create(event.response)
            case CancelResponse():
                return self._answering.cancel(event.response_id)
            case ClearOutput():
                return self._answering.clear_output()
            case _:
                assert_never(event)

    def _update(self, session: Fields) -> Fault | None:
        fault = update_fault(self.settings, session, has_spoken=self._answering.has_spoken)
        if fault is not None:
            return fault
        self.settings = self.settings.updated(session)
        self._listening.adapt(self.settings, self._heard_format)
        self._answering.settings = self.settings
        self._box.put(Unring("idle"))
        self._box.send("session.updated", session=self._session_wire())
        self._items.list_mcp(self.settings.tools)
        return None

    # What the user says

    def _hear(self, fact: facts.Heard) -> None:
        fault = self._take_in(fact.audio, fact.frames)
        if fault is not None:
            self._box.refuse(fault, fact.event_id, fact.channel)

    def _take_in(self, audio: bytes, frames: tuple[Frame, ...]) -> Fault | None:
        fault = self._listening.append(audio)
        if fault is not None:
            return fault
        for news in self._listening.turns(frames):
            match news:
                case TurnBegan():
                    self._turn_began(news)
                case TurnEnded():
                    self._turn_ended(news)
                case _:
                    assert_never(news)
        return None

    def _turn_began(self, news: TurnBegan) -> None:
        self._turn_item_id = self._box.ids("item")
        self._box.put(Unring("idle"))
        self._box.send(
            "input_audio_buffer.speech_started",
            audio_start_ms=news.audio_start_ms,
            item_id=self._turn_item_id,
        )
        rule = self.settings.turn_detection
        if rule is not None and rule.interrupt_response:
            self._answering.interrupt("turn_detected")

    def _turn_ended(self, news: TurnEnded) -> None:
        item_id = self._turn_item_id
        self._box.send(
            "input_audio_buffer.speech_stopped", audio_end_ms=news.audio_end_ms, item_id=item_id
        )
        self._commit_sound(self._listening.take_turn(news), item_id)
        rule = self.settings.turn_detection
        if rule is not None and rule.create_response and self.settings.type == "realtime":
            self._answering.begin("turn")

    def _commit(self) -> Fault | None:
        item_id = self._turn_item_id if self._listening.is_speaking else self._box.ids("item")
        sound = self._listening.commit()
        if isinstance(sound, Fault):
            return sound
        self._commit_sound(sound, item_id)
        return None

    def _nobody_speaks(self) -> None:
        if self._answering.active is not None or self._listening.is_speaking:
            return
        end_ms = self._listening.time_ms
        item_id = self._box.ids("item")
        self._box.send(
            "input_audio_buffer.timeout_triggered",
            audio_start_ms=end_ms - round(self._listening.length_ms),
            audio_end_ms=end_ms,
            item_id=item_id,
        )
        self._commit_sound(self._listening.take_silence(), item_id)
        self._answering.begin("idle")

    def _commit_sound(self, sound: bytes, item_id: str) -> None:
        heard = Audio.of(sound, self._heard_format, None)
        item = Message(item_id, "user", (heard,))
        self._box.send(
            "input_audio_buffer.committed",
            previous_item_id=self.conversation.last_id,
            item_id=item_id,
        )
        self.conversation.add(item)
        self._items.announce(item)
        request = self.settings.transcription
        if request is not None:
            self._box.put(Transcribe(item_id, heard, request))


def _in_words(seconds: float) -> str:
    minutes = seconds / 60
    return f"{minutes:g} minutes" if minutes.is_integer() else f"{seconds:g} seconds"
