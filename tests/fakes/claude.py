"""Anthropic's Messages API (`POST /v1/messages`), as far as a tool-use loop needs it: it asks for
one tool first, and answers in words once it has the result.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

_ASKS = {"type": "tool_use", "id": "toolu_1", "name": "current_time", "input": {}}


class Claude:
    """Keeps what it was asked; `words` is its answer to everything."""

    def __init__(self, words: str) -> None:
        self.asked: list[dict[str, Any]] = []  # bodies, as they came
        self.url = ""
        self._words = words

    async def answer(self, request: web.Request) -> web.Response:
        """One request."""
        body = await request.json()
        self.asked.append(body)
        is_first = len(body["messages"]) == 1
        return web.json_response(
            {
                "id": "msg_1",
                "type": "message",
                "role": "assistant",
                "model": body["model"],
                "content": [_ASKS if is_first else {"type": "text", "text": self._words}],
                "stop_reason": "tool_use" if is_first else "end_turn",
                "usage": {"input_tokens": 1, "output_tokens": 1},
            }
        )


@asynccontextmanager
async def claude(words: str) -> AsyncIterator[Claude]:
    """Running on a free port of loopback until the test is over."""
    server = Claude(words)
    app = web.Application()
    app.router.add_post("/v1/messages", server.answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield server
    finally:
        await runner.cleanup()
