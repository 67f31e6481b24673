"""Refusals in the form OpenAI gives its errors, so that the page reads one form only."""

from collections.abc import Mapping

from fastapi import Request
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException


class Refused(Exception):
    """A request that is not granted; `status` is the HTTP status to answer with."""

    def __init__(
        self,
        status: int,
        code: str | None,
        message: str,
        *,
        kind: str = "token_service_error",
        param: str | None = None,
        retry_after: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.error = {"message": message, "type": kind, "code": code, "param": param}
        self.headers: dict[str, str] = {} if retry_after is None else {"retry-after": retry_after}


def as_answer(
    status: int, error: Mapping[str, str | None], headers: Mapping[str, str]
) -> JSONResponse:
    """An error as JSON that nobody keeps."""
    return JSONResponse({"error": error}, status, headers={**headers, "cache-control": "no-store"})


async def answer_refused(_request: Request, error: Refused) -> JSONResponse:
    """For FastAPI: what a Refused looks like to the page."""
    return as_answer(error.status, error.error, error.headers)


async def answer_http(request: Request, error: HTTPException) -> JSONResponse:
    """For FastAPI: its own 404 and 405, in the same form."""
    headers = dict(error.headers or {})
    if error.status_code == 404:
        refused = Refused(404, "not_found", f'There is nothing at "{request.url.path}".')
    elif error.status_code == 405:
        allowed = headers.get("Allow", "another method")
        refused = Refused(405, "method_not_allowed", f"Use {allowed} here.")
    else:
        refused = Refused(error.status_code, "http_error", str(error.detail))
    return as_answer(refused.status, refused.error, headers)


async def answer_unexpected(_request: Request, _error: Exception) -> JSONResponse:
    """For FastAPI: what a mistake of our own looks like; the log says what it was."""
    refused = Refused(500, "internal", "The server failed; its log says how.")
    return as_answer(refused.status, refused.error, {})
