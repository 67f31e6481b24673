"""A `dev` session in this process, with its events kept and waited for."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from rtstart.commands.dev import DevRequest, DevSession
from rtstart.core.errors import RtstartError
from rtstart.core.events import Announced, Event, Finished
from rtstart.core.findings import Finding
from tests.fakes.runs import Events


class Session(Events):
    """A running session. `agrees` is the answer to every question it asks."""

    def __init__(self, request: DevRequest, *, agrees: bool = False) -> None:
        super().__init__()
        self.asked: list[Finding] = []
        self._agrees = agrees
        self.session = DevSession(request, consent=self._consent, emit=self)

    async def _consent(self, finding: Finding) -> bool:
        self.asked.append(finding)
        return self._agrees

    async def until_public(self, *, after: int = 0, within_s: float = 15.0) -> Announced:
        """The first announcement with a public address, past the first `after` events."""

        def fits(event: Event) -> bool:
            return isinstance(event, Announced) and event.public_url != ""

        for event in self.all[after:]:
            if fits(event):
                assert isinstance(event, Announced)
                return event
        found = await self.until_next(fits, within_s)
        assert isinstance(found, Announced)
        return found


@contextlib.asynccontextmanager
async def session_of(request: DevRequest, *, agrees: bool = False) -> AsyncIterator[Session]:
    """Run a session while the block lasts, then stop it and wait for its end."""
    run = Session(request, agrees=agrees)
    running = asyncio.ensure_future(run.session.run())
    try:
        yield run
    finally:
        run.session.request_stop()
        async with asyncio.timeout(15):
            (error,) = await asyncio.gather(running, return_exceptions=True)
        assert isinstance(run.all[-1], Finished)
        if isinstance(error, BaseException) and not isinstance(error, RtstartError):
            raise error
