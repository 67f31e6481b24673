"""Asks the Realtime API for an ephemeral secret: one request, one answer.

Source of the shapes: OpenAI's API reference, `POST /v1/realtime/client_secrets`, as of November
2026.
"""

from dataclasses import dataclass

import httpx

from app.assistant import session_for
from app.errors import Refused
from app.settings import Settings, key_trouble
from app.tools import TOOLS

# How long a secret may wait to be used. A running call is not ended by it.
SECRET_LIFETIME_S = 60
UPSTREAM_TIMEOUT_S = 15.0


@dataclass(frozen=True, slots=True)
class Secret:
    """What a page needs to begin a call."""

    value: str
    expires_at: int


async def mint(settings: Settings, client: httpx.AsyncClient, *, visitor: str) -> Secret:
    """Mint one secret for a visitor. Raises Refused, with the API's own words if it has any.

    `visitor` is a hash that names the person to OpenAI and to nobody else.
    """
    check_key(settings)
    body = {
        "expires_after": {"anchor": "created_at", "seconds": SECRET_LIFETIME_S},
        "session": session_for(settings.model, settings.voice, TOOLS.definitions()),
    }
    host = httpx.URL(settings.api_url).netloc.decode()
    try:
        response = await client.post(
            f"{settings.api_url}/realtime/client_secrets",
            json=body,
            headers={
                "authorization": f"Bearer {settings.key}",
                "openai-safety-identifier": visitor,
            },
            timeout=UPSTREAM_TIMEOUT_S,
            follow_redirects=False,
        )
    except httpx.TimeoutException:
        words = f"{host} did not answer within {UPSTREAM_TIMEOUT_S:.0f} seconds."
        raise Refused(504, "upstream_timeout", words) from None
    except httpx.HTTPError as error:
        words = f"{host} could not be reached ({type(error).__name__})."
        raise Refused(502, "upstream_unreachable", words) from error
    if not response.is_success:
        raise _passed_on(response)
    return _secret_in(response)


def check_key(settings: Settings) -> None:
    """Raise Refused when there is no key, or none that could be one."""
    trouble = key_trouble(settings.key)
    if trouble == "key_missing":
        raise Refused(500, trouble, "OPENAI_API_KEY is not set for the server.")
    if trouble == "key_shape":
        words = "OPENAI_API_KEY does not look like a key: it starts with sk-."
        raise Refused(500, trouble, words)


def _secret_in(response: httpx.Response) -> Secret:
    body = _object_in(response)
    value, expires_at = body.get("value"), body.get("expires_at")
    if not isinstance(value, str) or not isinstance(expires_at, int):
        raise Refused(502, "upstream_shape", "The API answered without a secret in it.")
    return Secret(value, expires_at)


def _passed_on(response: httpx.Response) -> Refused:
    """The API's own words reach the page: they name the cause better than we could."""
    status = response.status_code if response.status_code >= 400 else 502
    waits = response.headers.get("retry-after")
    error = _object_in(response).get("error")
    if not isinstance(error, dict) or not isinstance(error.get("message"), str):
        said = f"The API answered with status {response.status_code} and no message."
        return Refused(status, "upstream_error", said, retry_after=waits)
    return Refused(
        status,
        _text_or_none(error.get("code")),
        error["message"],
        kind=_text_or_none(error.get("type")) or "api_error",
        param=_text_or_none(error.get("param")),
        retry_after=waits,
    )


def _object_in(response: httpx.Response) -> dict[str, object]:
    try:
        body: object = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _text_or_none(value: object) -> str | None:
    return value if isinstance(value, str) else None
