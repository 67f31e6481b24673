"""Tickets for calls through this server: what an ephemeral secret is at the API.

A ticket is signed, so that any copy of the server can check one that another gave; it is good for
a minute and for one call.
"""

import base64
import hashlib
import hmac
import json
import secrets
import time
from dataclasses import dataclass

from app.settings import Settings

PREFIX = "ticket_"
LIFETIME_S = 60


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a ticket says."""

    id: str
    visitor: str
    expires_at: int


def issue(settings: Settings, *, visitor: str, now: float | None = None) -> tuple[str, Ticket]:
    """A new ticket: its text for the page, and what it says."""
    expires_at = int(time.time() if now is None else now) + LIFETIME_S
    ticket = Ticket(secrets.token_hex(8), visitor, expires_at)
    body = _encode(json.dumps([ticket.id, ticket.visitor, ticket.expires_at]).encode())
    return f"{PREFIX}{body}.{_sign(settings, body)}", ticket


def check(settings: Settings, text: str, *, now: float | None = None) -> Ticket | None:
    """What the ticket says, or None when it was not given by us or is over."""
    body, dot, signature = text.removeprefix(PREFIX).partition(".")
    right = _sign(settings, body)
    if not text.startswith(PREFIX) or not dot or not hmac.compare_digest(right, signature):
        return None
    ticket = Ticket(*json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))))
    return ticket if (time.time() if now is None else now) < ticket.expires_at else None


def _sign(settings: Settings, body: str) -> str:
    # Every copy has the key and nobody else does, so no further secret is needed.
    key = hmac.digest(settings.key.encode(), b"tickets", hashlib.sha256)
    return _encode(hmac.digest(key, body.encode(), hashlib.sha256))


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
