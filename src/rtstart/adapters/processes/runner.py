"""Drives the supervision machine on the event loop: its actions become processes, signals, timers
and events; what the processes do becomes its facts.
"""

import asyncio
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Self, assert_never

from rtstart.adapters import ports
from rtstart.adapters.files import shortest
from rtstart.adapters.processes.child import (
    Child,
    ChildClosed,
    ChildExited,
    ChildFact,
    ChildFailed,
    ChildSaid,
    ChildStarted,
    child_environment,
)
from rtstart.adapters.processes.groups import ask_group, is_group_alive, kill_group
from rtstart.adapters.processes.guard import Guard
from rtstart.adapters.processes.logs import LogFile
from rtstart.adapters.processes.output import Listener, ServiceOutput
from rtstart.adapters.processes.readiness import HttpProbe
from rtstart.adapters.processes.watch import Watcher
from rtstart.core.errors import Failed, Interrupted
from rtstart.core.events import Emit, Found
from rtstart.core.findings import Finding, services
from rtstart.core.secrets import Masker
from rtstart.core.services import AtOnce, HttpReady, LineReady, Service
from rtstart.core.supervision import (
    Abandon,
    Action,
    Added,
    Answered,
    Begin,
    Emptied,
    Ended,
    Fact,
    Life,
    Probe,
    Rang,
    Removed,
    RestartAsked,
    Ring,
    Signal,
    Spawn,
    Spawned,
    SpawnFailed,
    StopAsked,
    Supervision,
    Tell,
)

_LAST_WORDS_S = 0.05
"""How long the end of a process is held back, so that what it said last is told first."""

_NOT_STARTED = 127
_GROUP_FIRST_S = 0.002
_GROUP_LONGEST_S = 0.05


@dataclass(slots=True)
class _Running:
    """What belongs to one life."""

    service: Service
    child: Child
    output: ServiceOutput
    pid: int = 0
    code: int | None = None
    is_end_told: bool = False
    is_closed: bool = False
    probe: asyncio.Task[None] | None = None


