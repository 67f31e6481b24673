"""What must be true of an address before it is printed, and how an answer is judged."""

import json
import re
from dataclasses import dataclass
from typing import Literal, TypeAlias

from rtstart.core.config import Framework
from rtstart.core.findings import Finding, Fix
from rtstart.core.findings.api import KEY_REFUSED, MINT_REFUSED, NO_CREDIT
from rtstart.core.findings.tunnel import HMR_NOT_OPEN, PROOF_FAILED

Question: TypeAlias = Literal[
    "name", "certificate", "page", "websocket", "hmr", "mint refused", "mint"
]

_UNAUTHORIZED = 401
_TOO_MANY = 429
_VITE_TOKEN = re.compile(r"""wsToken\s*=\s*["']([^"']+)["']""")


@dataclass(frozen=True, slots=True)
class Subject:
    """The address under proof. `mint` is the mint route's path, or empty when there is none.

    `is_public` says that visitors need an invitation there.
    """

    origin: str
    is_public: bool
    framework: Framework
    mint: str


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
    return tuple(asked)


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


def proof_finding(question: Question, subject: Subject, problem: str) -> Finding:
    """The finding of a question that failed."""
    if question == "hmr":
        return HMR_NOT_OPEN.found(f"The update socket does not open: {problem}")
    fix = None
    if question == "certificate":
        fix = Fix("See what is presented there.", command=f"curl -v {subject.origin}")
    return PROOF_FAILED.found(
        f"{subject.origin} failed its proof at “{question}”: {problem}",
        fix=fix,
        where=subject.origin,
    )


def _error_of(text: str) -> tuple[str, str]:
    try:
        told = json.loads(text)
    except ValueError:
        return "", ""
    error = told.get("error") if isinstance(told, dict) else None
    if not isinstance(error, dict):
        return "", ""
    return str(error.get("code") or ""), str(error.get("message") or "")
