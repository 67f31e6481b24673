"""Text that comes in pieces, cut into sentences, so that each is spoken as soon as it is whole."""

import re

_END = re.compile(r"[.!?…:;]+[\"')\]]*\s+|\n+|[\u3002\uff01\uff1f]+")
_LONGEST = 240
"""A sentence that does not end is spoken up to a blank all the same."""


class Sentences:
    """Collects text and gives whole sentences."""

    def __init__(self) -> None:
        self._rest = ""

    def add(self, text: str) -> list[str]:
        """The sentences that this piece completes, without blanks round them."""
        self._rest += text
        found: list[str] = []
        while (cut := self._cut()) is not None:
            sentence, self._rest = self._rest[:cut].strip(), self._rest[cut:]
            if sentence:
                found.append(sentence)
        return found

    def rest(self) -> list[str]:
        """What is left when no more text comes."""
        rest, self._rest = self._rest.strip(), ""
        return [rest] if rest else []

    def _cut(self) -> int | None:
        end = _END.search(self._rest)
        if end is not None:
            return end.end()
        if len(self._rest) <= _LONGEST:
            return None
        blank = self._rest.rfind(" ", 0, _LONGEST)
        return _LONGEST if blank < 1 else blank + 1
