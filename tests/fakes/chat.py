"""A chat endpoint (`POST /v1/chat/completions`) that keeps what it was asked and says what a test
wants. Its stream has the form that the OpenAI-compatible servers share.
"""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

Delta = Mapping[str, Any]  # what a chunk of the stream adds


class ChatServer:
    """Answers each request with the next of `replies`: deltas to stream, or (status, body)."""

    def __init__(self, replies: Sequence[Sequence[Delta] | tuple[int, Mapping[str, Any]]]) -> None:
        self.asked: list[dict[str, Any]] = []  # bodies, as they came
        self.keys: list[str] = []
        self.url = ""
        self._replies = list(replies)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """One request."""
        self.asked.append(await request.json())
        self.keys.append(request.headers.get("Authorization", ""))
        reply = self._replies.pop(0)
        if isinstance(reply, tuple):
            return web.json_response(reply[1], status=reply[0])
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for delta in reply:
            chunk = {"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": delta}]}
            await response.write(f"data: {json.dumps(chunk)}\n\n".encode())
        await response.write(b"data: [DONE]\n\n")
        return response


@asynccontextmanager
async def chat_server(
    *replies: Sequence[Delta] | tuple[int, Mapping[str, Any]],
) -> AsyncIterator[ChatServer]:
    """Running on a free port of loopback until the test is over."""
    server = ChatServer(replies)
    app = web.Application()
    app.router.add_post("/v1/chat/completions", server.answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        server.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
        yield server
    finally:
        await runner.cleanup()
