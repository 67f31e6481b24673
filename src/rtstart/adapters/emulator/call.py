"""One call: drives the session machine, times it, and serves its channels."""

import asyncio
import base64
import itertools
import json
from collections.abc import Callable, Sequence
from typing import Protocol, assert_never

import numpy as np

from rtstart.adapters.emulator.answers import Answerer
from rtstart.adapters.emulator.audio.samples import Samples, decoded
from rtstart.adapters.emulator.audio.voice import Voice
from rtstart.adapters.emulator.observers import Observer
from rtstart.adapters.emulator.troubles import CallTroubles
from rtstart.adapters.emulator.turns import Turns
from rtstart.core.realtime import actions, facts
from rtstart.core.realtime.messages import (
    BINARY_FRAME,
    AppendAudio,
    ClientEvent,
    Refused,
    parse,
)
from rtstart.core.realtime.session import SessionMachine
from rtstart.core.realtime.settings import BYTES_PER_MS, FormatName, SemanticVad
from rtstart.core.realtime.turns import Frame

_AT_ONCE_MS = 1000
"""How much sound is listened to before others get their turn: 3 ms of a core."""


class Channel(Protocol):
    """One connected client: the WebSocket, the data channel, or a sideband."""

    def send(self, text: str) -> None:
        """Send a text message; never blocks and never raises."""
        ...

    def close(self, code: int, reason: str) -> None:
        """Close after what was sent is out."""
        ...

    def drop(self) -> None:
        """Be gone, without a word to the other side."""
        ...


class Player(Protocol):
    """The media track on which answers are played (WebRTC)."""

    def play(self, response_id: str, samples: Samples) -> None:
        """Queue more sound of a response."""
        ...

    def end(self, response_id: str) -> None:
        """No more sound of this response will come."""
        ...

    def clear(self) -> tuple[tuple[str, int], ...]:
        """Drop what was not played; milliseconds played of each response dropped or playing."""
        ...


