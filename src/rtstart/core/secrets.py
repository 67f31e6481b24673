"""Finding and masking secrets in any text, before it becomes an event, a line or a file."""

import re
from collections.abc import Iterable

_SHAPES = re.compile(
    r"""
    \b(?:sk|ek|whsec)[-_](?!test-\.\.\.)[A-Za-z0-9_\-]{8,}   # OpenAI's kinds of secret
    | \bek_[A-Za-z0-9]{4,}
    | (?<=[Bb]earer[ ])[A-Za-z0-9._~+/\-]{12,}=*             # any bearer credential
    | (?<=openai-insecure-api-key\.)[A-Za-z0-9_\-.]+          # the browser's WebSocket credential
    | (?<=__Host-rtstart=)[A-Za-z0-9_\-.]+                    # a visitor's cookie
    """,
    re.VERBOSE,
)
_KEY_VALUE = re.compile(r"sk-[A-Za-z0-9_\-]{16,}")
_SHORTEST_LITERAL = 8


def looks_like_key(value: str) -> bool:
    """Whether a value has the form of a real OpenAI key (`sk-` and at least 16 characters)."""
    return _KEY_VALUE.search(value) is not None


def mask(secret: str) -> str:
    """A secret as it may be shown: its kind and last two characters, never the rest."""
    prefix = re.match(r"(?:sk-proj-|sk-|ek_|whsec_)?", secret)
    kept = prefix.group() if prefix else ""
    rest = secret[len(kept) :]
    return f"{kept}***{rest[-2:]}" if len(rest) >= _SHORTEST_LITERAL else f"{kept}***"


class Masker:
    """Masks known literal secrets and everything that has the form of one."""

    def __init__(self, literals: Iterable[str] = ()) -> None:
        known = sorted({x for x in literals if len(x) >= _SHORTEST_LITERAL}, key=len, reverse=True)
        self._literals = (
            re.compile("|".join(re.escape(secret) for secret in known)) if known else None
        )

    def __call__(self, text: str) -> str:
        """The text with every secret masked; text without one comes back unchanged."""
        if self._literals is not None:
            text = self._literals.sub(lambda match: mask(match.group()), text)
        return _SHAPES.sub(lambda match: mask(match.group()), text)