class Runner:
    """The services of a run. Used as a context: at its end nothing of them is left.

    `emit` gets every event, `masker` hides secrets in all output, `log_dir` holds a file for each
    service (none are written without it). `is_colored` says that our own output shows colours, so
    that children may use them; `columns` is how wide their lines may be.
    """

    def __init__(
        self,
        given: Sequence[Service],
        *,
        emit: Emit,
        masker: Masker,
        log_dir: Path | None = None,
        is_colored: bool = False,
        columns: int | None = None,
    ) -> None:
        self._machine = Supervision(given)
        self._services = {service.name: service for service in given}
        self._emit = emit
        self._masker = masker
        self._log_dir = log_dir
        self._is_colored = is_colored
        self._columns = columns
        self._guard = Guard()
        self._probe = HttpProbe()
        self._running: dict[Life, _Running] = {}
        self._codes: dict[str, int] = {}
        self._gone = asyncio.Event()
        self._outputs: dict[str, ServiceOutput] = {}
        self._listeners: dict[str, list[Listener]] = {}
        self._logs: dict[str, LogFile] = {}
        self._timers: set[asyncio.TimerHandle] = set()
        self._watcher = Watcher(on_change=self._changed, on_trouble=self._not_watched)
        self._facts: list[Fact] = []
        self._is_stepping = False

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._ready: asyncio.Future[None] = self._loop.create_future()
        self._ended: asyncio.Future[None] = self._loop.create_future()
        self._guard.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if not self._machine.is_finished:
                self.request_stop()
                await self._until_ended()
        finally:
            await self._watcher.close()
            for timer in self._timers:
                timer.cancel()
            for log in self._logs.values():
                log.close()
            self._guard.close()
            await self._probe.__aexit__(kind, error, trace)

    async def _until_ended(self) -> None:
        try:
            await asyncio.shield(self._ended)
        except asyncio.CancelledError:
            # Told to leave at once: kill, and still see them gone. The machine bounds the wait.
            self.request_stop()
            await asyncio.shield(self._ended)
            raise

    # Asked from outside -------------------------------------------------------------------------

    def start(self) -> None:
        """Start the services, each when those it comes after are ready."""
        self._feed(Begin())
        for service in self._services.values():
            self._watcher.begin(service)

    async def wait_ready(self) -> None:
        """Return when every essential service has been ready.

        Raises Failed with the finding when the run fails before, Interrupted when it is stopped.
        """
        await asyncio.wait((self._ready, self._ended), return_when=asyncio.FIRST_COMPLETED)
        if not self._ready.done():
            if self.failure is not None:
                raise Failed.of(self.failure)
            raise Interrupted("The run was stopped before it was ready", hint="Start it again.")

    async def wait_end(self) -> Finding | None:
        """Wait until the run has ended and nothing of it is left.

        The finding says why it failed; None means that it was asked to stop.
        """
        await asyncio.shield(self._ended)
        return self.failure

    def request_stop(self) -> None:
        """Ask all services to end, the last started first; asked again, kill them."""
        self._feed(StopAsked())

    def restart(self, name: str, why: str = "asked") -> None:
        """Start a service anew; one that is unknown or waits for others is left alone."""
        self._feed(RestartAsked(name, why))

    def add(self, service: Service) -> None:
        """Start a service in the running run, in place of the one that has its name."""
        self._services[service.name] = service
        self._feed(Added(service))
        self._watcher.begin(service)

    def remove(self, name: str) -> None:
        """Stop a service and forget it."""
        self._feed(Removed(name))
        self._watcher.end(name)

    async def wait_gone(self, name: str) -> int:
        """Wait until nothing of a service that was added is left; its exit code, 127 for none."""
        while any(life.service == name for life in self._running):
            self._gone.clear()
            await self._gone.wait()
        return self._codes.get(name, _NOT_STARTED)

    def listen(self, name: str, listener: Listener) -> Callable[[], None]:
        """Give a listener each whole line of a service, in all its lives; call to end that."""
        listeners = self._listeners.setdefault(name, [])
        listeners.append(listener)
        return lambda: listeners.remove(listener) if listener in listeners else None

    def last_lines(self, name: str) -> tuple[str, ...]:
        """The last lines of a service's present or last life, masked."""
        output = self._outputs.get(name)
        return tuple(output.last_lines) if output is not None else ()

    @property
    def failure(self) -> Finding | None:
        """Why the run is ending by itself, if it is, and where the service's log is."""
        found = self._machine.failure
        log = self._logs.get(str(found.data.get("service"))) if found else None
        if found is None or log is None:
            return found
        return replace(found, why=f"{found.why} All it said: {shortest(log.path)}".lstrip())

    def _changed(self, name: str, why: str) -> None:
        self._feed(RestartAsked(name, why, is_change=True))

    def _not_watched(self, service: Service, why: str) -> None:
        self._emit(Found(services.NOT_WATCHED.found(why=why, where=service.name)))

    # The machine --------------------------------------------------------------------------------

    def _feed(self, fact: Fact) -> None:
        """Take a fact in. Acting may bring more facts, which wait for their turn."""
        self._facts.append(fact)
        if self._is_stepping:
            return
        self._is_stepping = True
        try:
            while self._facts:
                for action in self._machine.step(self._facts.pop(0), self._loop.time()):
                    self._act(action)
        finally:
            self._is_stepping = False
        if self._machine.is_ready and not self._ready.done():
            self._ready.set_result(None)
        if self._machine.is_finished and not self._ended.done():
            self._ended.set_result(None)

    def _act(self, action: Action) -> None:
        match action:
            case Tell(event):
                self._emit(event)
            case Spawn(life, service):
                self._spawn(life, service)
            case Probe(life, service):
                self._begin_probe(life, service)
            case Ring(timer, after_s):
                self._later(after_s, lambda: self._feed(Rang(timer)))
            case Signal(_, pid, "ask"):
                ask_group(pid)
            case Signal(_, pid, _):
                kill_group(pid)
            case Abandon(life):
                self._abandon(life)
            case _:
                assert_never(action)

    def _later(self, after_s: float, call: Callable[[], None]) -> None:
        def ring() -> None:
            self._timers.discard(handle)
            call()

        handle = self._loop.call_later(after_s, ring)
        self._timers.add(handle)

    # Lives --------------------------------------------------------------------------------------

    def _spawn(self, life: Life, service: Service) -> None:
        if service.port is not None and ports.is_answered(service.port):
            # A stranger's server would answer the readiness probe in our service's place.
            taken = ports.port_taken(service.port, wanted_by=service.name)
            self._feed(SpawnFailed(life, taken))
            return
        child = Child(
            service.command,
            cwd=service.cwd,
            env=child_environment(service.env, color=self._is_colored, columns=self._columns),
            tell=lambda fact: self._tell_from_thread(life, fact),
            holds_input_open=service.holds_input_open,
        )
        output = ServiceOutput(
            service.name,
            masker=self._masker,
            emit=self._emit,
            log=self._log(service.name),
            listeners=self._listeners.setdefault(service.name, []),
        )
        self._outputs[service.name] = output
        self._running[life] = _Running(service, child, output)
        child.start()

    def _log(self, name: str) -> LogFile | None:
        if self._log_dir is None:
            return None
        if name not in self._logs:
            self._logs[name] = LogFile(self._log_dir, name, on_trouble=self._log_failed)
        return self._logs[name]

    def _log_failed(self, error: OSError) -> None:
        self._emit(Found(services.NO_LOG.found(why=str(error), where=str(self._log_dir))))

    def _tell_from_thread(self, life: Life, fact: ChildFact) -> None:
        if isinstance(fact, ChildStarted):
            # Here and not on the loop: between the spawn and this line nobody would end it.
            self._guard.add(fact.pid)
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._take, life, fact)

    def _take(self, life: Life, fact: ChildFact) -> None:
        running = self._running.get(life)
        if running is None:
            return
        match fact:
            case ChildStarted(pid):
                running.pid = pid
                self._feed(Spawned(life, pid))
            case ChildFailed(error):
                del self._running[life]
                self._gone.set()
                self._feed(SpawnFailed(life, _cannot_start(running.service, error)))
            case ChildSaid(chunk):
                running.output.feed(chunk)
                running.child.handled()
            case ChildExited(code):
                running.code = code
                self._end_probe(running)
                self._later(_LAST_WORDS_S, lambda: self._tell_end(life, running))
            case ChildClosed():
                running.is_closed = True
                running.output.end()
                if running.code is not None:
                    self._tell_end(life, running)
            case _:
                assert_never(fact)

    def _tell_end(self, life: Life, running: _Running) -> None:
        if not running.is_end_told and running.code is not None:
            running.is_end_told = True
            self._feed(Ended(life, running.code))
            self._look_whether_empty(life)

    def _look_whether_empty(self, life: Life, pause_s: float = _GROUP_FIRST_S) -> None:
        """A group tells nobody when its last member goes, so it is asked now and then."""
        running = self._running.get(life)
        if running is None:
            return
        if running.is_closed and not is_group_alive(running.pid):
            self._forget(life, running)
            self._feed(Emptied(life))
        else:
            longer_s = min(2 * pause_s, _GROUP_LONGEST_S)
            self._later(pause_s, lambda: self._look_whether_empty(life, longer_s))

    def _forget(self, life: Life, running: _Running) -> None:
        self._end_probe(running)
        self._guard.remove(running.pid)
        self._running.pop(life, None)
        if running.code is not None:
            self._codes[life.service] = running.code
        self._gone.set()

    def _abandon(self, life: Life) -> None:
        running = self._running.get(life)
        if running is not None:
            running.child.abandon()
            running.output.end()
            self._forget(life, running)

    # Readiness ----------------------------------------------------------------------------------

    def _begin_probe(self, life: Life, service: Service) -> None:
        running = self._running.get(life)
        if running is None:
            return
        match service.ready:
            case HttpReady(path) if service.port is not None:
                running.probe = asyncio.ensure_future(self._ask(life, service.port, path))
            case LineReady(pattern):
                self._watch_lines(life, service.name, pattern)
            case HttpReady() | AtOnce():
                self._feed(Answered(life))
            case _:
                assert_never(service.ready)

    async def _ask(self, life: Life, port: int, path: str) -> None:
        await self._probe.until_ready(port, path)
        self._feed(Answered(life))

    def _watch_lines(self, life: Life, name: str, pattern: str) -> None:
        wanted = re.compile(pattern)

        def look(line: str) -> None:
            if life not in self._running:
                stop()
            elif wanted.search(line):
                stop()
                self._feed(Answered(life))

        stop = self.listen(name, look)

    def _end_probe(self, running: _Running) -> None:
        if running.probe is not None:
            running.probe.cancel()
            running.probe = None


def _cannot_start(service: Service, error: OSError | ValueError) -> Finding:
    return services.CANNOT_START.found(
        f'"{service.name}" could not be started', why=str(error), data={"service": service.name}
    )
