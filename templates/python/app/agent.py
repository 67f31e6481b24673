"""A conversation with the model over a WebSocket that this server holds itself.

Whoever talks (a page, a file, a telephone) gives messages of the Realtime API and is shown those
that come back. The agent begins the session, runs the server's tools, and keeps to itself what
belongs to the server.

Source of the messages: OpenAI's API reference, events of `/v1/realtime`, as of November 2026.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from openai import AsyncOpenAI
from openai.resources.realtime.realtime import AsyncRealtimeConnection

from app.assistant import session_for
from app.settings import Settings
from app.toolbox import Toolbox

Event = dict[str, Any]  # JSON of the API: the one place where untyped data enters
Show = Callable[[str], Awaitable[None]]

_ASK_ID = "server_asks"
# What a page may say; anything else is left out.
_SAYABLE = frozenset(
    {
        "conversation.item.create",
        "conversation.item.truncate",
        "input_audio_buffer.append",
        "input_audio_buffer.clear",
        "input_audio_buffer.commit",
        "response.cancel",
        "response.create",
        "session.update",
    }
)


@asynccontextmanager
async def connected(
    client: AsyncOpenAI, settings: Settings, toolbox: Toolbox, *, visitor: str, show: Show
) -> AsyncIterator["Agent"]:
    """An agent whose session has begun. `show` is given each message, as JSON text."""
    headers = {"OpenAI-Safety-Identifier": visitor}
    async with client.realtime.connect(
        model=settings.model,
        extra_headers=headers,
    ) as connection:
        await connection.session.update(
            session=session_for(settings.model, settings.voice, toolbox.definitions())
        )
        agent = Agent(connection, toolbox, show)
        try:
            yield agent
        finally:
            await agent.close()


class Agent:
    """The server's side of one session."""

    def __init__(self, connection: AsyncRealtimeConnection, toolbox: Toolbox, show: Show) -> None:
        self._connection = connection
        self._toolbox = toolbox
        self._show = show
        self._tasks: set[asyncio.Task[None]] = set()
        # Outputs of the server's tools by call, from when they begin until they were told.
        self._outputs: dict[str, asyncio.Task[str]] = {}
        self._own_calls: set[str] = set()
        self._answering = False
        self._hearing = False
        # An answer is due when the one that is being given is over.
        self._owes_answer = False
        # Whoever talks asked for an answer while tools were still at work.
        self._waiting: Event | None = None
        self._telling = 0

    @property
    def is_idle(self) -> bool:
        """Whether nothing is under way: no answer, no tool, and none that is due."""
        busy = self._answering or self._owes_answer or self._telling or self._waiting
        return not busy and not self._outputs

    async def listen(self) -> None:
        """Show what comes, until the connection ends.

        Raises ConnectionClosed of `websockets` with the API's code and reason.
        """
        while True:
            text = (await self._connection.recv_bytes()).decode()
            event: Event = json.loads(text)
            shown = self._seen(event)
            if shown is not None:
                await self._show(text if shown is event else json.dumps(shown))

    async def say(self, event: Event) -> None:
        """Say this to the model, if it is something that may be said."""
        if event.get("type") not in _SAYABLE:
            return
        if event["type"] == "session.update":
            event = {**event, "session": _changeable(event.get("session"))}
        elif event["type"] == "conversation.item.create":
            item = event.get("item")
            if isinstance(item, dict) and self._is_ours(item):
                return
        elif event["type"] == "response.create" and (self._outputs or self._telling):
            # All outputs first, then one request.
            self._waiting = event
            return
        await self._connection.send_raw(json.dumps(event))

    async def close(self) -> None:
        """End the tools that still run."""
        for task in [*self._tasks, *self._outputs.values()]:
            task.cancel()
        await asyncio.gather(*self._tasks, *self._outputs.values(), return_exceptions=True)

    def _seen(self, event: Event) -> Event | None:
        """Take note of a message; what is shown of it, or None."""
        match event.get("type"):
            case "input_audio_buffer.speech_started":
                self._hearing = True
            case "input_audio_buffer.speech_stopped":
                self._hearing = False
            case "response.created":
                self._answering = True
            case "response.output_item.done" if self._is_ours_to_run(event["item"]):
                self._begin(event["item"])
                return None
            case "response.done":
                return self._answered(event)
            case "error" if _has_crossed(event["error"]):
                # Turn detection was quicker, and its answer may not know the outputs.
                self._owes_answer = True
                return None
        return event

    def _is_ours_to_run(self, item: Mapping[str, Any]) -> bool:
        is_call = item.get("type") == "function_call" and item.get("status") != "incomplete"
        return is_call and self._toolbox.has(item.get("name", ""))

    def _is_ours(self, item: Mapping[str, Any]) -> bool:
        is_output = item.get("type") == "function_call_output"
        return is_output and item.get("call_id") in self._own_calls

    def _begin(self, item: Mapping[str, Any]) -> None:
        """Run a tool; begun at once, told only when the answer is over."""
        call_id = item["call_id"]
        if call_id not in self._own_calls:
            self._own_calls.add(call_id)
            self._outputs[call_id] = asyncio.create_task(self._run(item))

    async def _run(self, item: Mapping[str, Any]) -> str:
        began = time.monotonic()
        call: Event = {
            "callId": item["call_id"],
            "name": item["name"],
            "given": item["arguments"],
        }

        async def tell(state: str, output: str) -> None:
            took_ms = round((time.monotonic() - began) * 1000)
            news = {**call, "state": state, "output": output, "tookMs": took_ms}
            await self._show(json.dumps({"type": "server.tool", "call": news}))

        await tell("running", "")
        done, output = await self._toolbox.run(item["name"], item["arguments"])
        await tell("done" if done else "failed", output)
        return output

    def _answered(self, event: Event) -> Event:
        """The end of an answer: what tools found is told, and the rest of it is shown."""
        self._answering = False
        response = event["response"]
        calls = [item for item in response.get("output") or [] if self._is_ours_to_run(item)]
        others = [item for item in response.get("output") or [] if item not in calls]
        for item in calls:
            self._begin(item)
        if calls:
            theirs = any(item.get("type") == "function_call" for item in others)
            asks = response.get("status") == "completed" and not theirs
            self._telling += 1
            task = asyncio.create_task(self._tell(calls, asks=asks))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            return {**event, "response": {**response, "output": others}}
        if self._owes_answer:
            task = asyncio.create_task(self._ask())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return event

    async def _tell(self, calls: list[Event], *, asks: bool) -> None:
        """All outputs of one answer first, then one request for the next."""
        try:
            for item in calls:
                call_id = item["call_id"]
                output = await self._outputs[call_id]
                message = {"type": "function_call_output", "call_id": call_id, "output": output}
                event = {"type": "conversation.item.create", "item": message}
                await self._connection.send_raw(json.dumps(event))
                del self._outputs[call_id]
        finally:
            self._telling -= 1
        if self._waiting is not None and not self._outputs:
            event, self._waiting = self._waiting, None
            await self._connection.send_raw(json.dumps(event))
        elif asks:
            await self._ask()

    async def _ask(self) -> None:
        # Whoever is speaking now gets an answer anyway, and it will know the outputs.
        self._owes_answer = self._answering
        if not self._answering and not self._hearing:
            self._answering = True
            ask = {"type": "response.create", "event_id": _ASK_ID}
            await self._connection.send_raw(json.dumps(ask))


def _has_crossed(error: Mapping[str, Any]) -> bool:
    """Whether an answer that the server asked for was refused because another had begun."""
    code = "conversation_already_has_active_response"
    return error.get("event_id") == _ASK_ID and error.get("code") == code


def _changeable(session: object) -> Event:
    """What of a session whoever talks may change; model and tools are the server's."""
    given = session if isinstance(session, dict) else {}
    audio = given.get("audio")
    return {"type": "realtime"} | {
        name: value
        for name, value in (("instructions", given.get("instructions")), ("audio", audio))
        if value is not None
    }
