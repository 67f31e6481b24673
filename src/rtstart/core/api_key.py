"""What can be said of an API key without asking anybody: its form, never whether it works."""

import re

from rtstart.core.findings import Finding
from rtstart.core.findings.api import KEY_SHAPE
from rtstart.core.secrets import looks_like_key

EMULATED_KEY = "sk-test-emulated"
"""What the token backend is given as a key when the emulator answers; it opens nothing."""

_PLACEHOLDER = re.compile(
    r"\.\.\.|x{4,}|your|change|replace|placeholder|<|>|key[-_ ]?here", re.IGNORECASE
)
_SHORTER_THAN_ANY_KEY = 40
_SECRET_NAMES = re.compile(r"(?:_API_KEY|_SECRET|_SECRET_KEY|_WEBHOOK_KEY|_CHAT_KEY|_AUTHTOKEN)$")


def key_fault(key: str, *, where: str = "") -> Finding | None:
    """What is wrong with the form of an OpenAI key, or None. The key itself is never repeated."""
    problem = ""
    if key != key.strip() or re.search(r"\s", key):
        problem = "has a blank or a line end in it"
    elif key[:1] in {'"', "'"} or key[-1:] in {'"', "'"}:
        problem = "has a quote in it"
    elif len(key) < _SHORTER_THAN_ANY_KEY and _PLACEHOLDER.search(key):
        problem = "is a placeholder"
    elif key.startswith("ek_"):
        problem = "is an ephemeral secret (ek_), not a key (sk-)"
    elif not key.startswith("sk-"):
        problem = "does not start with sk-"
    elif not key.isascii() or not key.isprintable():
        problem = "has letters in it that no key has"
    return KEY_SHAPE.found(f"OPENAI_API_KEY {problem}", where=where) if problem else None


def is_secret(name: str, value: str, declared: frozenset[str]) -> bool:
    """Whether a variable must reach only services that list it under `secrets`."""
    return name in declared or bool(_SECRET_NAMES.search(name)) or looks_like_key(value)
