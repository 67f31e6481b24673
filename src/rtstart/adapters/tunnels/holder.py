"""Drives the tunnel keeper: its actions become programs, questions and timers, and what those tell
becomes its facts.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, assert_never

from rtstart.adapters import ports
from rtstart.adapters.processes import Runner
from rtstart.adapters.tunnels.machine import ThisMachine
from rtstart.adapters.tunnels.program import Program
from rtstart.core.errors import RtstartError
from rtstart.core.events import Emit
from rtstart.core.findings import Finding, tunnel
from rtstart.core.tunnels import (
    AddressFound,
    Candidate,
    Connected,
    FixedTunnel,
    Options,
    OwnListener,
    ProcessTunnel,
    Provider,
    Refused,
    Target,
    TaskTunnel,
    Way,
)
from rtstart.core.tunnels.health import Seen
from rtstart.core.tunnels.keeper import Keeper, Rules
from rtstart.core.tunnels.keeper_facts import (
    Accept,
    Action,
    Announce,
    Check,
    Checked,
    Close,
    CloseAsked,
    Closed,
    ExtendAsked,
    Fact,
    Limits,
    News,
    Open,
    OpenAsked,
    Prove,
    Proved,
    Rang,
    Ring,
    Tell,
    Withdraw,
)

_log = logging.getLogger(__name__)

_FIXED_WITHIN_S = 10.0
_FAREWELL_S = 0.2
"""What is told to open pages goes through the tunnel, so it gets this long before it is ended."""


class Doors(Protocol):
    """What the run does about an address; the holder only decides when."""

    async def listen(self, address: str) -> str:
        """Listen on this address of the machine, with a certificate; the origin to open there."""
        ...

    def accept(self, url: str) -> None:
        """Let requests for this origin in."""
        ...

    def withdraw(self) -> None:
        """Let nobody in by any public origin."""
        ...

    async def prove(self, url: str, candidate: Candidate) -> tuple[Finding, ...]:
        """Ask everything through the address, with the patience that it needs."""
        ...

    async def check(self, url: str) -> Seen:
        """Ask once whether the address leads to this run."""
        ...

    async def fetch(self, candidate: Candidate) -> None:
        """Bring the candidate's program to this machine. Raises RtstartError."""
        ...

    def announce(self, url: str, candidate: Candidate, findings: tuple[Finding, ...]) -> None:
        """Say the address to people."""
        ...


@dataclass(frozen=True, slots=True)
class Supply:
    """What a holder needs to open ways. `port` is where they lead to."""

    providers: Mapping[str, Provider]
    options: Mapping[str, Options]
    machine: ThisMachine
    port: int
    files_dir: Path