class Call:
    """A session with its channels, answers and timers. Ends by `hang_up` or by itself.

    `now` is Unix time in seconds. Everything happens on the event loop; nothing here blocks it.
    """

    def __init__(
        self,
        machine: SessionMachine,
        *,
        answerer: Answerer,
        troubles: CallTroubles,
        now: Callable[[], float],
        player: Player | None = None,
        observers: Sequence[Observer] = (),
    ) -> None:
        self.ended = asyncio.Event()
        self._observers = tuple(observers)
        self._machine = machine
        self._troubles = troubles
        self._now = now
        self._player = player
        self._channels: dict[int, Channel] = {}
        self._next_sideband = 1
        self._begun_at = 0.0
        self._fault_numbers = itertools.count()
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._voice: tuple[object, Voice] | None = None
        self._turns = Turns(
            answerer,
            session_id=machine.id,
            troubles=troubles,
            tell=self.step,
            hang_up=self.hang_up,
        )

    @property
    def id(self) -> str:
        """The session's id."""
        return self._machine.id

    @property
    def is_joined(self) -> bool:
        """Whether anybody is there to be told what happens."""
        return bool(self._channels)

    def join(self, channel: Channel, *, is_owner: bool) -> int:
        """Connect the call's own client or a sideband; it is told of the session.

        Gives the channel's number, for `receive` and `leave`.
        """
        number = 0
        if not is_owner:
            number = self._next_sideband
            self._next_sideband += 1
        self._channels[number] = channel
        self.step(facts.Joined(number))
        if is_owner:
            self._begun_at = asyncio.get_running_loop().time()
            self._troubles.begin(self, self._at)
        return number

    def _at(self, at_s: float, do: Callable[[], None]) -> None:
        """Do something so many seconds after the call began, or soon if that has passed."""
        loop = asyncio.get_running_loop()
        timer = f"fault {next(self._fault_numbers)}"
        self._timers[timer] = loop.call_at(self._begun_at + at_s, do)

    def leave(self, number: int) -> None:
        """A client is gone. Without its own one a call ends."""
        self._channels.pop(number, None)
        if number == 0:
            self.hang_up()

    def receive(self, text: str, number: int) -> None:
        """A client sent a text message."""
        event = self._parsed(text)
        if isinstance(event, AppendAudio):
            self._append(event, event.audio, number)
        else:
            self.step(facts.Received(event, number))

    async def receive_long(self, text: str, number: int) -> None:
        """The same for a message of any length: one with minutes of sound in it, listened to in
        one go, would keep every other call waiting for seconds.
        """
        event = self._parsed(text)
        if not isinstance(event, AppendAudio):
            self.step(facts.Received(event, number))
            return
        size = BYTES_PER_MS[self._machine.settings.input_format] * _AT_ONCE_MS
        if not self._machine.has_room(len(event.audio)):
            size = len(event.audio)
        for start in range(0, max(1, len(event.audio)), size):
            if start:
                await asyncio.sleep(0)
            self._append(event, event.audio[start : start + size], number)

    def _parsed(self, text: str) -> ClientEvent | Refused:
        event = parse(text)
        if self._observers and not isinstance(event, Refused):
            said = json.loads(text)
            for observer in self._observers:
                observer.client(said)
        return event

    def _append(self, event: AppendAudio, audio: bytes, number: int) -> None:
        if self._troubles.is_deaf:
            audio = bytes(len(audio))
        frames: tuple[Frame, ...] = ()
        if self._machine.is_listening and self._machine.has_room(len(audio)):
            frames = self._listen(audio, self._machine.settings.input_format)
        self.step(facts.Heard(audio, frames, event.event_id, number))

    def receive_binary(self, number: int) -> None:
        """A client sent a binary message, which the API does not take."""
        self.step(facts.Received(BINARY_FRAME, number))

    def hear(self, samples: Samples) -> None:
        """The media track brought sound at the emulator's rate."""
        for observer in self._observers:
            observer.heard(samples)
        if self._troubles.is_deaf:
            samples = np.zeros_like(samples)
        data = samples.astype("<i2").tobytes()
        frames = self._listen(data, "audio/pcm") if self._machine.is_listening else ()
        self.step(facts.Heard(data, frames))

    def _listen(self, data: bytes, format: FormatName) -> tuple[Frame, ...]:
        rule = self._machine.settings.turn_detection
        samples, rate_hz = decoded(data, format)
        if self._voice is None or self._voice[0] != (rule, rate_hz):
            voice = Voice(rate_hz, with_pitch=isinstance(rule, SemanticVad))
            self._voice = ((rule, rate_hz), voice)
        return self._voice[1].hear(samples)

    def step(self, fact: facts.Fact) -> None:
        """Tell the machine a fact and do what it asks."""
        for action in self._machine.step(fact, now=self._now()):
            self._do(action)

    def _do(self, action: actions.Action) -> None:
        match action:
            case actions.Send():
                self._send(action)
            case actions.Ask():
                self._turns.ask(action.question)
            case actions.Hush():
                self._turns.hush(action.response_id)
            case actions.Play():
                for observer in self._observers:
                    observer.played(action.response_id, action.audio)
                if self._player is not None:
                    samples, _ = decoded(action.audio, "audio/pcm")
                    if self._troubles.is_mute:
                        samples = np.zeros_like(samples)
                    self._player.play(action.response_id, samples)
            case actions.EndPlay():
                if self._player is not None:
                    self._player.end(action.response_id)
            case actions.StopPlaying():
                if self._player is not None:
                    self.step(facts.PlaybackCleared(self._player.clear()))
            case actions.Transcribe():
                self._turns.transcribe(action)
            case actions.Ring():
                self._unring(action.timer)
                loop = asyncio.get_running_loop()
                self._timers[action.timer] = loop.call_later(
                    action.after_s, self._ring, action.timer
                )
            case actions.Unring():
                self._unring(action.timer)
            case actions.Close():
                self._close(action.code, action.reason)
            case _:
                assert_never(action)

    def _send(self, action: actions.Send) -> None:
        event = action.event
        for observer in self._observers:
            observer.server(event)
        if self._troubles.is_mute and event["type"] == "response.output_audio.delta":
            event = {**event, "delta": _silenced(str(event["delta"]))}
        text = json.dumps(event, separators=(",", ":"))
        for number, channel in list(self._channels.items()):
            if action.to in (None, number):
                channel.send(text)

    def _ring(self, timer: str) -> None:
        self._timers.pop(timer, None)
        self.step(facts.Rang(timer))

    def _unring(self, timer: str) -> None:
        handle = self._timers.pop(timer, None)
        if handle is not None:
            handle.cancel()

    def hang_up(self) -> None:
        """End the call; channels are closed normally. Does nothing to a call that has ended."""
        if self._machine.is_closed:
            return
        for action in self._machine.close(1000, ""):
            self._do(action)

    def _close(self, code: int, reason: str) -> None:
        for timer in list(self._timers):
            self._unring(timer)
        for channel in self._channels.values():
            channel.close(code, reason)
        self._channels.clear()
        for observer in self._observers:
            observer.close()
        self._observers = ()
        self._troubles.end()
        self.ended.set()

    def drop(self) -> None:
        """The connection is gone without a goodbye, as when a network fails."""
        for channel in self._channels.values():
            channel.drop()
        self._channels.clear()
        self.hang_up()

    def expire(self) -> None:
        """The session ends as at its maximum length."""
        self.step(facts.Rang("end"))

    def say_raw(self, text: str) -> None:
        """A message goes to every channel as it is."""
        for channel in self._channels.values():
            channel.send(text)

    async def finish(self) -> None:
        """Hang up and wait until nothing of the call runs any more."""
        self.hang_up()
        await self._turns.finish()


def _silenced(delta: str) -> str:
    return base64.b64encode(bytes(len(base64.b64decode(delta)))).decode("ascii")
