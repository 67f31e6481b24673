"""Facts in, actions out: whole lists compared."""

from collections.abc import Sequence

import pytest

from rtstart.core.events import Exited, Failed, Found, Ready, Restarting, Started, Stopping
from rtstart.core.findings import Finding, services
from rtstart.core.services import HttpReady, LineReady, Service
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
    Timer,
    words,
)

_TOKEN = Service("token", "node token.ts", "/app", port=8787, ready=HttpReady("/healthz"))
_WEB = Service("web", "vite", "/app", port=5173, ready=HttpReady(), after=("token",))
_PLAIN = Service("plain", ["run"], "/app", restarts=1, grace_s=2.0)
_REFUSED = services.CANNOT_START.found("no")
_T1, _T2 = Life("token", 1), Life("token", 2)
_W1 = Life("web", 1)
_P1, _P2 = Life("plain", 1), Life("plain", 2)


def _machine(*given: Service) -> Supervision:
    return Supervision(given)


def _steps(machine: Supervision, *facts: Fact, at: float = 0.0) -> list[Action]:
    return [action for fact in facts for action in machine.step(fact, at)]


def _running(*given: Service, at: float = 0.0) -> Supervision:
    """All services ready, pids 100, 200, … in the order given."""
    machine = Supervision(given)
    machine.step(Begin(), at)
    for number, service in enumerate(given, 1):
        machine.step(Spawned(Life(service.name, 1), number * 100), at)
        machine.step(Answered(Life(service.name, 1)), at)
    assert machine.is_ready
    return machine


def _stop(*pids: tuple[str, int], seconds: float = 0.0) -> list[Action]:
    return [Tell(Stopping(pids, seconds)), Ring(Timer("report"), 1.0)]


def test_service_is_spawned_when_what_it_comes_after_is_ready() -> None:
    machine = _machine(_TOKEN, _WEB)

    assert _steps(machine, Begin()) == [Spawn(_T1, _TOKEN)]
    assert _steps(machine, Spawned(_T1, 100)) == [
        Tell(Started("token", 100, 8787)),
        Probe(_T1, _TOKEN),
        Ring(Timer("ready", _T1), 30.0),
    ]
    assert _steps(machine, Answered(_T1), at=0.4) == [
        Tell(Ready("token", 0.4)),
        Spawn(_W1, _WEB),
    ]
    assert not machine.is_ready
    assert _steps(machine, Spawned(_W1, 200), Answered(_W1), at=0.9)[-1] == Tell(Ready("web", 0.5))
    assert machine.is_ready


def test_service_is_ready_at_once_when_nothing_else_is_said() -> None:
    assert _steps(_machine(_PLAIN), Begin(), Spawned(_P1, 100)) == [
        Spawn(_P1, _PLAIN),
        Tell(Started("plain", 100, None)),
        Tell(Ready("plain", 0.0)),
    ]


def test_stop_goes_in_reverse_order_when_services_depend() -> None:
    machine = _running(_TOKEN, _WEB)

    assert _steps(machine, StopAsked()) == [
        *_stop(("token", 100), ("web", 200)),
        Signal(_W1, 200, "ask"),
        Ring(Timer("grace", _W1), 5.0),
    ]
    assert _steps(machine, Ended(_W1, -15)) == [Tell(Exited("web", -15, asked=True))]
    assert _steps(machine, Emptied(_W1)) == [
        Signal(_T1, 100, "ask"),
        Ring(Timer("grace", _T1), 5.0),
    ]
    assert _steps(machine, Ended(_T1, 0), Emptied(_T1)) == [Tell(Exited("token", 0, asked=True))]
    assert (machine.is_finished, machine.failure) == (True, None)


def test_stop_kills_when_the_grace_is_over() -> None:
    machine = _running(_PLAIN)
    machine.step(StopAsked(), 0.0)

    assert _steps(machine, Rang(Timer("grace", _P1)), at=2.0) == [
        Signal(_P1, 100, "kill"),
        Ring(Timer("abandon", _P1), 1.0),
    ]
    assert _steps(machine, Ended(_P1, -9), Emptied(_P1)) == [Tell(Exited("plain", -9, asked=True))]
    assert machine.is_finished


