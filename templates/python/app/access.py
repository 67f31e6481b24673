"""Who is let in: requests addressed to this app, from its own page, by somebody who may call."""

import hashlib
import hmac
import re

from starlette.requests import HTTPConnection

from app.authorise import authorise
from app.errors import Refused
from app.limits import Limits
from app.settings import Settings

_LOOPBACK = re.compile(r"localhost|.+\.localhost|\[::1\]|127(\.\d{1,3}){3}")
_MINUTE_S = 60


def check_host(connection: HTTPConnection, settings: Settings) -> None:
    """Raise Refused unless the request is addressed to us by a name we know.

    A name that a stranger points at this machine (DNS rebinding) would otherwise let the
    stranger's page call here. In production with no names given, your proxy decides.
    """
    if settings.production and not settings.hosts:
        return
    host = connection.headers.get("host", "")
    name = re.sub(r":\d+$", "", host.lower())
    if not (_LOOPBACK.fullmatch(name) or name in settings.hosts):
        raise Refused(403, "host_refused", f'This server does not answer for "{host}".')


def check_page(connection: HTTPConnection) -> None:
    """Raise Refused when another site's page asks: JSON by POST, from our own page."""
    if connection.headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
        raise Refused(403, "origin_refused", "Only this app's own page may ask.")
    kind = connection.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Refused(415, "not_json", "Send application/json, an empty object will do.")


async def visitor_of(connection: HTTPConnection, settings: Settings) -> str:
    """A hash that names the person to OpenAI (as a safety identifier) and to nobody else.

    Raises Refused when this person may not call.
    """
    try:
        person = await authorise(connection)
    except NotImplementedError:
        if settings.production:
            words = "Nobody may call until app/authorise.py says who may."
            raise Refused(403, "closed", words) from None
        person = "developer"
    if person is None and settings.production:
        raise Refused(401, "not_authorised", "Sign in before you call.")
    salt = hashlib.sha256(settings.key.encode()).digest()
    return hmac.new(salt, (person or "developer").encode(), hashlib.sha256).hexdigest()


async def take_call(limits: Limits, settings: Settings, *, visitor: str) -> None:
    """Count one call. Raises Refused when there are too many, of one person or of all."""
    for key, most in (
        (f"calls:{visitor}", settings.calls_per_visitor),
        ("calls", settings.calls_per_minute),
    ):
        wait_s = await limits.take(key, most=most, span_s=_MINUTE_S)
        if wait_s:
            words = f"Too many calls were started; the next may start in {wait_s} seconds."
            raise Refused(429, "too_many_calls", words, retry_after=str(wait_s))
