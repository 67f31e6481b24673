"""Who may come in: invitations, visitors and the cookie between them.

Time and random bytes come in as arguments. Of every code and cookie only a keyed hash is kept, so
that nothing in memory, a log or a crash report lets anybody in. Whether a request needs an
invitation at all is decided in `gate`, by the listener it came through.
"""

import hmac
import re
from base64 import urlsafe_b64encode
from collections import deque
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Literal, TypeAlias

DEVELOPER = "developer"
"""Id and name of whoever comes from this machine itself."""

SOMEBODY = "somebody"
"""The name of whoever was refused before anything was known of them."""

INVITATION_PATH = "/i/"
"""The path under which an invitation's code stands."""

CODE_BYTES = 16
"""Random bytes that one invitation needs."""

COOKIE_BYTES = 24
"""Random bytes that one visitor's cookie needs."""

_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # no 0 O, 1 I L, and no U (reads as V)
_CODE_LENGTH = 8
_TYPED_CODE = re.compile(rf"([{_ALPHABET}]{{4}})[-\s]?([{_ALPHABET}]{{4}})")
_TRIES_WINDOW_S = 60.0
TOKEN_NAME = "RTSTART_INVITE_TOKEN"  # noqa: S105 (a variable's name)
"""The variable that may hold a standing invite token."""

_SHORTEST_TOKEN = 16
_BEARER = "token"


@dataclass(frozen=True, slots=True)
class AccessRules:
    """How long things last (seconds) and how often one may guess (per minute)."""

    invitation_lifetime_s: float = 30 * 60.0
    visitor_lifetime_s: float = 12 * 3600.0
    wrong_codes_per_client: int = 10
    wrong_codes_in_all: int = 300
    visitors: int = 100


@dataclass(frozen=True, slots=True)
class Invitation:
    """A way in for one visitor. `code` is for reading aloud; `expires_at` is on `now`'s clock."""

    code: str
    name: str
    expires_at: float

    @property
    def path(self) -> str:
        """Where the code is spent, below the public origin."""
        return f"{INVITATION_PATH}{self.code}"

    def url_at(self, origin: str) -> str:
        """The whole link for an origin without a slash at its end."""
        return origin + self.path


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who came in. Times are on `now`'s clock; nothing here lets anybody in."""

    id: str
    name: str
    since: float
    last_seen: float
    expires_at: float
    client: str = ""


Refusal: TypeAlias = Literal["unknown", "spent", "expired", "too many tries", "full"]


@dataclass(frozen=True, slots=True)
class Admitted:
    """A code was spent. `cookie` is told once, to the browser, and not kept."""

    visitor: Visitor
    cookie: str


@dataclass(frozen=True, slots=True)
class Refused:
    """A code was not accepted; `retry_after_s` is 0 unless waiting helps."""

    why: Refusal
    retry_after_s: float = 0.0


def code_from(random: bytes) -> str:
    """An invitation code like `7FK2-QX9D` from `CODE_BYTES` random bytes."""
    number = int.from_bytes(random, "big")
    letters = []
    for _ in range(_CODE_LENGTH):
        number, index = divmod(number, len(_ALPHABET))
        letters.append(_ALPHABET[index])
    text = "".join(letters)
    return f"{text[:4]}-{text[4:]}"


def read_code(typed: str) -> str | None:
    """The code a person typed, in its one form; None if it cannot be a code."""
    match = _TYPED_CODE.fullmatch(typed.strip().upper())
    return f"{match[1]}-{match[2]}" if match else None


def is_easy_token(token: str) -> bool:
    """Whether a standing token is too easy to guess; none at all is not."""
    return 0 < len(token) < _SHORTEST_TOKEN


@dataclass(slots=True)
class _Issued:
    invitation: Invitation
    spent: bool = False


@dataclass(slots=True)
class _Known:
    visitor: Visitor
    secret_hash: bytes


