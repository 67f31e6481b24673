"""While developing: tells open pages that their files, or the server, have changed."""

import asyncio
import secrets
from collections.abc import AsyncIterator

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse

from app.site import WEB

# A page that was connected to another start of the server knows by this that it is old.
_START = secrets.token_hex(4)
# Whether anybody is still there is noticed only when something is sent.
_ALIVE_MS = 5000

router = APIRouter()


@router.get("/__reload")
async def changes(request: Request) -> StreamingResponse:
    """Server-sent events: `start` with the server's mark, then `changed` at every change."""
    return StreamingResponse(
        _events(request),
        media_type="text/event-stream",
        headers={"cache-control": "no-store", "x-accel-buffering": "no"},
    )


async def _events(request: Request) -> AsyncIterator[str]:
    from watchfiles import awatch

    yield f"event: start\ndata: {_START}\n\n"
    stop = asyncio.Event()
    try:
        watching = awatch(
            WEB, stop_event=stop, rust_timeout=_ALIVE_MS, yield_on_timeout=True, debounce=200
        )
        async for found in watching:
            if await request.is_disconnected():
                return
            yield "event: changed\ndata: now\n\n" if found else ": alive\n\n"
    finally:
        stop.set()
