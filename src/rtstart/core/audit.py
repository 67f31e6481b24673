"""One line for each decision that may cost money or let somebody in (row S23)."""

import json
from dataclasses import dataclass
from typing import Literal, TypeAlias

from rtstart.core.access import coarse_address

Deed: TypeAlias = Literal["mint", "invitation", "webhook", "kill", "drop", "call"]

_LONGEST_AGENT = 160


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
            "agent": self.agent[:_LONGEST_AGENT],
            "decision": self.decision,
            "status": self.status,
        }
        return json.dumps(told, ensure_ascii=False) + "\n"