class AccessBook:
    """Every invitation and visitor of one run."""

    def __init__(
        self, *, key: bytes, rules: AccessRules | None = None, standing_token: str = ""
    ) -> None:
        """`key` is random and keys the hashes. `standing_token` is a code that may be spent any
        number of times (for tests on a build server); raise ValueError if it is easy to guess.
        """
        if is_easy_token(standing_token):
            raise ValueError(f"an invite token needs at least {_SHORTEST_TOKEN} characters")
        self._key = key
        self._rules = rules or AccessRules()
        self._standing = self._hash(standing_token) if standing_token else None
        self._issued: dict[bytes, _Issued] = {}
        self._known: dict[str, _Known] = {}
        self._wrong: deque[tuple[float, str]] = deque()
        self._count = 0

    def _hash(self, secret: str) -> bytes:
        return hmac.digest(self._key, secret.encode("utf-8", "surrogateescape"), "sha256")

    def invite(self, *, now: float, random: bytes, name: str = "") -> Invitation:
        """A new invitation; earlier ones stay good until they are spent, expired or withdrawn."""
        self._forget(now)
        code = code_from(random)
        invitation = Invitation(code, name, now + self._rules.invitation_lifetime_s)
        self._issued[self._hash(code)] = _Issued(replace(invitation, code=""))
        return invitation

    def withdraw_invitations(self) -> None:
        """No code that was given out so far lets anybody in any more."""
        for issued in self._issued.values():
            issued.spent = True

    def spend(
        self, typed: str, *, now: float, random: bytes, client: str = "", device: str = ""
    ) -> Admitted | Refused:
        """Let the bearer of a code in, once. `random` holds `COOKIE_BYTES` bytes."""
        refused = self._guessing(now, client)
        if refused:
            return refused
        name = self._name_behind(typed, now=now)
        if isinstance(name, Refused):
            if name.why == "unknown":
                self._wrong.append((now, client))
            return name
        if len(self._known) >= self._rules.visitors:
            return Refused("full")
        issued = self._issued.get(self._hash(read_code(typed) or ""))
        if issued:
            issued.spent = True
        return self._admit(name or device, now=now, random=random, client=client)

    def look_at(self, typed: str, *, now: float, client: str = "") -> Refused | None:
        """Why a code would be refused, without spending it; None if it would be accepted."""
        refused = self._guessing(now, client)
        if refused:
            return refused
        name = self._name_behind(typed, now=now)
        if not isinstance(name, Refused):
            return None
        if name.why == "unknown":
            self._wrong.append((now, client))
        return name

    def _name_behind(self, typed: str, *, now: float) -> str | Refused:
        if self._standing is not None and hmac.compare_digest(self._hash(typed), self._standing):
            return ""
        issued = self._issued.get(self._hash(read_code(typed) or ""))
        if issued is None:
            return Refused("unknown")
        if issued.spent:
            return Refused("spent")
        if issued.invitation.expires_at <= now:
            return Refused("expired")
        return issued.invitation.name

    def _guessing(self, now: float, client: str) -> Refused | None:
        while self._wrong and self._wrong[0][0] <= now - _TRIES_WINDOW_S:
            self._wrong.popleft()
        own = [when for when, who in self._wrong if who == client]
        if len(own) >= self._rules.wrong_codes_per_client:
            return Refused("too many tries", own[0] + _TRIES_WINDOW_S - now)
        if len(self._wrong) >= self._rules.wrong_codes_in_all:
            return Refused("too many tries", self._wrong[0][0] + _TRIES_WINDOW_S - now)
        return None

    def admit(self, name: str, *, now: float, random: bytes, client: str = "") -> Admitted:
        """Let somebody in without a code: the run itself, or anybody when it is open to all."""
        self._forget(now)
        return self._admit(name, now=now, random=random, client=client)

    def _admit(self, name: str, *, now: float, random: bytes, client: str) -> Admitted:
        self._count += 1
        identifier = f"v{self._count}"
        secret = urlsafe_b64encode(random).decode().rstrip("=")
        visitor = Visitor(
            id=identifier,
            name=self._unused(name or "visitor"),
            since=now,
            last_seen=now,
            expires_at=now + self._rules.visitor_lifetime_s,
            client=client,
        )
        self._known[identifier] = _Known(visitor, self._hash(secret))
        return Admitted(visitor, f"{identifier}.{secret}")

    def _unused(self, name: str) -> str:
        taken = {known.visitor.name for known in self._known.values()}
        number = 1
        unused = name
        while unused in taken:
            number += 1
            unused = f"{name} {number}"
        return unused

    def visitor_of(self, cookies: list[bytes], *, now: float) -> Visitor | None:
        """Whose cookie this is. Two cookies of one name are nobody's: one of them was planted."""
        if len(cookies) != 1:
            return None
        identifier, _, secret = cookies[0].decode("utf-8", "surrogateescape").partition(".")
        known = self._known.get(identifier)
        # Compared even when nobody is known by that id, so that time tells nothing.
        wanted = known.secret_hash if known else bytes(sha256().digest_size)
        if not hmac.compare_digest(self._hash(secret), wanted) or known is None:
            return None
        if known.visitor.expires_at <= now:
            del self._known[identifier]
            return None
        known.visitor = replace(known.visitor, last_seen=now)
        return known.visitor

    def bears_token(self, token: bytes, *, now: float, client: str = "") -> bool:
        """Whether this is the standing token. A wrong one counts as a wrong code does."""
        if self._standing is None or self._guessing(now, client):
            return False
        given = self._hash(token.decode("utf-8", "surrogateescape"))
        if hmac.compare_digest(given, self._standing):
            return True
        if len(token) >= _SHORTEST_TOKEN:
            self._wrong.append((now, client))
        return False

    def bearer(self, *, now: float) -> Visitor:
        """Whoever bears the standing token, as a visitor; one and the same for all of them."""
        return Visitor(_BEARER, _BEARER, 0.0, now, now + self._rules.visitor_lifetime_s)

    def visitors(self) -> tuple[Visitor, ...]:
        """Who is in, oldest first."""
        return tuple(known.visitor for known in self._known.values())

    def drop(self, identifier: str) -> Visitor | None:
        """Put a visitor out; their cookie is worthless from now on. None if nobody has that id."""
        known = self._known.pop(identifier, None)
        return known.visitor if known else None

    def drop_all(self) -> tuple[Visitor, ...]:
        """Put everybody out and withdraw every invitation."""
        dropped = self.visitors()
        self._known.clear()
        self.withdraw_invitations()
        return dropped

    def safety_identifier(self, visitor: str) -> str:
        """A hash of a visitor's id for the API (row S20): stable within the run, names nobody."""
        return self._hash(f"safety {visitor}").hex()[:32]

    def _forget(self, now: float) -> None:
        gone = self._rules.invitation_lifetime_s * 2
        self._issued = {
            key: issued
            for key, issued in self._issued.items()
            if issued.invitation.expires_at + gone > now
        }
        self._known = {
            identifier: known
            for identifier, known in self._known.items()
            if known.visitor.expires_at > now
        }


_DEVICES = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Macintosh", "Mac"),
    ("Windows", "Windows"),
    ("CrOS", "Chromebook"),
    ("Linux", "Linux"),
)
_BROWSERS = (
    ("Edg", "Edge"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)


def device_words(user_agent: str) -> str:
    """What a User-Agent lets one call a visitor: `iPhone Safari`; empty if it says nothing."""
    device = next((words for mark, words in _DEVICES if mark in user_agent), "")
    browser = next((words for mark, words in _BROWSERS if mark in user_agent), "")
    return f"{device} {browser}".strip()


def coarse_address(client: str) -> str:
    """An address without the part that tells one household from its neighbours."""
    if ":" in client:
        return ":".join(client.split(":")[:3]) + "::"
    parts = client.split(".")
    return ".".join(parts[:3]) + ".0" if len(parts) == len("abcd") else client
