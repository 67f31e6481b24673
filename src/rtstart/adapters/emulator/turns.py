"""Answers and transcriptions as they are made: asked for, paced, stopped."""

import asyncio
import logging
from collections.abc import Callable, Coroutine

from rtstart.adapters.emulator.answers import Answerer
from rtstart.adapters.emulator.refusals import NO_QUOTA
from rtstart.adapters.emulator.troubles import CallTroubles
from rtstart.core.realtime import facts
from rtstart.core.realtime.actions import Transcribe
from rtstart.core.realtime.answers import Complete, Failure, Question, Sound
from rtstart.core.realtime.conversation import FunctionOutput
from rtstart.core.realtime.scenario import HangUp
from rtstart.core.realtime.settings import BYTES_PER_MS

_log = logging.getLogger(__name__)

CHUNK_MS = 200
"""Sound leaves in pieces of this length; the first one at once."""

GENERATION_SPEED = 4.0
"""How much faster than real time answers are made. The real service is faster than real time too;
by how much differs (docs/emulator-facts.md)."""


class Turns:
    """Makes the answers of one call; `tell` takes their parts, `hang_up` ends the call."""

    def __init__(
        self,
        answerer: Answerer,
        *,
        session_id: str,
        troubles: CallTroubles,
        tell: Callable[[facts.Fact], None],
        hang_up: Callable[[], None],
    ) -> None:
        self._answerer = answerer
        self._session_id = session_id
        self._troubles = troubles
        self._tell = tell
        self._hang_up = hang_up
        self._answers: dict[str, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def ask(self, question: Question) -> None:
        """Begin to answer."""
        self._answers[question.response_id] = self._spawn(self._answer(question))

    def hush(self, response_id: str) -> None:
        """Stop answering; nothing more comes of this answer."""
        task = self._answers.pop(response_id, None)
        if task is not None:
            task.cancel()

    def transcribe(self, wanted: Transcribe) -> None:
        """Begin to write down what was said."""
        _ = self._spawn(self._transcribe(wanted))

    async def finish(self) -> None:
        """Stop everything and wait until nothing runs any more."""
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
        last = question.history[-1] if question.history else None
        trouble = self._troubles.answer(after_tool=isinstance(last, FunctionOutput))
        try:
            await asyncio.sleep(trouble.delay_s)
            if trouble.fault is not None:
                failure = QUOTA_USED_UP if trouble.fault == "no-quota" else self._server_error()
                self._tell(facts.Answered(response_id, failure))
                return
            await self._say(question)
        except Exception:  # noqa: BLE001 - a plug-in: its bug fails the answer, not the call
            _log.exception("an answer failed")
            self._tell(facts.Answered(response_id, self._server_error()))
        else:
            self._tell(facts.Answered(response_id, Complete()))
        finally:
            self._answers.pop(response_id, None)

    async def _say(self, question: Question) -> None:
        pace = _Pace()
        rate = BYTES_PER_MS[question.format]
        async for part in self._answerer.answer(question):
            match part:
                case HangUp():
                    self._hang_up()
                    return
                case Sound():
                    for start in range(0, len(part.audio), rate * CHUNK_MS):
                        chunk = part.audio[start : start + rate * CHUNK_MS]
                        await pace.wait()
                        self._tell(facts.Answered(question.response_id, Sound(chunk)))
                        pace.made(len(chunk) / rate)
                case _:
                    self._tell(facts.Answered(question.response_id, part))

    async def _transcribe(self, wanted: Transcribe) -> None:
        words: list[str] = []
        item_id = wanted.item_id
        try:
            async for piece in self._answerer.transcribe(item_id, wanted.audio, wanted.request):
                words.append(piece)
                self._tell(facts.Transcribed(item_id, piece, is_whole=False))
        except Exception:  # noqa: BLE001 - as above
            _log.exception("a transcription failed")
            message = self._server_error().message
            self._tell(facts.NotTranscribed(item_id, "transcription_failed", message))
        else:
            self._tell(facts.Transcribed(item_id, "".join(words), is_whole=True))

    def _server_error(self) -> Failure:
        return Failure(
            "server_error",
            None,
            "The server had an error while processing your request. Sorry about that! You can "
            "retry your request, or contact us through our help center at help.openai.com if the "
            f"error persists. (Please include the session ID {self._session_id} in your message.)",
        )


QUOTA_USED_UP = Failure(NO_QUOTA.type, NO_QUOTA.code, NO_QUOTA.message)
"""How an answer ends when there is no credit; the connection itself looks fine then."""


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