def test_stop_kills_all_at_once_when_asked_again() -> None:
    machine = _running(_TOKEN, _WEB)
    machine.step(StopAsked(), 0.0)

    assert _steps(machine, StopAsked()) == [
        Signal(_T1, 100, "kill"),
        Ring(Timer("abandon", _T1), 1.0),
        Signal(_W1, 200, "kill"),
        Ring(Timer("abandon", _W1), 1.0),
    ]
    assert _steps(machine, StopAsked()) == []


def test_stop_is_told_again_when_it_takes_long() -> None:
    machine = _running(_PLAIN)
    machine.step(StopAsked(), 10.0)

    assert _steps(machine, Rang(Timer("report")), at=11.0) == _stop(("plain", 100), seconds=1.0)
    assert _steps(machine, Ended(_P1, 0), Emptied(_P1), Rang(Timer("report"))) == [
        Tell(Exited("plain", 0, asked=True))
    ]


def test_stop_reaches_the_process_when_it_was_asked_before_the_pid_was_known() -> None:
    machine = _machine(_PLAIN)
    machine.step(Begin(), 0.0)

    assert _steps(machine, StopAsked()) == _stop(("plain", 0))
    assert not machine.is_finished
    assert _steps(machine, Spawned(_P1, 100)) == [
        Tell(Started("plain", 100, None)),
        Signal(_P1, 100, "ask"),
        Ring(Timer("grace", _P1), 2.0),
    ]


def test_stop_kills_the_process_when_it_was_asked_twice_before_the_pid_was_known() -> None:
    machine = _machine(_PLAIN)

    assert _steps(machine, Begin(), StopAsked(), StopAsked(), Spawned(_P1, 100))[-2:] == [
        Signal(_P1, 100, "kill"),
        Ring(Timer("abandon", _P1), 1.0),
    ]


def test_stop_waits_for_dependents_when_a_restarted_service_gets_its_pid() -> None:
    machine = _running(_TOKEN, _WEB)
    machine.step(RestartAsked("token", "asked"), 0.0)
    machine.step(Ended(_T1, 0), 0.0)
    machine.step(Emptied(_T1), 0.0)
    machine.step(StopAsked(), 0.0)

    assert _steps(machine, Spawned(_T2, 101)) == [Tell(Started("token", 101, 8787))]
    assert _steps(machine, Ended(_W1, 0), Emptied(_W1))[1:] == [
        Signal(_T2, 101, "ask"),
        Ring(Timer("grace", _T2), 5.0),
    ]


def test_run_ends_at_once_when_nothing_runs() -> None:
    machine = _machine()

    assert _steps(machine, Begin(), StopAsked()) == []
    assert machine.is_finished


def test_rest_of_the_group_is_killed_when_the_process_ends_by_itself() -> None:
    machine = _running(_PLAIN)

    assert _steps(machine, Ended(_P1, 3)) == [
        Tell(Exited("plain", 3, asked=False)),
        Ring(Timer("linger", _P1), 0.5),
    ]
    assert _steps(machine, Rang(Timer("linger", _P1))) == [
        Signal(_P1, 100, "kill"),
        Ring(Timer("abandon", _P1), 1.0),
    ]
    assert _steps(machine, Rang(Timer("abandon", _P1)), at=9.0) == [
        Abandon(_P1),
        Tell(Restarting("plain", 0.2, 1, "ended with code 3")),
        Ring(Timer("back-off", _P1), 0.2),
    ]


def test_process_is_given_up_when_it_outlives_being_killed() -> None:
    machine = _running(_PLAIN)
    machine.step(StopAsked(), 0.0)
    machine.step(StopAsked(), 0.0)

    assert _steps(machine, Rang(Timer("abandon", _P1))) == [
        Abandon(_P1),
        Tell(
            Found(
                services.CANNOT_END.found(
                    '"plain" is still there after it was killed', where="pid 100"
                )
            )
        ),
    ]
    assert machine.is_finished


