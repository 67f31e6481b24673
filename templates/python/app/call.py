"""Calls through this server: a page's WebSocket on one side, the API's on the other."""

import asyncio
import json
from contextlib import suppress
from urllib.parse import urlsplit

from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from openai import AsyncOpenAI, OpenAIError
from starlette.websockets import WebSocketState
from websockets.exceptions import ConnectionClosed, WebSocketException

from app import tickets
from app.access import check_host
from app.agent import Agent, connected
from app.errors import Refused
from app.log import LOG
from app.state import state_of
from app.tools import TOOLS

PATH = "/session/call"
# A browser cannot send headers with a WebSocket, so the ticket travels as the API's secrets do.
_TICKET = "openai-insecure-api-key."

router = APIRouter()


class _Ended(Exception):
    """The call is over; the code and the reason are for the page's close."""

    def __init__(self, code: int, reason: str = "") -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


@router.websocket(PATH)
async def call(websocket: WebSocket) -> None:
    """Carry one call. Refusals look like those of the API, so the page knows them already."""
    state = state_of(websocket)
    try:
        check_host(websocket, state.settings)
        _check_origin(websocket)
    except Refused as refused:
        LOG.warning("call refused: %s", refused)
        await websocket.close(1008)  # before it was accepted: the browser sees a 403
        return
    await websocket.accept("realtime" if _offered(websocket) else None)
    try:
        state.calls.check()
        with state.calls.one_more():
            await _carry(websocket)
    except Refused as refused:
        # "Try again later": the page does.
        await _close(websocket, 1013, str(refused.error["code"]))
    except _Ended as ended:
        await _close(websocket, ended.code, ended.reason)


async def _carry(websocket: WebSocket) -> None:
    state = state_of(websocket)
    ticket = tickets.check(state.settings, _ticket_of(websocket))
    is_first = ticket is not None and await state.limits.once(
        f"ticket:{ticket.id}", for_s=tickets.LIFETIME_S
    )
    if ticket is None or not is_first:
        await _say_error(websocket, "invalid_api_key", "The ticket is not valid any more.")
        raise _Ended(3000, "invalid_request_error.invalid_api_key")
    client = AsyncOpenAI(api_key=state.settings.key, base_url=state.settings.api_url)
    try:
        async with (
            client,
            connected(
                client,
                state.settings,
                TOOLS,
                visitor=ticket.visitor,
                show=websocket.send_text,
            ) as agent,
        ):
            await _both_ways(websocket, agent)
    except (OSError, TimeoutError, WebSocketException, OpenAIError) as error:
        LOG.warning("the API was not reached: %s", error)
        host = urlsplit(state.settings.api_url).netloc
        await _say_error(websocket, "upstream_unreachable", f"{host} could not be reached.")
        raise _Ended(1011, "upstream_unreachable") from error


async def _both_ways(websocket: WebSocket, agent: Agent) -> None:
    """Until either side ends. The API's end is passed on with its code and reason."""
    listening = asyncio.create_task(agent.listen())
    reading = asyncio.create_task(_read(websocket, agent))
    try:
        await asyncio.wait({listening, reading}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (listening, reading):
            task.cancel()
        results = await asyncio.gather(listening, reading, return_exceptions=True)
    for result in results:
        if isinstance(result, ConnectionClosed):
            received = result.rcvd
            code, reason = (received.code, received.reason) if received else (1011, "")
            raise _Ended(1011 if code in (1005, 1006, 1015) else code, reason)
        if isinstance(result, Exception) and not isinstance(result, WebSocketDisconnect):
            raise result


async def _read(websocket: WebSocket, agent: Agent) -> None:
    while True:
        try:
            event = json.loads(await websocket.receive_text())
        except (ValueError, KeyError) as error:
            # A frame of bytes has no text. No page of ours sends either.
            raise _Ended(1007, "not_json") from error
        if isinstance(event, dict):
            await agent.say(event)


async def _say_error(websocket: WebSocket, code: str, message: str) -> None:
    error = {"type": "invalid_request_error", "code": code, "message": message, "param": None}
    with suppress(WebSocketDisconnect, RuntimeError):
        await websocket.send_text(json.dumps({"type": "error", "error": error}))


async def _close(websocket: WebSocket, code: int, reason: str) -> None:
    if websocket.client_state is not WebSocketState.DISCONNECTED:
        with suppress(RuntimeError):
            await websocket.close(code, reason[:120])


def _check_origin(websocket: WebSocket) -> None:
    """A socket is not held back by the browser's same-origin rule, so it is done here."""
    origin = websocket.headers.get("origin")
    ours = {websocket.headers.get(name, "").lower() for name in ("host", "x-forwarded-host")}
    if origin is not None and urlsplit(origin.lower()).netloc not in ours:
        raise Refused(403, "origin_refused", "Only this app's own page may call.")


def _offered(websocket: WebSocket) -> list[str]:
    offered = websocket.headers.get("sec-websocket-protocol", "").split(",")
    return [one.strip() for one in offered if one.strip()]


def _ticket_of(websocket: WebSocket) -> str:
    found = [one for one in _offered(websocket) if one.startswith(_TICKET)]
    return found[0].removeprefix(_TICKET) if found else ""
