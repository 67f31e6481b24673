"""Events as JSON, one a line, for scripts and coding agents."""

import json
import re
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime

from rtstart.cli.render.style import Stream
from rtstart.core.events import Event

SCHEMA = 1
"""Raised when a field changes its meaning or goes away; new events and fields do not raise it."""


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class JsonLines:
    """Writes each event as one line: `schema`, `event` (`step_done`), `at`, then its own fields."""

    def __init__(self, out: Stream, *, now: Callable[[], str] = _now) -> None:
        self._out = out
        self._now = now

    def __call__(self, event: Event) -> None:
        """Write one event."""
        self.write(event_name(type(event)), asdict(event))

    def write(self, name: str, fields: dict[str, object]) -> None:
        """Write one line that is no event, such as the answer to a question."""
        line = {"schema": SCHEMA, "event": name, "at": self._now(), **fields}
        carries_all = (self._out.encoding or "").lower().startswith("utf")
        self._out.write(f"{json.dumps(line, ensure_ascii=not carries_all)}\n")
        self._out.flush()

    def close(self) -> None:
        """Nothing stands on the screen that must go."""


def event_name(kind: type[Event]) -> str:
    """An event's name in JSON: its class in words, `StepDone` as `step_done`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower()