def test_process_is_not_started_anew_when_its_old_life_cannot_be_ended() -> None:
    machine = _running(_PLAIN)
    machine.step(RestartAsked("plain", "asked"), 0.0)
    machine.step(Rang(Timer("grace", _P1)), 2.0)

    actions = _steps(machine, Rang(Timer("abandon", _P1)), at=3.0)

    assert [type(action) for action in actions] == [Abandon, Tell]
    assert _steps(machine, RestartAsked("plain", "asked"))[-1] == Spawn(_P2, _PLAIN)


def test_run_fails_when_a_service_crashes_more_often_than_it_may() -> None:
    machine = _running(_PLAIN)
    machine.step(Ended(_P1, 4), 0.0)

    assert _steps(machine, Emptied(_P1)) == [
        Tell(Restarting("plain", 0.2, 1, "ended with code 4")),
        Ring(Timer("back-off", _P1), 0.2),
    ]
    assert _steps(machine, Rang(Timer("back-off", _P1))) == [Spawn(_P2, _PLAIN)]
    assert _steps(machine, Spawned(_P2, 101), Ended(_P2, 4), Emptied(_P2))[2:] == [
        Tell(Exited("plain", 4, asked=False)),
        Ring(Timer("linger", _P2), 0.5),
        Tell(Failed("plain")),
    ]
    assert machine.is_finished
    assert machine.failure == services.CRASHED.found(
        '"plain" ended 2 times, with code 4', data={"service": "plain", "code": 4}
    )


def test_others_are_stopped_when_one_service_fails_the_run() -> None:
    machine = _running(_TOKEN, Service("once", ["x"], "/app", restarts=0))
    once = Life("once", 1)

    assert _steps(machine, Ended(once, -6), Emptied(once))[2:] == [
        Tell(Failed("once")),
        *_stop(("token", 100)),
        Signal(_T1, 100, "ask"),
        Ring(Timer("grace", _T1), 5.0),
    ]
    assert machine.failure == services.CRASHED.found(
        '"once" ended, by signal 6', data={"service": "once", "code": -6}
    )


def _crash_often(machine: Supervision, name: str, times: int) -> list[float]:
    """Let each life end at once; the delays before the next."""
    delays = []
    for number in range(1, times + 1):
        life = Life(name, number)
        machine.step(Spawned(life, 100 + number), 0.0)
        machine.step(Ended(life, 1), 0.0)
        delays += [a.after_s for a in machine.step(Emptied(life), 0.0) if isinstance(a, Ring)]
        machine.step(Rang(Timer("back-off", life)), 0.0)
    return delays


def test_back_off_doubles_to_five_seconds_when_a_service_goes_on_crashing() -> None:
    machine = _machine(Service("flaky", ["x"], "/app", restarts=7))
    machine.step(Begin(), 0.0)

    assert _crash_often(machine, "flaky", 7) == [0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]


def test_count_of_restarts_is_cleared_when_a_life_was_long_and_good() -> None:
    machine = _running(_PLAIN)
    machine.step(Ended(_P1, 1), 0.0)
    machine.step(Emptied(_P1), 0.0)
    machine.step(Rang(Timer("back-off", _P1)), 0.2)
    machine.step(Spawned(_P2, 101), 0.2)
    machine.step(Ended(_P2, 1), 60.2)

    assert _steps(machine, Emptied(_P2), at=60.2) == [
        Tell(Restarting("plain", 0.2, 1, "ended with code 1")),
        Ring(Timer("back-off", _P2), 0.2),
    ]


