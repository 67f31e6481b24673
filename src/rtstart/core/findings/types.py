"""What a finding is: one known failure, with its cause and its fix."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Level: TypeAlias = Literal["ok", "note", "warning", "error"]
"""How much a finding matters: `error` stops the work at hand, `warning` may hurt later."""


@dataclass(frozen=True, slots=True)
class Fix:
    """What to do about a finding.

    `command` can be pasted into a shell, or is empty when the fix is an edit. `safe` says that
    `rtstart doctor --fix` may run the command by itself.
    """

    words: str
    command: str = ""
    safe: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """One failure that was recognised here and now.

    `code` is `RT` and three digits and leads to the catalogue; `where` is `file:line`, a port or
    an address, or empty; `data` holds plain values for `--json`.
    """

    code: str
    level: Level
    what: str
    why: str
    fix: Fix
    where: str = ""
    data: Mapping[str, str | int | float | bool | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Entry:
    """One page of the catalogue: a failure that can happen, named before it happens.

    `title` says what happened in general, `recognised` says by which sign rtstart knows it and
    `source` where the fact comes from.
    """

    code: str
    level: Level
    title: str
    why: str
    fix: Fix
    recognised: str
    source: str = ""

    def found(
        self,
        what: str = "",
        *,
        why: str = "",
        fix: Fix | None = None,
        where: str = "",
        level: Level | None = None,
        data: Mapping[str, str | int | float | bool | None] | None = None,
    ) -> Finding:
        """This failure, seen here: words given replace the catalogue's general ones."""
        return Finding(
            code=self.code,
            level=level or self.level,
            what=what or self.title,
            why=why or self.why,
            fix=fix or self.fix,
            where=where,
            data=dict(data or {}),
        )
