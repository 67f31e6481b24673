"""Reads requests: whether they begin a call, and what the lint wants to see of their bodies."""

import json
from collections.abc import Mapping
from email import message_from_bytes
from email.policy import HTTP
from typing import Any

from rtstart.core.realtime.lint import CALLS, CONNECT, LEGACY, MINT, ApiRequest, accepted_call

LARGEST_BODY = 1024 * 1024
"""Bodies up to this size are read before they are sent on, so that they can be looked at."""


def is_looked_at(method: str, path: str) -> bool:
    """Whether the lint knows anything about such requests."""
    return method == "POST" and (path == "/realtime" or path.startswith("/realtime/"))


def begins_call(method: str, path: str, query: Mapping[str, str]) -> bool:
    """Whether a request begins a call or makes a secret for one; a sideband joins one that is."""
    if method == "POST":
        return path in (MINT, CALLS, CONNECT, *LEGACY) or bool(accepted_call(path))
    return path == CONNECT and "call_id" not in query


def api_request(
    method: str, path: str, query: dict[str, str], headers: dict[str, str], body: bytes
) -> ApiRequest:
    """A request as the lint sees it. `headers` have names in lower case."""
    return ApiRequest(method, path, query, headers, _body(headers.get("content-type", ""), body))


def _body(content_type: str, body: bytes) -> Any:
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        return _session_part(content_type, body)
    if kind == "application/sdp" or not body:
        return None
    return _json(body)


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


def _session_part(content_type: str, body: bytes) -> Any:
    head = f"Content-Type: {content_type}\r\n\r\n".encode("utf-8", "replace")
    form = message_from_bytes(head + body, policy=HTTP)
    for part in form.iter_parts() if form.is_multipart() else ():
        if part.get_param("name", header="content-disposition") == "session":
            payload = part.get_payload(decode=True)
            return _json(payload) if isinstance(payload, bytes) else None
    return None
