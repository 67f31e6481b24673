"""A run of real processes in a test: its events kept, and waited for by kind."""

import asyncio
import os
import sys
from collections.abc import Callable, Sequence
from typing import TypeVar

from rtstart.core.events import Event, Output
from rtstart.core.services import AtOnce, Readiness, Service

_T = TypeVar("_T")


class Events:
    """An `emit` that keeps every event and lets a test wait for one."""

    def __init__(self) -> None:
        self.all: list[Event] = []
        self._waiting: list[tuple[Callable[[Event], bool], asyncio.Future[Event]]] = []

    def __call__(self, event: Event) -> None:
        self.all.append(event)
        for wanted, future in self._waiting:
            if not future.done() and wanted(event):
                future.set_result(event)

    def of(self, kind: type[_T]) -> list[_T]:
        """All events of a kind so far."""
        return [event for event in self.all if isinstance(event, kind)]

    def lines(self, service: str) -> list[str]:
        """The whole lines of a service so far, first times only."""
        return [
            event.line
            for event in self.of(Output)
            if event.service == service and not event.partial and event.repeats == 1
        ]

    async def until(self, wanted: Callable[[Event], bool], within_s: float = 8.0) -> Event:
        """The first event that fits, past or to come."""
        for event in self.all:
            if wanted(event):
                return event
        return await self.until_next(wanted, within_s)

    async def until_next(self, wanted: Callable[[Event], bool], within_s: float = 8.0) -> Event:
        """The next event that fits."""
        future: asyncio.Future[Event] = asyncio.get_running_loop().create_future()
        self._waiting.append((wanted, future))
        try:
            async with asyncio.timeout(within_s):
                return await future
        except TimeoutError as error:
            seen = "\n".join(str(event)[:200] for event in self.all[-25:])
            raise AssertionError(
                f"it did not come within {within_s:g} s, after:\n{seen}"
            ) from error

    async def until_line(self, service: str, part: str) -> str:
        """The first whole line of a service that holds this text."""
        event = await self.until(
            lambda one: (
                isinstance(one, Output)
                and one.service == service
                and not one.partial
                and part in one.line
            )
        )
        assert isinstance(event, Output)
        return event.line


def python(code: str) -> list[str]:
    """A command that runs this Python code, started fast."""
    return [sys.executable, "-I", "-S", "-c", code]


def service(
    name: str,
    command: str | Sequence[str],
    *,
    ready: Readiness | None = None,
    after: tuple[str, ...] = (),
    port: int | None = None,
    ready_within_s: float = 10.0,
    grace_s: float = 2.0,
    restarts: int = 0,
    watch: tuple[str, ...] = (),
    cwd: str = "/",
    is_essential: bool = True,
    is_held: bool = False,
    holds_input_open: bool = False,
) -> Service:
    """A service with this test's environment and short times."""
    return Service(
        name=name,
        command=command,
        cwd=cwd,
        env=dict(os.environ),
        port=port,
        after=after,
        ready=ready or AtOnce(),
        ready_within_s=ready_within_s,
        grace_s=grace_s,
        restarts=restarts,
        watch=watch,
        is_essential=is_essential,
        is_held=is_held,
        holds_input_open=holds_input_open,
    )
