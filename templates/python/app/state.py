"""What lives as long as the app: settings, limits, the HTTP client, the count of calls."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import cast

import httpx
from starlette.requests import HTTPConnection

from app.errors import Refused
from app.limits import Limits
from app.settings import Settings


class Calls:
    """The calls that go through this process now."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.now = 0

    def check(self) -> None:
        """Raise Refused when there is no room for one more."""
        if self.now >= self._most:
            words = "This server carries as many calls as it can; try again in a moment."
            raise Refused(503, "server_busy", words, retry_after="10")

    @contextmanager
    def one_more(self) -> Iterator[None]:
        """Counts one call while it lasts."""
        self.now += 1
        try:
            yield
        finally:
            self.now -= 1


@dataclass(frozen=True, slots=True)
class State:
    """Everything that requests share."""

    settings: Settings
    limits: Limits
    http: httpx.AsyncClient
    calls: Calls = field(default_factory=lambda: Calls(50))


def state_of(connection: HTTPConnection) -> State:
    """The app's state, from any request or socket."""
    return cast(State, connection.app.state.voice)
