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
    | (?<=/i/)[2-9A-HJKMNP-TV-Z]{4}-[2-9A-HJKMNP-TV-Z]{4}     # an invitation
    """,
    re.VERBOSE,
)
_SIGNS = (
    "sk-",
    "sk_",
    "ek-",
    "ek_",
    "whsec",
    "earer ",
    "insecure-api-key.",
    "__Host-rtstart=",
    "/i/",
)
"""At least one of these is in every text that `_SHAPES` matches."""


def _beginnings(word: str) -> str:
    """A pattern for every beginning of a word, the whole of it included, at least one letter."""
    nested = ""
    for letter in reversed(word[1:]):
        nested = f"(?:{re.escape(letter)}{nested})?"
    return re.escape(word[0]) + nested


_BEGUN = re.compile(
    rf"""
    (?:
        \b (?:{_beginnings("sk")} | {_beginnings("ek")} | {_beginnings("whsec")})
        | \b (?:sk|ek|whsec) [-_] [A-Za-z0-9_\-]*
        | {_beginnings("Bearer ")} | {_beginnings("bearer ")}
        | [Bb]earer[ ] [A-Za-z0-9._~+/\-]* =*
        | {_beginnings("openai-insecure-api-key.")} | {_beginnings("__Host-rtstart=")}
        | (?:openai-insecure-api-key\.|__Host-rtstart=) [A-Za-z0-9_\-.]*
        | (?<=/i/) [2-9A-HJKMNP-TV-Z]{{1,4}} (?: - [2-9A-HJKMNP-TV-Z]{{0,4}} )?
    ) \Z
    """,
    re.VERBOSE,
)
"""The end of a text that may be the beginning of a secret."""

MASKED_NAME = "RTSTART_EMULATOR_MASKED"
"""The variable that tells the emulator what else to mask in recordings, one a line."""

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
    """Masks known literal secrets and everything that has the form of one.

    A literal of several lines is masked line by line, because output comes in lines.
    """

    def __init__(self, literals: Iterable[str] = ()) -> None:
        lines = {line.strip() for literal in literals for line in literal.splitlines()}
        self._known = sorted(
            (line for line in lines if len(line) >= _SHORTEST_LITERAL), key=len, reverse=True
        )
        self._literals = re.compile("|".join(map(re.escape, self._known)))

    def __call__(self, text: str) -> str:
        """The text with every secret masked; text without one comes back unchanged."""
        # Looking for a few words first is twenty times as fast as the patterns.
        if any(secret in text for secret in self._known):
            text = self._literals.sub(lambda match: mask(match.group()), text)
        if any(sign in text for sign in _SIGNS):
            text = _SHAPES.sub(lambda match: mask(match.group()), text)
        return text

    def settled(self, text: str) -> int:
        """How many characters of a text that goes on can be shown before the rest is known.

        What follows that place may be the beginning of a secret.
        """
        begun = _BEGUN.search(text)
        end = begun.start() if begun else len(text)
        for secret in self._known:
            for length in range(min(len(secret), len(text)), 0, -1):
                if text.endswith(secret[:length]):
                    end = min(end, len(text) - length)
                    break
        return end
