"""One line for each decision that may cost money or let somebody in (row S23)."""

import json
from dataclasses import dataclass
from typing import Literal, TypeAlias

from rtstart.core.access import coarse_address
from rtstart.core.secrets import Masker

Deed: TypeAlias = Literal["mint", "invitation", "webhook", "kill", "drop", "call"]

_LONGEST_AGENT = 160
_masked = Masker()


@dataclass(frozen=True, slots=True)
class AuditLine:
    """Who asked for what, from roughly where, and what was decided. Never a secret."""

    deed: Deed
    visitor: str
    client: str
    agent: str
    decision: str
    status: int = 0

    def text(self, at: str) -> str:
        """The line as it is kept; `at` is the time in ISO form."""
        told = {
            "at": at,
            "deed": self.deed,
            "visitor": self.visitor,
            "from": coarse_address(self.client),
            "agent": _plain(self.agent),
            "decision": self.decision,
            "status": self.status,
        }
        return json.dumps(told, ensure_ascii=False) + "\n"


def _plain(said: str) -> str:
    """What a client says of itself, without secrets and without letters that steer a terminal."""
    shown = "".join(letter if letter.isprintable() else "?" for letter in said[:_LONGEST_AGENT])
    return _masked(shown)