@pytest.mark.parametrize(
    ("service", "finding"),
    [
        (
            _TOKEN,
            services.NEVER_READY.found(
                '"token" did not answer on port 8787 within 30 s',
                why="GET /healthz gave no answer below 500.",
                where="port 8787",
                data={"service": "token"},
            ),
        ),
        (
            Service("token", ["x"], "/app", ready=LineReady("up"), ready_within_s=1.5),
            services.NEVER_READY.found(
                '"token" did not say that it is ready within 1.5 s',
                why='No line of its output matched "up".',
                data={"service": "token"},
            ),
        ),
    ],
)
def test_run_fails_when_a_service_is_never_ready(service: Service, finding: Finding) -> None:
    machine = _machine(service)
    machine.step(Begin(), 0.0)
    machine.step(Spawned(_T1, 100), 0.0)

    assert _steps(machine, Rang(Timer("ready", _T1)), at=30.0) == [
        Tell(Failed("token")),
        *_stop(("token", 100)),
        Signal(_T1, 100, "ask"),
        Ring(Timer("grace", _T1), 5.0),
    ]
    assert machine.failure == finding


@pytest.mark.parametrize(
    ("code", "why"),
    [
        (127, "The shell did not find the program."),
        (126, "The shell may not execute the program."),
    ],
)
def test_run_fails_at_once_when_the_shell_cannot_run_the_command(code: int, why: str) -> None:
    machine = _machine(_TOKEN)
    machine.step(Begin(), 0.0)

    _steps(machine, Spawned(_T1, 100), Ended(_T1, code), Emptied(_T1))

    assert machine.failure == services.CANNOT_START.found(
        '"token" could not be started', why=why, data={"service": "token", "code": code}
    )


def test_run_fails_when_a_service_cannot_be_spawned() -> None:
    machine = _running(_PLAIN)
    machine.step(Added(_TOKEN), 0.0)

    assert _steps(machine, SpawnFailed(_T1, _REFUSED)) == [
        Tell(Failed("token")),
        *_stop(("plain", 100)),
        Signal(_P1, 100, "ask"),
        Ring(Timer("grace", _P1), 2.0),
    ]
    assert machine.failure == _REFUSED


def test_nothing_is_asked_of_a_service_when_it_could_not_be_spawned_while_stopping() -> None:
    machine = _machine(_PLAIN)

    actions = _steps(machine, Begin(), StopAsked(), SpawnFailed(_P1, _REFUSED))

    assert actions == [Spawn(_P1, _PLAIN), *_stop(("plain", 0))]
    assert (machine.is_finished, machine.failure) == (True, None)


def test_restart_ends_the_old_life_first_when_asked() -> None:
    machine = _running(_PLAIN)

    assert _steps(machine, RestartAsked("plain", "asked")) == [
        Tell(Restarting("plain", 0.0, 1, "asked")),
        Signal(_P1, 100, "ask"),
        Ring(Timer("grace", _P1), 2.0),
    ]
    assert _steps(machine, RestartAsked("plain", "asked")) == []
    assert _steps(machine, Ended(_P1, -15)) == [Tell(Exited("plain", -15, asked=True))]
    assert _steps(machine, Emptied(_P1)) == [Spawn(_P2, _PLAIN)]


def test_restart_begins_at_once_when_the_service_waits_for_its_next_try() -> None:
    machine = _running(_PLAIN)
    _steps(machine, Ended(_P1, 1), Emptied(_P1))

    assert _steps(machine, RestartAsked("plain", "asked")) == [
        Tell(Restarting("plain", 0.0, 1, "asked")),
        Spawn(_P2, _PLAIN),
    ]
    assert _steps(machine, Rang(Timer("back-off", _P1))) == []


@pytest.mark.parametrize("name", ["web", "stranger"])
def test_restart_does_nothing_when_the_service_waits_for_another_or_is_unknown(name: str) -> None:
    machine = _machine(_TOKEN, _WEB)
    machine.step(Begin(), 0.0)

    assert _steps(machine, RestartAsked(name, "asked")) == []


