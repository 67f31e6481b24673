"""One call: drives the session machine, times it, paces the answers, and serves its channels."""

import asyncio
import json
import logging
from collections.abc import Callable, Coroutine
from typing import Protocol, assert_never

from rtstart.adapters.emulator.answers import Answerer
from rtstart.adapters.emulator.audio.samples import Samples, decoded
from rtstart.adapters.emulator.audio.voice import Voice
from rtstart.core.realtime import actions, facts
from rtstart.core.realtime.answers import Complete, Failure, Question, Sound
from rtstart.core.realtime.messages import BINARY_FRAME, AppendAudio, parse
from rtstart.core.realtime.session import SessionMachine
from rtstart.core.realtime.settings import BYTES_PER_MS, FormatName, SemanticVad
from rtstart.core.realtime.turns import Frame

_log = logging.getLogger(__name__)

CHUNK_MS = 200
"""Sound leaves in pieces of this length; the first one at once."""

GENERATION_SPEED = 4.0
"""How much faster than real time answers are made. The real service is faster than real time too;
by how much differs (see `unconfirmed`)."""


class Channel(Protocol):
    """One connected client: the WebSocket, the data channel, or a sideband."""

    def send(self, text: str) -> None:
        """Send a text message; never blocks and never raises."""
        ...

    def close(self, code: int, reason: str) -> None:
        """Close after what was sent is out."""
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
        now: Callable[[], float],
        player: Player | None = None,
    ) -> None:
        self.ended = asyncio.Event()
        self._machine = machine
        self._answerer = answerer
        self._now = now
        self._player = player
        self._channels: dict[int, Channel] = {}
        self._next_sideband = 1
        self._answers: dict[str, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._voice: tuple[object, Voice] | None = None

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
        return number

    def leave(self, number: int) -> None:
        """A client is gone. Without its own one a call ends."""
        self._channels.pop(number, None)
        if number == 0:
            self.hang_up()

    def receive(self, text: str, number: int) -> None:
        """A client sent a text message."""
        event = parse(text)
        if not isinstance(event, AppendAudio):
            self.step(facts.Received(event, number))
            return
        frames: tuple[Frame, ...] = ()
        if self._machine.is_listening:
            format = self._machine.settings.input_format
            frames = self._listen(event.audio, format)
        self.step(facts.Heard(event.audio, frames, event.event_id, number))

    def receive_binary(self, number: int) -> None:
        """A client sent a binary message, which the API does not take."""
        self.step(facts.Received(BINARY_FRAME, number))

    def hear(self, samples: Samples) -> None:
        """The media track brought sound at the emulator's rate."""
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
                answering = self._spawn(self._answer(action.question))
                self._answers[action.question.response_id] = answering
            case actions.Hush():
                task = self._answers.pop(action.response_id, None)
                if task is not None:
                    task.cancel()
            case actions.Play():
                if self._player is not None:
                    samples, _ = decoded(action.audio, "audio/pcm")
                    self._player.play(action.response_id, samples)
            case actions.EndPlay():
                if self._player is not None:
                    self._player.end(action.response_id)
            case actions.StopPlaying():
                if self._player is not None:
                    self.step(facts.PlaybackCleared(self._player.clear()))
            case actions.Transcribe():
                _ = self._spawn(self._transcribe(action))
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
        text = json.dumps(action.event, separators=(",", ":"))
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
        self.ended.set()

    async def finish(self) -> None:
        """Hang up and wait until nothing of the call runs any more."""
        self.hang_up()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _spawn(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _answer(self, question: Question) -> None:
        response_id = question.response_id
        pace = _Pace()
        try:
            async for part in self._answerer.answer(question):
                if not isinstance(part, Sound):
                    self.step(facts.Answered(response_id, part))
                    continue
                rate = BYTES_PER_MS[question.format]
                for start in range(0, len(part.audio), rate * CHUNK_MS):
                    chunk = part.audio[start : start + rate * CHUNK_MS]
                    await pace.wait()
                    self.step(facts.Answered(response_id, Sound(chunk)))
                    pace.made(len(chunk) / rate)
        except Exception:  # noqa: BLE001 - a plug-in: its bug fails the answer, not the call
            _log.exception("an answer failed")
            self.step(facts.Answered(response_id, _server_error(self.id)))
        else:
            self.step(facts.Answered(response_id, Complete()))
        finally:
            self._answers.pop(response_id, None)

    async def _transcribe(self, wanted: actions.Transcribe) -> None:
        words: list[str] = []
        try:
            async for piece in self._answerer.transcribe(wanted.audio, wanted.request):
                words.append(piece)
                self.step(facts.Transcribed(wanted.item_id, piece, is_whole=False))
        except Exception:  # noqa: BLE001 - as above
            _log.exception("a transcription failed")
            message = _server_error(self.id).message
            self.step(facts.NotTranscribed(wanted.item_id, "transcription_failed", message))
        else:
            self.step(facts.Transcribed(wanted.item_id, "".join(words), is_whole=True))


def _server_error(session_id: str) -> Failure:
    return Failure(
        "server_error",
        None,
        "The server had an error while processing your request. Sorry about that! You can retry "
        "your request, or contact us through our help center at help.openai.com if the error "
        f"persists. (Please include the session ID {session_id} in your message.)",
    )


class _Pace:
    """Lets sound out a fixed number of times faster than it sounds."""

    def __init__(self) -> None:
        self._begun_at: float | None = None
        self._made_s = 0.0

    async def wait(self) -> None:
        """Wait until the next piece would have been made."""
        now = asyncio.get_running_loop().time()
        if self._begun_at is None:
            self._begun_at = now
        ahead_s = self._made_s / GENERATION_SPEED - (now - self._begun_at)
        if ahead_s > 0:
            await asyncio.sleep(ahead_s)

    def made(self, duration_ms: float) -> None:
        """A piece of this length is out."""
        self._made_s += duration_ms / 1000
