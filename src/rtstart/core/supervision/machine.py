"""The supervision machine: order, readiness, restarts, back-off, two-stage stop."""

from collections.abc import Iterable, Iterator
from typing import assert_never

from rtstart.core.events import Event, Exited, Failed, Found, Ready, Restarting, Started, Stopping
from rtstart.core.findings import Finding
from rtstart.core.services import AtOnce, Service
from rtstart.core.supervision import words
from rtstart.core.supervision.facts import (
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
    Purpose,
    Rang,
    Removed,
    RestartAsked,
    Ring,
    Signal,
    Spawn,
    Spawned,
    SpawnFailed,
    StopAsked,
    Tell,
    Timer,
)
from rtstart.core.supervision.unit import Unit

LINGER_S = 0.5
"""How long the rest of a group may outlive a process that ended by itself."""

ABANDON_S = 1.0
"""How long after SIGKILL we still wait for an end."""

REPORT_S = 1.0
"""How often is said whom the stop waits for."""

_REPORT = Timer("report")


class Supervision:
    """Decides which process is started and ended when. `step` is the only way in."""

    def __init__(self, services: Iterable[Service]) -> None:
        self._units = {service.name: Unit(service) for service in services}
        self._numbers: dict[str, int] = {}
        self._has_begun = False
        self._stop_began_at: float | None = None
        self._is_killing = False
        self._now = 0.0
        self._actions: list[Action] = []
        self.failure: Finding | None = None
        """Why the run ends, when it does not end by request."""

    @property
    def is_ready(self) -> bool:
        """Whether every essential service is ready or was; others are ready or given up."""
        return self._has_begun and all(
            unit.was_ready or unit.lets_others_start for unit in self._units.values()
        )

    @property
    def is_stopping(self) -> bool:
        """Whether the run is ending."""
        return self._stop_began_at is not None

    @property
    def is_finished(self) -> bool:
        """Whether the run has ended and nothing of it is left."""
        return self.is_stopping and not any(unit.is_alive for unit in self._units.values())

    def step(self, fact: Fact, now: float) -> tuple[Action, ...]:
        """Take a fact in at a time (seconds of any monotonic clock) and say what to do."""
        self._now, self._actions = now, []
        match fact:
            case Begin():
                self._has_begun = True
                self._spawn_waiting()
            case Added(service):
                self._add(service)
            case Removed(name):
                self._remove(name)
            case RestartAsked(name, why, is_change):
                self._restart(name, why, is_change=is_change)
            case StopAsked():
                self._stop_asked()
            case Spawned() | SpawnFailed() | Answered() | Ended() | Emptied():
                self._step_life(fact)
            case Rang(timer):
                self._rang(timer)
            case _:
                assert_never(fact)
        return tuple(self._actions)

    # Asked from outside -------------------------------------------------------------------------

    def _add(self, service: Service) -> None:
        old = self._units.get(service.name)
        if self.is_stopping:
            return
        if old is None or not old.is_alive:
            self._put(service)
            self._spawn_waiting()
            return
        old.replacement, old.is_leaving = service, False
        self._ask(old)

    def _remove(self, name: str) -> None:
        unit = self._units.get(name)
        if unit is None:
            return
        unit.is_leaving, unit.replacement = True, None
        if unit.is_alive:
            self._ask(unit)
        else:
            self._settle(unit)

    def _restart(self, name: str, why: str, *, is_change: bool) -> None:
        unit = self._units.get(name)
        if unit is None or self.is_stopping or unit.phase in ("waiting", "ended"):
            return
        unit.restarts = 0
        unit.is_from_change = is_change
        if unit.restart_why:
            return
        self._tell(Restarting(name, 0.0, 1, why))
        if unit.is_alive:
            unit.restart_why = why
            self._ask(unit)
        else:
            self._spawn(unit)

    def _stop_asked(self) -> None:
        if not self.is_stopping:
            self._begin_stop()
            return
        self._is_killing = True
        for unit in self._alive():
            self._kill(unit)

    # A life, step by step -----------------------------------------------------------------------

    def _step_life(self, fact: Spawned | SpawnFailed | Answered | Ended | Emptied) -> None:
        unit = self._living(fact.life)
        if unit is None:
            return
        match fact:
            case Spawned(_, pid) if unit.phase == "spawning":
                self._spawned(unit, pid)
            case SpawnFailed(_, finding) if unit.phase == "spawning":
                self._not_spawned(unit, finding)
            case Answered() if unit.phase == "starting" and not unit.is_asked:
                self._became_ready(unit)
            case Ended(_, code) if unit.has_pid and unit.code is None:
                self._ended(unit, code)
            case Emptied() if unit.phase == "lingering":
                self._over(unit)
            case _:
                pass

    def _spawned(self, unit: Unit, pid: int) -> None:
        unit.phase, unit.pid = "starting", pid
        self._tell(Started(unit.service.name, pid, unit.service.port))
        if self._is_killing:
            self._kill(unit)
        elif unit.is_asked:
            self._signal_ask(unit)
        elif self.is_stopping:
            self._advance_stop()
        elif isinstance(unit.service.ready, AtOnce):
            self._became_ready(unit)
        else:
            self._do(Probe(unit.life, unit.service))
            self._ring("ready", unit, unit.service.ready_within_s)

    def _not_spawned(self, unit: Unit, finding: Finding) -> None:
        unit.phase, unit.restart_why = "ended", ""
        if not self.is_stopping:
            self._give_up(unit, finding)
        self._over(unit)

    def _became_ready(self, unit: Unit) -> None:
        unit.phase, unit.ready_at, unit.was_ready = "ready", self._now, True
        self._tell(Ready(unit.service.name, self._now - unit.began_at))
        self._spawn_waiting()

    def _ended(self, unit: Unit, code: int) -> None:
        unit.phase, unit.code = "lingering", code
        self._tell(Exited(unit.service.name, code, unit.is_asked))
        if not unit.is_asked:
            self._ring("linger", unit, LINGER_S)

    def _over(self, unit: Unit) -> None:
        """Nothing of the life is left: decide what comes next."""
        unit.phase = "ended"
        if self.is_stopping:
            self._advance_stop()
        elif unit.is_leaving or unit.replacement is not None:
            self._settle(unit)
        elif unit.restart_why:
            self._spawn(unit)
        elif unit.gave_up is not None:
            unit.phase = "parked"
            self._spawn_waiting()
        else:
            self._ended_by_itself(unit, unit.code or 0)

    def _ended_by_itself(self, unit: Unit, code: int) -> None:
        if unit.service.is_held:
            self._settle(unit)
            return
        unit.forgive(self._now)
        is_shell = isinstance(unit.service.command, str)
        if is_shell and unit.ready_at is None and code in (words.NOT_EXECUTABLE, words.NOT_FOUND):
            self._give_up(unit, words.not_startable(unit.service, code))
        elif unit.is_from_change and unit.ready_at is None and unit.survives_failure:
            self._give_up(unit, words.waits_for_change(unit.service, code))
        elif unit.restarts >= unit.service.restarts:
            self._give_up(unit, words.crashed(unit.service, code, unit.restarts + 1))
        else:
            delay_s = unit.next_delay_s()
            unit.restarts += 1
            unit.phase, unit.is_from_change = "backing-off", False
            why = words.how_ended(code)
            self._tell(Restarting(unit.service.name, delay_s, unit.restarts, f"ended {why}"))
            self._ring("back-off", unit, delay_s)
            return
        if not self.is_stopping:
            unit.phase = "parked"
            self._spawn_waiting()

    def _give_up(self, unit: Unit, finding: Finding) -> None:
        """End the run because of this service, or go on without it."""
        unit.gave_up = finding
        self._tell(Failed(unit.service.name))
        if unit.survives_failure:
            self._tell(Found(finding))
        else:
            self.failure = finding
            self._begin_stop()

    def _settle(self, unit: Unit) -> None:
        """The service leaves, or its replacement takes its place."""
        name = unit.service.name
        if unit.replacement is None:
            self._numbers[name] = unit.number
            del self._units[name]
        else:
            self._put(unit.replacement)
        self._spawn_waiting()

    def _put(self, service: Service) -> None:
        """Take a service in. Its lives are counted on from those of the same name before."""
        name = service.name
        old = self._units.get(name)
        number = old.number if old is not None else self._numbers.get(name, 0)
        self._units[name] = Unit(service, number=number)

    # Timers -------------------------------------------------------------------------------------

    def _rang(self, timer: Timer) -> None:
        if timer.life is None:
            self._report()
            return
        unit = self._units.get(timer.life.service)
        if unit is None or unit.number != timer.life.number:
            return
        match timer.purpose:
            case "back-off" if unit.phase == "backing-off" and not self.is_stopping:
                self._spawn(unit)
            case "ready" if unit.phase == "starting" and not (unit.is_asked or self.is_stopping):
                self._give_up(unit, words.never_ready(unit.service))
                self._ask(unit)
            case "grace" | "linger" if unit.has_pid:
                self._kill(unit)
            case "abandon" if unit.has_pid:
                self._abandon(unit)
            case _:
                pass

    def _abandon(self, unit: Unit) -> None:
        self._do(Abandon(unit.life))
        if unit.code is None:
            finding = words.not_endable(unit.service, unit.pid)
            self._tell(Found(finding))
            unit.gave_up = unit.gave_up or finding
            unit.restart_why = ""
        self._over(unit)

    def _report(self) -> None:
        if self._stop_began_at is not None and not self.is_finished:
            waiting_for = tuple((unit.service.name, unit.pid) for unit in self._alive())
            self._tell(Stopping(waiting_for, self._now - self._stop_began_at))
            self._do(Ring(_REPORT, REPORT_S))

    # Starting and stopping ----------------------------------------------------------------------

    def _spawn_waiting(self) -> None:
        if not self._has_begun or self.is_stopping:
            return
        for unit in self._units.values():
            before = [self._units[name] for name in unit.service.after if name in self._units]
            if unit.phase == "waiting" and all(one.lets_others_start for one in before):
                self._spawn(unit)

    def _spawn(self, unit: Unit) -> None:
        unit.begin_life(self._now)
        self._do(Spawn(unit.life, unit.service))

    def _begin_stop(self) -> None:
        self._stop_began_at = self._now
        self._report()
        self._advance_stop()

    def _advance_stop(self) -> None:
        """Ask every service to end that no living service depends on."""
        for unit in self._alive():
            name = unit.service.name
            if not any(name in other.service.after for other in self._alive()):
                self._ask(unit)

    def _ask(self, unit: Unit) -> None:
        """Ask a life to end, now or as soon as its pid is known."""
        if unit.is_asked:
            return
        unit.is_asked = True
        if unit.has_pid:
            self._signal_ask(unit)

    def _signal_ask(self, unit: Unit) -> None:
        self._do(Signal(unit.life, unit.pid, "ask"))
        self._ring("grace", unit, unit.service.grace_s)

    def _kill(self, unit: Unit) -> None:
        if unit.has_pid and not unit.is_killed:
            unit.is_asked = unit.is_killed = True
            self._do(Signal(unit.life, unit.pid, "kill"))
            self._ring("abandon", unit, ABANDON_S)

    # Small helpers ------------------------------------------------------------------------------

    def _living(self, life: Life) -> Unit | None:
        unit = self._units.get(life.service)
        return unit if unit is not None and unit.life == life and unit.is_alive else None

    def _alive(self) -> Iterator[Unit]:
        return (unit for unit in list(self._units.values()) if unit.is_alive)

    def _ring(self, purpose: Purpose, unit: Unit, after_s: float) -> None:
        self._do(Ring(Timer(purpose, unit.life), after_s))

    def _tell(self, event: Event) -> None:
        self._do(Tell(event))

    def _do(self, action: Action) -> None:
        self._actions.append(action)
