"""What the page asks before and during a call: a secret, what it may show, a tool's output."""

import json

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from app import call, tickets
from app.access import check_host, check_page, take_call, visitor_of
from app.errors import Refused
from app.mint import check_key, mint
from app.state import state_of
from app.tools import TOOLS

BODY_LIMIT_BYTES = 64 * 1024

router = APIRouter(prefix="/session")


@router.post("")
async def make_session(request: Request) -> JSONResponse:
    """A secret for one call to the API or, when the page asks so, a ticket for one through here."""
    state = state_of(request)
    settings = state.settings
    check_host(request, settings)
    check_page(request)
    body = await _body_of(request)
    visitor = await visitor_of(request, settings)
    check_key(settings)
    await take_call(state.limits, settings, visitor=visitor)
    given: dict[str, object] = {"model": settings.model, "emulated": settings.emulated}
    if body.get("transport") == "server":
        state.calls.check()
        value, ticket = tickets.issue(settings, visitor=visitor)
        given |= {"value": value, "expires_at": ticket.expires_at, "realtime_url": call.PATH}
    else:
        secret = await mint(settings, state.http, visitor=visitor)
        given |= {
            "value": secret.value,
            "expires_at": secret.expires_at,
            "realtime_url": settings.realtime_url,
        }
    return _answer(given)


@router.get("/config")
async def show_config(request: Request) -> JSONResponse:
    """What the page may know before a call. Nothing here is secret."""
    settings = state_of(request).settings
    check_host(request, settings)
    return _answer(
        {
            "model": settings.model,
            "voice": settings.voice,
            "emulated": settings.emulated,
            "realtime_url": settings.realtime_url,
            "through_server": True,
        }
    )


@router.post("/tools/{name}")
async def run_tool(request: Request, name: str) -> JSONResponse:
    """Run a tool for a page that holds its call itself; the body is what the model gave."""
    settings = state_of(request).settings
    check_host(request, settings)
    check_page(request)
    body = await _body_of(request)
    await visitor_of(request, settings)
    if not TOOLS.is_known(name):
        raise Refused(404, "no_such_tool", f'There is no tool "{name}" on the server.')
    done, output = await TOOLS.run(name, json.dumps(body))
    return _answer({"done": done, "output": json.loads(output)})


async def _body_of(request: Request) -> dict[str, object]:
    """The body, read to its end: it must be a JSON object."""
    data = bytearray()
    async for part in request.stream():
        data += part
        if len(data) > BODY_LIMIT_BYTES:
            raise Refused(413, "too_large", "The request is over 64 KiB.")
    try:
        body: object = json.loads(data)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise Refused(400, "bad_json", "The body is not a JSON object.")
    return body


def _answer(body: dict[str, object]) -> JSONResponse:
    return JSONResponse(body, headers={"cache-control": "no-store"})
