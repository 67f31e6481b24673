"""What must hold whatever happens: tried with worlds that behave as badly as real ones."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from rtstart.core.events import Exited, Started
from rtstart.core.findings import services
from rtstart.core.services import AtOnce, HttpReady, Service
from rtstart.core.supervision import (
    Abandon,
    Added,
    Answered,
    Begin,
    Emptied,
    Ended,
    Fact,
    Life,
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
    Timer,
)

_NAMES = ("a", "b", "c", "d")
_index = st.integers(min_value=0, max_value=30)


def _service(name: str, shape: int) -> Service:
    """One of several kinds; each comes after some of the names before it."""
    before = tuple(other for at, other in enumerate(_NAMES) if other < name and shape >> at & 1)
    return Service(
        name,
        "run" if shape & 1 else ["run"],
        "/",
        port=1,
        after=before,
        ready=AtOnce() if shape & 16 else HttpReady(),
        restarts=shape & 3,
        watch=("x",) if shape & 32 else (),
        is_essential=not shape & 64,
    )


class World(RuleBasedStateMachine):
    """Processes that start, fail, answer, end and cling to life in any order that can happen."""

    @initialize(shapes=st.lists(st.integers(0, 127), min_size=1, max_size=4))
    def begin(self, shapes: list[int]) -> None:
        given = [_service(name, shape) for name, shape in zip(_NAMES, shapes, strict=False)]
        self.machine = Supervision(given)
        self.now = 0.0
        self.pid = 100
        self.spawning: list[Life] = []
        self.running: dict[Life, int] = {}
        self.ended: dict[Life, int] = {}
        self.abandoned: set[Life] = set()
        self.timers: list[Timer] = []
        self.killed: set[Life] = set()
        self.started: list[Life] = []
        self.told: dict[str, int] = dict.fromkeys(_NAMES, 0)
        self.feed(Begin())

    def feed(self, fact: Fact) -> None:
        assert self.machine is not None
        for action in self.machine.step(fact, self.now):
            match action:
                case Spawn(life, _):
                    present = {*self.spawning, *self.running, *self.ended}
                    assert [one for one in present if one.service == life.service] == []
                    assert life not in self.started
                    self.started.append(life)
                    self.spawning.append(life)
                case Signal(life, pid, how):
                    assert {**self.running, **self.ended}[life] == pid
                    if how == "kill":
                        self.killed.add(life)
                case Abandon(life):
                    assert life in self.killed
                    self.running.pop(life, None)
                    self.ended.pop(life, None)
                    self.abandoned.add(life)
                case Ring(timer, after_s):
                    assert after_s > 0
                    self.timers.append(timer)
                case Tell(Started(name, _, _)):
                    self.told[name] += 1
                case Tell(Exited(name, _, _)):
                    self.told[name] -= 1
                case _:
                    pass

    @rule(at=_index, fails=st.booleans())
    def spawn_is_answered(self, at: int, fails: bool) -> None:
        if not self.spawning:
            return
        life = self.spawning.pop(at % len(self.spawning))
        if fails:
            self.feed(SpawnFailed(life, services.CANNOT_START.found()))
        else:
            self.pid += 1
            self.running[life] = self.pid
            self.feed(Spawned(life, self.pid))

    @rule(at=_index)
    def answers(self, at: int) -> None:
        if self.running:
            self.feed(Answered(list(self.running)[at % len(self.running)]))

    @rule(at=_index, code=st.sampled_from([0, 1, 126, 127, -15]))
    def ends(self, at: int, code: int) -> None:
        if self.running:
            life = list(self.running)[at % len(self.running)]
            self.ended[life] = self.running.pop(life)
            self.feed(Ended(life, code))

    @rule(at=_index)
    def group_empties(self, at: int) -> None:
        if self.ended:
            life = list(self.ended)[at % len(self.ended)]
            del self.ended[life]
            self.feed(Emptied(life))

    @rule(at=_index, later_s=st.floats(0, 100))
    def timer_rings(self, at: int, later_s: float) -> None:
        if self.timers:
            self.now += later_s
            self.feed(Rang(self.timers.pop(at % len(self.timers))))

    @rule(name=st.sampled_from(_NAMES), is_change=st.booleans())
    def restart_is_asked(self, name: str, is_change: bool) -> None:
        self.feed(RestartAsked(name, "asked", is_change=is_change))

    @rule(name=st.sampled_from(_NAMES), shape=st.integers(0, 127))
    def service_joins(self, name: str, shape: int) -> None:
        self.feed(Added(_service(name, shape)))

    @rule(name=st.sampled_from(_NAMES))
    def service_leaves(self, name: str) -> None:
        self.feed(Removed(name))

    @precondition(lambda self: getattr(self, "machine", None) is not None)
    @rule()
    def stop_is_asked(self) -> None:
        self.feed(StopAsked())

    @invariant()
    def nothing_is_left_when_finished(self) -> None:
        if getattr(self, "machine", None) is not None and self.machine.is_finished:
            assert (self.spawning, self.running, self.ended) == ([], {}, {})

    def teardown(self) -> None:
        """Whatever state this is: a stop ends it in few steps, with processes that obey a kill."""
        if getattr(self, "machine", None) is None:
            return
        self.feed(StopAsked())
        for _ in range(100):
            if self.machine.is_finished:
                break
            while self.spawning:
                self.spawn_is_answered(0, fails=False)
            for timer in [one for one in self.timers if one.purpose == "grace"]:
                self.timers.remove(timer)
                self.feed(Rang(timer))
            for life in [life for life in self.running if life in self.killed]:
                self.ended[life] = self.running.pop(life)
                self.feed(Ended(life, -9))
            for life in list(self.ended):
                del self.ended[life]
                self.feed(Emptied(life))
        assert self.machine.is_finished
        assert (self.spawning, self.running, self.ended) == ([], {}, {})
        assert {life.service for life in self.started} <= set(_NAMES)
        lost = len(self.abandoned)
        assert sum(self.told.values()) <= lost


class TestWorld(World.TestCase):  # type: ignore[misc,valid-type]  # made by hypothesis
    """Runs the world."""

    settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


@pytest.mark.parametrize("shape", range(0, 128, 7))
def test_stop_is_finished_when_no_process_ever_answers(shape: int) -> None:
    machine = Supervision([_service("a", shape)])
    life = Life("a", 1)

    for fact in (
        Begin(),
        Spawned(life, 100),
        StopAsked(),
        StopAsked(),
        Rang(Timer("abandon", life)),
    ):
        machine.step(fact, 0.0)

    assert machine.is_finished
