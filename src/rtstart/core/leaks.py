"""Keys where no key may be: recognised in any text by their form, told without being repeated."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rtstart.core.secrets import mask

_KEY = re.compile(r"(?<![A-Za-z0-9_-])(?:sk-|whsec_)[A-Za-z0-9_\-+/=]{20,}")
_TEST = ("sk-test-", "sk-local-")
_SHORTEST_LITERAL = 12

CANDIDATES = r"(sk-|whsec_)[A-Za-z0-9_+/=-]{20,}"
"""A POSIX pattern that finds at least every place that `LeakFinder` would find by form."""


@dataclass(frozen=True, slots=True)
class Leak:
    """A key in a text; `line` counts from 1 and `masked` shows only its kind and end."""

    line: int
    masked: str


class LeakFinder:
    """Finds keys by their form, and known secrets by themselves."""

    def __init__(self, literals: Iterable[str] = ()) -> None:
        """`literals` are secrets whose form says nothing; short ones are left out."""
        known = sorted(one for one in set(literals) if len(one) >= _SHORTEST_LITERAL)
        self._known = re.compile("|".join(re.escape(one) for one in known)) if known else None

    def find(self, text: str) -> Iterator[Leak]:
        """Every key in a text, in order of form and then of known secrets."""
        seen: set[int] = set()
        for match in _KEY.finditer(text):
            if _is_random(match.group()):
                seen.add(match.start())
                yield _leak(text, match)
        if self._known is not None:
            for match in self._known.finditer(text):
                if match.start() not in seen:
                    yield _leak(text, match)


def _leak(text: str, match: re.Match[str]) -> Leak:
    return Leak(text.count("\n", 0, match.start()) + 1, mask(match.group()))


def _is_random(value: str) -> bool:
    """Keys are random letters of both cases and digits; names of styles (`sk-circle-…`) are not."""
    if value.startswith(_TEST):
        return False
    body = re.sub(r"^(?:sk-(?:proj-|svcacct-|admin-)?|whsec_)", "", value)
    kinds = (r"[a-z]", r"[A-Z]", r"[0-9]")
    return all(re.search(kind, body) for kind in kinds)
