"""What must be true of an address before it is printed, and how an answer is judged."""

import json
import re
from dataclasses import dataclass
from typing import Literal, TypeAlias, assert_never

from rtstart.core.config import Framework
from rtstart.core.findings import Finding, Fix, tunnel_proof, tunnel_refusals
from rtstart.core.findings.api import KEY_REFUSED, MINT_REFUSED, NO_CREDIT
from rtstart.core.findings.tunnel import HMR_NOT_OPEN, PROOF_FAILED

Question: TypeAlias = Literal[
    "name",
    "certificate",
    "page",
    "websocket",
    "hmr",
    "mint refused",
    "mint",
    "stream",
    "upload",
]

Trouble: TypeAlias = Literal[
    "no name",
    "bad certificate",
    "no connection",
    "not connected",
    "host refused",
    "too many",
    "another app",
    "sign in",
    "upgrade ignored",
    "upgrade dropped",
    "held back",
    "too large",
    "other",
]
"""What went wrong, for the findings; words for people go beside it."""

PASSING: frozenset[Trouble] = frozenset({"no name", "no connection", "not connected"})
"""Troubles of an address that is only just being made: worth asking again."""

_EDGE_STATUSES = frozenset({502, 503, 504, 520, 521, 522, 523, 524, 530})
"""How edges say that nobody is connected behind them; Cloudflare's own begin at 520."""

_UNAUTHORIZED = 401
_FORBIDDEN = 403
_TOO_MANY = 429
_CODESPACE = re.compile(r"https://(?P<name>[a-z0-9-]+)-(?P<port>\d+)\.app\.github\.dev")
_VITE_TOKEN = re.compile(r"""wsToken\s*=\s*["']([^"']+)["']""")


@dataclass(frozen=True, slots=True)
class Subject:
    """The address under proof. `mint` is the mint route's path, or empty when there is none.

    `is_public` says that visitors need an invitation there. `is_carried` says that a stranger's
    machines lie between, and `carries_streams` that they are known to pass streams on. For
    `patience_s` the name and the first connection are asked for again.
    """

    origin: str
    is_public: bool
    framework: Framework
    mint: str
    is_carried: bool = False
    carries_streams: bool = True
    patience_s: float = 0.0


def questions(subject: Subject) -> tuple[Question, ...]:
    """What to ask of this address, in order."""
    asked: list[Question] = []
    if subject.origin.startswith("https://"):
        asked += ["name", "certificate"]
    asked += ["page", "websocket"]
    if subject.framework != "none":
        asked.append("hmr")
    if subject.mint:
        asked += ["mint refused", "mint"] if subject.is_public else ["mint"]
    if subject.is_carried:
        asked += ["stream", "upload"] if subject.carries_streams else ["upload"]
    return tuple(asked)


def judge_nonce(status: int, text: str, nonce: str, *, location: str = "") -> Trouble | None:
    """What an answer to the question for this run's nonce means; None when it is ours.

    `location` is where it leads, when it is a redirect.
    """
    if nonce in text:
        return None
    if status in _EDGE_STATUSES:
        return "not connected"
    if status == _TOO_MANY:
        return "too many"
    if status == _FORBIDDEN and "Blocked request" in text:
        return "host refused"
    if status == _UNAUTHORIZED or location.startswith(("http://", "https://")):
        return "sign in"
    return "another app"


def is_warning_page(status: int, content_type: str) -> bool:
    """Whether an answer that is not ours looks like a page that a provider puts in front.

    They come with 200, 401 (localtunnel) or 511 (ngrok's and others' gateways).
    """
    return "html" in content_type and status in (200, 401, 403, 511)


def vite_socket_path(client_module: str) -> str | None:
    """Where Vite's update socket is, from the text of `/@vite/client`; None when it is not Vite's.

    Vite 8 asks for the per-run token that this module carries (facts: tunnels 6, 2026-11).
    """
    token = _VITE_TOKEN.search(client_module)
    return f"/?token={token.group(1)}" if token else None


def is_minted(text: str) -> bool:
    """Whether a mint answer holds an ephemeral secret."""
    try:
        told = json.loads(text)
    except ValueError:
        return False
    value = told.get("value") if isinstance(told, dict) else None
    return isinstance(value, str) and value.startswith("ek_")


def mint_finding(status: int, text: str) -> Finding:
    """Why a mint that should have worked did not, in the upstream's own words where it has any."""
    error = _error_of(text)
    words = f"A mint was answered with {status}" + (f": {error[1]}" if error[1] else "")
    if status == _UNAUTHORIZED:
        return KEY_REFUSED.found(words)
    if status == _TOO_MANY and error[0] in {"insufficient_quota", "credit_balance_exhausted"}:
        return NO_CREDIT.found(words)
    return MINT_REFUSED.found(words)


def proof_finding(
    question: Question, subject: Subject, problem: str, trouble: Trouble = "other"
) -> Finding:
    """The finding of a question that failed."""
    where = subject.origin
    if question == "hmr":
        return HMR_NOT_OPEN.found(f"The update socket does not open: {problem}")
    curl = Fix("See what is presented there.", command=f"curl -v {subject.origin}")
    match trouble:
        case "no name":
            return tunnel_proof.NAME_NOT_FOUND.found(f"{where}: {problem}", where=where)
        case "bad certificate":
            return tunnel_proof.CERTIFICATE_WRONG.found(
                f"{where}: {problem}", where=where, fix=curl
            )
        case "no connection" | "not connected":
            return tunnel_refusals.NOT_CONNECTED.found(f"{where}: {problem}", where=where)
        case "host refused":
            return tunnel_proof.HOST_REFUSED.found(where=where)
        case "too many":
            return tunnel_refusals.TOO_MANY_REQUESTS.found(f"{where}: {problem}", where=where)
        case "another app":
            return tunnel_proof.WRONG_APP.found(f"{where}: {problem}", where=where)
        case "sign in":
            fix = _publish(subject.origin)
            return tunnel_proof.SIGN_IN.found(f"{where}: {problem}", where=where, fix=fix)
        case "upgrade ignored":
            return tunnel_proof.UPGRADE_IGNORED.found(where=where)
        case "upgrade dropped":
            return tunnel_proof.UPGRADE_DROPPED.found(f"{where}: {problem}", where=where)
        case "held back":
            return tunnel_proof.BUFFERED.found(f"{where}: {problem}", where=where)
        case "too large":
            return tunnel_proof.BODY_TOO_SMALL.found(f"{where}: {problem}", where=where)
        case "other":
            return PROOF_FAILED.found(
                f"{where} failed its proof at “{question}”: {problem}",
                fix=curl if question == "certificate" else None,
                where=where,
            )
        case _:
            assert_never(trouble)


def _publish(origin: str) -> Fix | None:
    """How to open a port of a codespace, whose address names both (facts: tunnels 3)."""
    found = _CODESPACE.fullmatch(origin)
    if found is None:
        return None
    command = f"gh codespace ports visibility {found['port']}:public -c {found['name']}"
    return Fix("Make the port public; rtstart's invitation still guards it.", command)


def _error_of(text: str) -> tuple[str, str]:
    try:
        told = json.loads(text)
    except ValueError:
        return "", ""
    error = told.get("error") if isinstance(told, dict) else None
    if not isinstance(error, dict):
        return "", ""
    return str(error.get("code") or ""), str(error.get("message") or "")
