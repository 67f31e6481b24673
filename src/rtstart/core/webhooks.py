"""Webhooks of the API: routes that nobody is invited to, held by a signature instead.

The scheme is that of standard-webhooks, as OpenAI sends it: HMAC-SHA256 over id, time and raw body
(openai 3.54.0 `resources/webhooks`, facts of 2026-11).
"""

import hmac
import json
import re
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

BODY_BYTES = 1024 * 1024
"""The largest body of a webhook that is looked at."""

SAMPLE_CALL = "rtc_sample_"
"""How the id of a call begins that only `rtstart webhook` tells of; it rings in the emulator."""

_TOLERANCE_S = 300.0
_PREFIX = "whsec_"
_REMEMBERED = 1000
_SECONDS = re.compile(r"[0-9]{1,12}")

RefusedBecause: TypeAlias = Literal["unsigned", "too old or new", "wrong signature"]


@dataclass(frozen=True, slots=True)
class Webhook:
    """A path that takes signed webhooks from outside. `secret` begins with `whsec_`."""

    path: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Signed:
    """What a delivery says about itself, in its three headers."""

    id: str
    timestamp: str
    signatures: str


def webhook_key(secret: str) -> bytes:
    """The key behind a secret as the dashboard shows it; raise ValueError when it is none."""
    try:
        key = b64decode(secret.removeprefix(_PREFIX), validate=True)
    except NotBase64 as error:
        raise ValueError("a webhook secret is whsec_ and base64") from error
    if not key:
        raise ValueError("the webhook secret is empty")
    return key


def is_webhook_secret(text: str) -> bool:
    """Whether a text can be a webhook's secret."""
    try:
        webhook_key(text)
    except ValueError:
        return False
    return True


def sign(key: bytes, *, id: str, timestamp: str, body: bytes) -> str:
    """The signature of a delivery, as it stands in `webhook-signature`."""
    signed = f"{id}.{timestamp}.".encode("utf-8", "surrogateescape") + body
    return "v1," + b64encode(hmac.digest(key, signed, "sha256")).decode()


def why_refused(
    key: bytes, signed: Signed, body: bytes, *, now_unix: float
) -> RefusedBecause | None:
    """Why a delivery is not to be believed; None if it is genuine and fresh."""
    if not (signed.id and _SECONDS.fullmatch(signed.timestamp) and signed.signatures):
        return "unsigned"
    if abs(now_unix - int(signed.timestamp)) > _TOLERANCE_S:
        return "too old or new"
    wanted = sign(key, id=signed.id, timestamp=signed.timestamp, body=body)
    given = [one.encode("utf-8", "surrogateescape") for one in signed.signatures.split()]
    matches = [hmac.compare_digest(one, wanted.encode()) for one in given]
    return None if any(matches) else "wrong signature"


class Delivered:
    """Which deliveries were taken already, so that a replay is not passed on twice."""

    def __init__(self) -> None:
        self._ids: dict[str, None] = {}

    def has(self, delivery: str) -> bool:
        """Whether a delivery of this id was taken."""
        return delivery in self._ids

    def take(self, delivery: str) -> None:
        """Remember a delivery, before the app gets it, so that no second one slips in meanwhile."""
        self._ids[delivery] = None
        if len(self._ids) > _REMEMBERED:
            del self._ids[next(iter(self._ids))]

    def give_back(self, delivery: str) -> None:
        """Forget a delivery that the app has not taken: it will come again."""
        self._ids.pop(delivery, None)


def sample(*, now_unix: int, token: str) -> tuple[str, bytes]:
    """The id and body of an incoming call that never was; `token` makes its ids its own.

    The form is that of facts of 2026-11: realtime-api 7.
    """
    identifier = f"evt_sample_{token}"
    told = {
        "object": "event",
        "id": identifier,
        "type": "realtime.call.incoming",
        "created_at": now_unix,
        "data": {
            "call_id": f"{SAMPLE_CALL}{token}",
            "sip_headers": [
                {"name": "From", "value": "sip:+15550100@example.com"},
                {"name": "To", "value": "sip:+15550199@example.com"},
            ],
            "sip_media_security": "srtp",
        },
    }
    return f"wh_sample_{token}", json.dumps(told).encode()