class TunnelHolder:
    """Holds a public address up while it is entered. All methods belong to the event loop."""

    def __init__(
        self,
        keeper: Keeper,
        supply: Supply,
        *,
        runner: Runner,
        doors: Doors,
        emit: Emit,
    ) -> None:
        self._keeper = keeper
        self._supply = supply
        self._runner = runner
        self._doors = doors
        self._emit = emit
        self._facts: list[Fact] = []
        self._is_stepping = False
        self._openings: dict[int, asyncio.Task[Finding | None]] = {}
        self._is_leaving = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._proving: asyncio.Task[None] | None = None
        self._timers: set[asyncio.TimerHandle] = set()
        self._settled = asyncio.Event()
        self._idle = asyncio.Event()

    async def __aenter__(self) -> "TunnelHolder":
        self._loop = asyncio.get_running_loop()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.leave()
        for timer in self._timers:
            timer.cancel()
        everything: list[asyncio.Task[Any]] = [*self._tasks, *self._openings.values()]
        for task in everything:
            task.cancel()
        await asyncio.gather(*everything, return_exceptions=True)

    def leave(self) -> None:
        """Decide nothing any more: the run is ending, and what ends now is no failure."""
        self._is_leaving = True

    # Asked from outside -------------------------------------------------------------------------

    def open(self) -> None:
        """Begin, or begin again after `close`."""
        self._settled.clear()
        self._feed(OpenAsked())

    def close(self, why: str) -> None:
        """Take the address away; the run goes on."""
        self._feed(CloseAsked(why))

    def extend(self) -> None:
        """Give the address another whole term."""
        self._feed(ExtendAsked())

    @property
    def url(self) -> str:
        """The address that is up, or empty."""
        return self._keeper.url

    @property
    def is_wanted(self) -> bool:
        """Whether an address is up, or on its way."""
        return self._keeper.state not in ("off", "closing")

    async def wait_settled(self) -> str:
        """Wait until an address is up or all ways were given up; the address or an empty text."""
        await self._settled.wait()
        return self.url

    # The machine --------------------------------------------------------------------------------

    def _feed(self, fact: Fact) -> None:
        self._facts.append(fact)
        if self._is_stepping or self._is_leaving:
            return
        self._is_stepping = True
        try:
            while self._facts:
                for action in self._keeper.step(self._facts.pop(0), self._loop.time()):
                    self._act(action)
        finally:
            self._is_stepping = False
        if self._keeper.state in ("up", "off"):
            self._settled.set()

    def _act(self, action: Action) -> None:
        match action:
            case Open(attempt, candidate):
                task = asyncio.ensure_future(self._hold(attempt, candidate))
                self._openings[attempt] = task
                task.add_done_callback(lambda done: self._over(attempt, candidate, done))
            case Close(attempt):
                self._end(attempt)
            case Accept(_, url):
                self._doors.accept(url)
            case Withdraw():
                self._stop_proving()
                self._doors.withdraw()
            case Prove(attempt, url, candidate):
                self._stop_proving()
                self._proving = asyncio.ensure_future(self._prove(attempt, url, candidate))
                self._keep(self._proving)
            case Check(attempt, url):
                self._keep(asyncio.ensure_future(self._check(attempt, url)))
            case Announce(_, url, candidate, findings):
                self._doors.announce(url, candidate, findings)
            case Ring(timer, after_s):
                self._later(after_s, lambda: self._feed(Rang(timer)))
            case Tell(event):
                self._emit(event)
            case _:
                assert_never(action)

    def _end(self, attempt: int) -> None:
        task = self._openings.get(attempt)
        if task is None:
            self._loop.call_soon(self._feed, Closed(attempt))
        else:
            self._later(_FAREWELL_S, task.cancel)

    def _stop_proving(self) -> None:
        """What is proved no more is not waited for, and must not disturb what is proved next."""
        if self._proving is not None:
            self._proving.cancel()
            self._proving = None

    def _keep(self, task: "asyncio.Task[None]") -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _later(self, after_s: float, call: Callable[[], object]) -> None:
        def ring() -> None:
            self._timers.discard(handle)
            call()

        handle = self._loop.call_later(after_s, ring)
        self._timers.add(handle)

    async def _prove(self, attempt: int, url: str, candidate: Candidate) -> None:
        findings = await self._doors.prove(url, candidate)
        self._feed(Proved(attempt, findings))

    async def _check(self, attempt: int, url: str) -> None:
        self._feed(Checked(attempt, await self._doors.check(url)))

    # One opening --------------------------------------------------------------------------------

    async def _hold(self, attempt: int, candidate: Candidate) -> Finding | None:
        """Hold one way open to its end; the finding says why it ended by itself."""
        if candidate.must_fetch:
            try:
                await self._doors.fetch(candidate)
            except RtstartError as error:
                self._feed(News(attempt, Refused(_failed(candidate.name, error))))
                return None
        return await self._hold_way(attempt, candidate, self._plan(candidate))

    def _over(
        self, attempt: int, candidate: Candidate, done: "asyncio.Task[Finding | None]"
    ) -> None:
        """Whatever ended it, the keeper is told."""
        del self._openings[attempt]
        finding: Finding | None = None
        if not done.cancelled():
            error = done.exception()
            if error is None:
                finding = done.result()
            else:
                _log.warning("tunnel %s failed", candidate.name, exc_info=error)
                finding = _failed(candidate.name, error)
        self._feed(Closed(attempt, finding))

    def _plan(self, candidate: Candidate) -> Way:
        supply = self._supply
        target = Target(supply.port, ports.choose_port(None), str(supply.files_dir))
        provider = supply.providers[candidate.name]
        return provider.plan(supply.machine, target, supply.options.get(candidate.name, {}))

    async def _hold_way(self, attempt: int, candidate: Candidate, way: Way) -> Finding | None:
        match way:
            case ProcessTunnel():
                self._feed(Limits(attempt, way.address_within_s, way.connected_within_s))
                program = Program(candidate.name, way, self._supply.files_dir)
                return await program.hold(
                    self._runner, self._supply.machine, lambda news: self._feed(News(attempt, news))
                )
            case TaskTunnel():
                self._feed(Limits(attempt, way.address_within_s, way.connected_within_s))
                await way.run(lambda news: self._feed(News(attempt, news)))
                return None
            case FixedTunnel(address):
                await self._hold_address(attempt, address)
            case OwnListener(address):
                await self._hold_address(attempt, await self._doors.listen(address))
            case _:
                assert_never(way)
        return None

    async def _hold_address(self, attempt: int, url: str) -> None:
        self._feed(Limits(attempt, _FIXED_WITHIN_S, _FIXED_WITHIN_S))
        self._feed(News(attempt, Connected()))
        self._feed(News(attempt, AddressFound(url)))
        await asyncio.Event().wait()


def _failed(name: str, error: BaseException) -> Finding:
    if isinstance(error, RtstartError) and error.findings:
        return error.findings[0]
    return tunnel.PLUG_IN_BROKEN.found(
        f"{name} failed", why=f"{type(error).__name__}: {error}", level="error"
    )


__all__ = ["Doors", "Keeper", "Rules", "Supply", "TunnelHolder"]