def test_restart_does_nothing_when_the_run_is_ending() -> None:
    machine = _running(_PLAIN)
    machine.step(StopAsked(), 0.0)

    assert _steps(machine, RestartAsked("plain", "asked")) == []


def _watched(restarts: int = 1) -> Service:
    return Service(
        "plain", ["x"], "/app", watch=("server",), ready=LineReady("up"), restarts=restarts
    )


def test_watched_service_waits_for_the_next_change_when_a_change_broke_it() -> None:
    service = _watched()
    machine = _running(service)
    machine.step(RestartAsked("plain", "token.ts changed", is_change=True), 0.0)
    _steps(machine, Ended(_P1, -15), Emptied(_P1), Spawned(_P2, 101), Ended(_P2, 1))

    assert _steps(machine, Emptied(_P2)) == [
        Tell(Failed("plain")),
        Tell(
            Found(
                services.WAITS_FOR_CHANGE.found(
                    '"plain" ended after a change, with code 1',
                    data={"service": "plain", "code": 1},
                )
            )
        ),
    ]
    assert not machine.is_stopping
    assert _steps(machine, RestartAsked("plain", "token.ts changed", is_change=True)) == [
        Tell(Restarting("plain", 0.0, 1, "token.ts changed")),
        Spawn(Life("plain", 3), service),
    ]


def test_watched_service_is_parked_when_it_crashes_too_often_after_it_was_ready() -> None:
    machine = _running(_watched(restarts=0))

    actions = _steps(machine, Ended(_P1, 1), Emptied(_P1))

    assert actions[-1] == Tell(
        Found(
            services.CRASHED.found(
                '"plain" ended, with code 1', data={"service": "plain", "code": 1}
            )
        )
    )
    assert not machine.is_stopping


def test_watched_service_is_parked_when_a_change_keeps_it_from_becoming_ready() -> None:
    machine = _running(_watched())
    machine.step(RestartAsked("plain", "token.ts changed", is_change=True), 0.0)
    _steps(machine, Ended(_P1, -15), Emptied(_P1), Spawned(_P2, 101))

    actions = _steps(machine, Rang(Timer("ready", _P2)))

    assert [type(action) for action in actions] == [Tell, Tell, Signal, Ring]
    assert _steps(machine, Ended(_P2, -15), Emptied(_P2)) == [
        Tell(Exited("plain", -15, asked=True))
    ]
    assert not machine.is_stopping


_TUNNEL = Service("tunnel", ["x"], "/", restarts=0, is_essential=False)
_BEHIND = Service("behind", ["x"], "/", after=("tunnel",))


def test_run_goes_on_when_a_service_that_is_not_essential_is_given_up() -> None:
    machine = _machine(_TUNNEL, _BEHIND)
    tunnel = Life("tunnel", 1)

    actions = _steps(machine, Begin(), SpawnFailed(tunnel, _REFUSED))

    assert actions == [
        Spawn(tunnel, _TUNNEL),
        Tell(Failed("tunnel")),
        Tell(Found(_REFUSED)),
        Spawn(Life("behind", 1), _BEHIND),
    ]
    assert not machine.is_stopping
    machine.step(Spawned(Life("behind", 1), 100), 0.0)
    assert machine.is_ready


def test_service_is_started_when_it_is_added_to_a_run() -> None:
    machine = _running(_PLAIN)

    assert _steps(machine, Added(_TOKEN)) == [Spawn(_T1, _TOKEN)]


def test_service_takes_the_place_of_another_when_it_has_its_name() -> None:
    machine = _running(_PLAIN)
    other = Service("plain", ["other"], "/app")

    assert _steps(machine, Added(other)) == [
        Signal(_P1, 100, "ask"),
        Ring(Timer("grace", _P1), 2.0),
    ]
    assert _steps(machine, Ended(_P1, 0), Emptied(_P1))[-1] == Spawn(_P2, other)


