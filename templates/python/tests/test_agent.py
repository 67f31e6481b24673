"""The server's side of a session, message by message."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any, cast

import pytest
from openai.resources.realtime.realtime import AsyncRealtimeConnection

from app.agent import Agent
from app.toolbox import Toolbox, tool

pytestmark = pytest.mark.anyio

CALL = {"type": "function_call", "call_id": "c1", "name": "look", "arguments": "{}"}


async def look() -> str:
    """Looks."""
    return "seen"


class Api:
    """The other end of the agent's connection; what it was told is kept."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []
        self._says: asyncio.Queue[bytes] = asyncio.Queue()
        self._news = asyncio.Event()

    async def recv_bytes(self) -> bytes:
        """The next message."""
        return await self._says.get()

    async def send_raw(self, text: str) -> None:
        """Take a message."""
        self.told.append(json.loads(text))
        self._news.set()

    async def until_told(self, count: int) -> None:
        """Wait for so many messages in all."""
        while len(self.told) < count:
            self._news.clear()
            await self._news.wait()

    def says(self, kind: str, **fields: object) -> None:
        """Send the agent a message."""
        self._says.put_nowait(json.dumps({"type": kind, **fields}).encode())

    def answers(self, name: str, *output: object) -> None:
        """An answer from its beginning to its end."""
        self.says("response.created", response={"id": name})
        self.says("response.done", response={"id": name, "status": "completed", "output": output})


async def _with_agent(act: Callable[[Api], Awaitable[None]]) -> tuple[list[str], list[str]]:
    """The types of what the API was told and of what the page was shown."""
    api = Api()
    shown: list[str] = []

    async def show(text: str) -> None:
        shown.append(json.loads(text)["type"])

    connection = cast(AsyncRealtimeConnection, api)
    agent = Agent(connection, Toolbox([tool(look)]), show)
    listening = asyncio.create_task(agent.listen())
    try:
        async with asyncio.timeout(5):
            await act(api)
    finally:
        listening.cancel()
        await agent.close()
    return [event["type"] for event in api.told], shown


async def test_outputs_are_told_before_one_answer_is_asked_for() -> None:
    async def act(api: Api) -> None:
        api.answers("r1", CALL, {**CALL, "call_id": "c2"})
        await api.until_told(3)

    told, _ = await _with_agent(act)

    assert told == ["conversation.item.create", "conversation.item.create", "response.create"]


async def test_an_answer_is_asked_for_again_when_one_had_begun_before() -> None:
    async def act(api: Api) -> None:
        api.answers("r1", CALL)
        await api.until_told(2)
        error = {
            "code": "conversation_already_has_active_response",
            "event_id": api.told[1]["event_id"],
        }
        api.says("response.created", response={"id": "r2"})
        api.says("error", error=error)
        api.says("response.done", response={"id": "r2", "status": "completed", "output": []})
        await api.until_told(3)

    told, shown = await _with_agent(act)

    assert told == ["conversation.item.create", "response.create", "response.create"]
    # The page would ask as well.
    assert "error" not in shown
