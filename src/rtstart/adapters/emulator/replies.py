"""HTTP answers in the API's form: JSON errors, marks that nobody can mistake, CORS."""

from collections.abc import Mapping

from aiohttp import web
from multidict import CIMultiDict

from rtstart import __version__
from rtstart.core.realtime.wire import Fault, Json

MARK = "x-rtstart-emulator"


def failed(fault: Fault, status: int) -> web.Response:
    """An error body, as every endpoint of the API gives it."""
    body: Mapping[str, Json] = {"error": fault.wire()}
    return web.json_response(body, status=status)


def no_such_route(request: web.Request) -> web.Response:
    """The answer to an address that the API does not have."""
    words = f"Invalid URL ({request.method} {request.path})"
    return failed(Fault(None, words), 404)


def mark(headers: CIMultiDict[str], request_id: str) -> None:
    """Say in every answer that this is no real API, and which request it was."""
    headers[MARK] = __version__
    headers.setdefault("x-request-id", request_id)


def allow_page(headers: CIMultiDict[str]) -> None:
    """Let a page of any origin post its offer and read the call id (the route's CORS rules)."""
    headers["Access-Control-Allow-Origin"] = "*"
    headers["Access-Control-Allow-Methods"] = "POST, OPTIONS"
    headers["Access-Control-Allow-Headers"] = "authorization, content-type, x-openai-agents-sdk"
    headers["Access-Control-Expose-Headers"] = "Location"