def test_service_takes_the_place_of_another_at_once_when_that_is_not_running() -> None:
    machine = _running(_PLAIN)
    other = Service("plain", ["other"], "/app")
    _steps(machine, Ended(_P1, 1), Emptied(_P1))

    assert _steps(machine, Added(other)) == [Spawn(_P2, other)]
    assert _steps(machine, Rang(Timer("back-off", _P1))) == []


def test_service_is_not_added_when_the_run_is_ending() -> None:
    machine = _running(_PLAIN)
    machine.step(StopAsked(), 0.0)

    assert _steps(machine, Added(_TOKEN)) == []


def test_service_is_forgotten_when_it_is_removed() -> None:
    machine = _running(_PLAIN)

    assert _steps(machine, Removed("plain")) == [
        Signal(_P1, 100, "ask"),
        Ring(Timer("grace", _P1), 2.0),
    ]
    assert _steps(machine, Ended(_P1, 0), Emptied(_P1), Rang(Timer("grace", _P1))) == [
        Tell(Exited("plain", 0, asked=True))
    ]
    assert _steps(machine, Removed("plain"), RestartAsked("plain", "asked")) == []


def test_lives_are_counted_on_when_a_service_leaves_and_joins_again() -> None:
    machine = _running(_PLAIN)
    _steps(machine, Removed("plain"), Ended(_P1, 0), Emptied(_P1))

    assert _steps(machine, Added(_PLAIN)) == [Spawn(_P2, _PLAIN)]


def test_held_service_just_leaves_when_it_ends() -> None:
    held = Service("tunnel", ["x"], "/", is_held=True, is_essential=False)
    machine = _running(_PLAIN, held)
    life = Life("tunnel", 1)

    assert _steps(machine, Ended(life, 1), Emptied(life)) == [
        Tell(Exited("tunnel", 1, asked=False)),
        Ring(Timer("linger", life), 0.5),
    ]
    assert _steps(machine, Added(held))[-1] == Spawn(Life("tunnel", 2), held)


def test_others_are_started_when_the_service_they_wait_for_is_removed() -> None:
    machine = _machine(_TOKEN, _WEB)
    _steps(machine, Begin(), Spawned(_T1, 100), Ended(_T1, 1), Emptied(_T1))

    assert _steps(machine, Removed("token")) == [Spawn(_W1, _WEB)]


_LATE: Sequence[Fact] = (
    Spawned(_P1, 100),
    Answered(_P1),
    Ended(_P1, 0),
    Emptied(_P1),
    Rang(Timer("ready", _P1)),
    Rang(Timer("back-off", _P1)),
    Rang(Timer("grace", _P1)),
    Rang(Timer("linger", _P1)),
    Rang(Timer("abandon", _P1)),
    SpawnFailed(_P1, _REFUSED),
)


@pytest.mark.parametrize("late", _LATE)
def test_nothing_happens_when_a_fact_belongs_to_an_old_life(late: Fact) -> None:
    machine = _running(_PLAIN)
    machine.step(RestartAsked("plain", "asked"), 0.0)
    _steps(machine, Ended(_P1, 0), Emptied(_P1), Spawned(_P2, 101))

    assert _steps(machine, late) == []


@pytest.mark.parametrize("stray", [Emptied(_P1), Answered(_P1), Spawned(_P1, 100)])
def test_nothing_happens_when_a_fact_comes_out_of_turn(stray: Fact) -> None:
    assert _steps(_running(_PLAIN), stray) == []


@pytest.mark.parametrize("purpose", ["ready", "back-off", "abandon"])
def test_timer_does_nothing_when_its_step_is_past(purpose: str) -> None:
    machine = _running(_TOKEN)
    timer = Timer("ready", _T1) if purpose == "ready" else Timer("back-off", _T1)

    assert _steps(machine, Rang(timer)) == []


def test_words_are_whole_when_a_service_had_no_way_to_say_that_it_is_ready() -> None:
    assert words.never_ready(_PLAIN) == services.NEVER_READY.found(
        '"plain" was not ready within 30 s', data={"service": "plain"}
    )
