"""Holding an address up: facts in, actions out, whole lists compared."""

from collections.abc import Sequence

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from rtstart.core.events import (
    Found,
    TunnelDown,
    TunnelEnding,
    TunnelMissed,
    TunnelOpening,
    TunnelStaying,
)
from rtstart.core.findings import Finding, tunnel_proof
from rtstart.core.findings import api as api_findings
from rtstart.core.findings import tunnel_refusals as refusals
from rtstart.core.tunnels import AddressFound, Candidate, Connected, Lost, Refused, Traits
from rtstart.core.tunnels.attempts import STEADY_S
from rtstart.core.tunnels.health import MISSES_WHILE_MENDING, Seen
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
    Timer,
    Withdraw,
)

_CLOUD = Candidate("cloud", Traits("Cloud", settles_s=3.0), "installed")
_HOUR = Candidate("hour", Traits("Hour", lasts_s=3600.0), "asked for")
_LAN = Candidate("lan", Traits("LAN", reach="network"), "this network")
_URL = "https://a.example.test"
_OTHER = "https://b.example.test"
_WRONG_APP = tunnel_proof.WRONG_APP.found()
_ENDED = refusals.ENDED.found()


def _steps(keeper: Keeper, *facts: Fact, at: float = 0.0) -> list[Action]:
    return [action for fact in facts for action in keeper.step(fact, at)]


def _quiet(actions: Sequence[Action]) -> list[Action]:
    """Actions without timers."""
    return [action for action in actions if not isinstance(action, Ring)]


def _timer(actions: Sequence[Action], purpose: str) -> Rang:
    """The ring of the last timer of this purpose that was asked for."""
    found = [one.timer for one in actions if isinstance(one, Ring) and one.timer.purpose == purpose]
    return Rang(found[-1])


def _up(*candidates: Candidate, rules: Rules | None = None) -> tuple[Keeper, list[Action]]:
    """A keeper whose first candidate is up, and all it has asked for."""
    keeper = Keeper(candidates, rules)
    actions = _steps(keeper, OpenAsked(), News(1, AddressFound(_URL)), News(1, Connected()))
    if candidates[0].traits.settles_s:
        actions += _steps(keeper, _timer(actions, "settle"))
    actions += _steps(keeper, Proved(1, ()))
    assert keeper.url == _URL
    return keeper, actions


def test_address_is_announced_when_it_was_connected_settled_and_proved() -> None:
    keeper = Keeper([_CLOUD])

    assert _steps(keeper, OpenAsked()) == [
        Tell(TunnelOpening("cloud", "installed", 1)),
        Open(1, _CLOUD),
    ]
    assert _steps(keeper, Limits(1, 30.0, 45.0)) == [Ring(Timer("address", 1), 30.0)]
    assert _steps(keeper, News(1, AddressFound(_URL))) == [
        Accept(1, _URL),
        Ring(Timer("connected", 2), 45.0),
    ]
    assert keeper.url == ""
    assert _steps(keeper, News(1, Connected())) == [Ring(Timer("settle", 3), 3.0)]
    assert _steps(keeper, Rang(Timer("settle", 3))) == [Prove(1, _URL, _CLOUD)]
    assert _steps(keeper, Proved(1, ())) == [
        Announce(1, _URL, _CLOUD, ()),
        Ring(Timer("health", 4), 30.0),
    ]
    assert keeper.url == _URL


def test_proof_begins_at_once_when_the_connection_came_before_the_address() -> None:
    keeper = Keeper([_LAN])

    actions = _steps(keeper, OpenAsked(), News(1, Connected()), News(1, AddressFound(_URL)))

    assert actions[2:] == [Accept(1, _URL), Prove(1, _URL, _LAN)]


def test_same_way_is_tried_again_when_it_ends_at_once() -> None:
    keeper = Keeper([_CLOUD, _LAN])
    _steps(keeper, OpenAsked())

    assert _steps(keeper, Closed(1)) == [
        Tell(Found(_ENDED)),
        Tell(TunnelDown("cloud", _ENDED.what, "cloud again in 1 s")),
        Ring(Timer("again", 1), 1.0),
    ]
    assert _steps(keeper, Rang(Timer("again", 1))) == [
        Tell(TunnelOpening("cloud", "installed", 2)),
        Open(2, _CLOUD),
    ]


def test_next_way_is_tried_when_one_has_failed_twice() -> None:
    keeper = Keeper([_CLOUD, _LAN])
    _steps(keeper, OpenAsked(), Closed(1), Rang(Timer("again", 1)))

    assert _steps(keeper, Closed(2)) == [
        Tell(Found(_ENDED)),
        Tell(TunnelDown("cloud", _ENDED.what, "trying lan")),
        Tell(TunnelOpening("lan", "this network", 1)),
        Open(3, _LAN),
    ]


def test_next_way_is_tried_at_once_when_the_provider_said_no() -> None:
    keeper = Keeper([_CLOUD, _LAN])
    finding = refusals.RATE_LIMITED.found()
    _steps(keeper, OpenAsked(), News(1, AddressFound(_URL)))

    assert _steps(keeper, News(1, Refused(finding))) == [
        Tell(Found(finding)),
        Withdraw(),
        Close(1),
    ]
    assert _steps(keeper, Closed(1)) == [
        Tell(TunnelDown("cloud", finding.what, "trying lan")),
        Tell(TunnelOpening("lan", "this network", 1)),
        Open(2, _LAN),
    ]


def test_same_way_is_tried_again_when_the_provider_has_passing_trouble() -> None:
    keeper = Keeper([_CLOUD, _LAN])
    _steps(keeper, OpenAsked(), News(1, Refused(_ENDED, again=True)))

    assert _quiet(_steps(keeper, Closed(1))) == [
        Tell(TunnelDown("cloud", _ENDED.what, "cloud again in 1 s"))
    ]


def test_ways_are_given_up_when_none_has_ever_worked() -> None:
    keeper = Keeper([_LAN])
    finding = refusals.NO_NETWORK.found()

    actions = _steps(keeper, OpenAsked(), News(1, Refused(finding)), Closed(1))

    assert actions[-2:] == [
        Tell(TunnelDown("lan", finding.what, "given up; t tries again")),
        Tell(Found(refusals.ALL_FAILED.found())),
    ]
    assert keeper.state == "off"
    assert _steps(keeper, OpenAsked())[-1] == Open(2, _LAN)


def test_silence_is_a_failure_when_no_address_comes_in_time() -> None:
    keeper = Keeper([_CLOUD])
    actions = _steps(keeper, OpenAsked(), Limits(1, 30.0, 45.0))

    assert _steps(keeper, _timer(actions, "address")) == [
        Tell(Found(refusals.NO_ADDRESS.found("cloud told no address"))),
        Close(1),
    ]


def test_announced_address_is_a_failure_when_it_is_never_connected() -> None:
    keeper = Keeper([_CLOUD])
    actions = _steps(keeper, OpenAsked(), Limits(1, 30.0, 45.0), News(1, AddressFound(_URL)))

    assert _steps(keeper, _timer(actions, "address")) == []
    assert _steps(keeper, _timer(actions, "connected")) == [
        Tell(Found(refusals.NOT_CONNECTED.found(f"cloud told {_URL} and did not connect"))),
        Withdraw(),
        Close(1),
    ]


def test_address_without_https_is_a_failure() -> None:
    keeper = Keeper([_CLOUD])

    actions = _steps(keeper, OpenAsked(), News(1, AddressFound("http://a.test:80")))

    assert actions[2:] == [
        Tell(Found(refusals.NO_TLS.found('The tunnel told "http://a.test:80"'))),
        Close(1),
    ]


@pytest.mark.parametrize("told", ["https://a.test/app", "https://a b", "https://ada@a.test"])
def test_address_is_refused_in_words_when_it_is_no_bare_origin(told: str) -> None:
    keeper = Keeper([_CLOUD])

    found, _ = _steps(keeper, OpenAsked(), News(1, AddressFound(told)))[2:]

    assert isinstance(found, Tell)
    assert isinstance(found.event, Found)
    assert (found.event.finding.code, found.event.finding.what) == (
        "RT408",
        f'The tunnel told "{told}", which is no address an app can have',
    )


def test_reason_is_kept_when_a_provider_that_tries_again_never_connects() -> None:
    keeper = Keeper([_CLOUD])
    blocked = refusals.EDGE_BLOCKED.found()
    actions = _steps(keeper, OpenAsked(), Limits(1, 30.0, 45.0), News(1, AddressFound(_URL)))

    assert _steps(keeper, News(1, Lost("no way", blocked))) == []
    assert _steps(keeper, _timer(actions, "connected"))[0] == Tell(Found(blocked))


def test_next_way_is_tried_when_the_proof_shows_the_tunnels_fault() -> None:
    keeper = Keeper([_HOUR, _LAN])
    _steps(keeper, OpenAsked(), News(1, AddressFound(_URL)), News(1, Connected()))

    assert _steps(keeper, Proved(1, (_WRONG_APP,))) == [Withdraw(), Close(1)]
    assert _steps(keeper, Closed(1))[-1] == Open(2, _LAN)


@pytest.mark.parametrize(
    ("candidates", "finding"),
    [
        ([_HOUR], _WRONG_APP),
        ([_HOUR, _LAN], api_findings.KEY_REFUSED.found()),
        ([_HOUR, _LAN], tunnel_proof.WARNING_PAGE.found()),
    ],
)
def test_address_is_announced_with_its_faults_when_nothing_else_is_better(
    candidates: list[Candidate], finding: Finding
) -> None:
    keeper = Keeper(candidates)
    _steps(keeper, OpenAsked(), News(1, AddressFound(_URL)), News(1, Connected()))

    assert _steps(keeper, Proved(1, (finding,)))[0] == Announce(1, _URL, _HOUR, (finding,))


def test_health_is_asked_again_and_again_when_all_is_well() -> None:
    keeper, actions = _up(_HOUR)

    assert _steps(keeper, _timer(actions, "health")) == [Check(1, _URL)]
    assert _steps(keeper, Checked(1, "ours")) == [Ring(Timer("health", 4), 30.0)]


def test_address_is_opened_anew_when_it_misses_three_times() -> None:
    keeper, actions = _up(_HOUR, _LAN)
    for _ in range(2):
        _steps(keeper, _timer(actions, "health"))
        actions = _steps(keeper, Checked(1, "not ours"))
        assert [action.after_s for action in actions if isinstance(action, Ring)] == [3.0]
    _steps(keeper, _timer(actions, "health"))

    assert _steps(keeper, Checked(1, "not ours")) == [
        Tell(Found(refusals.LOST.found(f"{_URL} does not answer any more"))),
        Withdraw(),
        Close(1),
    ]
    assert _quiet(_steps(keeper, Closed(1))) == [
        Tell(TunnelDown("hour", f"{_URL} does not answer any more", "hour again in 1 s"))
    ]


def test_health_is_asked_soon_when_the_provider_lost_its_connection() -> None:
    keeper, actions = _up(_HOUR)
    old = _timer(actions, "health")

    soon = _steps(keeper, News(1, Lost("broken")))

    assert soon == [Ring(Timer("health", 4), 3.0)]
    assert _steps(keeper, old) == []
    assert _steps(keeper, _timer(soon, "health")) == [Check(1, _URL)]


def test_question_is_not_put_off_when_the_provider_goes_on_about_its_loss() -> None:
    keeper, _ = _up(_HOUR)
    soon = _steps(keeper, News(1, Lost("broken")))

    assert _steps(keeper, *[News(1, Lost("broken"))] * 100) == []
    assert _steps(keeper, _timer(soon, "health")) == [Check(1, _URL)]


def test_address_is_kept_for_a_minute_while_its_provider_mends_the_connection() -> None:
    keeper, _ = _up(_HOUR)
    actions = _steps(keeper, News(1, Lost("broken")))
    for _ in range(MISSES_WHILE_MENDING - 1):
        _steps(keeper, _timer(actions, "health"))
        actions = _steps(keeper, Checked(1, "not ours"))

    assert keeper.url == _URL
    _steps(keeper, _timer(actions, "health"))
    assert _steps(keeper, Checked(1, "not ours"))[-1] == Close(1)


def test_first_miss_is_told_and_the_others_are_not() -> None:
    keeper, _ = _up(_HOUR)

    told = _quiet(_steps(keeper, *[Checked(1, "not ours")] * 2, Checked(1, "ours")))
    assert told == [Tell(TunnelMissed("hour", _URL))]


def test_three_misses_count_again_once_the_provider_is_connected_again() -> None:
    keeper, _ = _up(_HOUR)
    _steps(keeper, News(1, Lost("broken")), *[Checked(1, "not ours")] * 9, News(1, Connected()))

    assert _steps(keeper, *[Checked(1, "not ours")] * 3)[-1] == Close(1)


def test_address_is_kept_for_a_minute_when_this_machine_has_no_network() -> None:
    keeper, _ = _up(_HOUR)

    _steps(keeper, *[Checked(1, "no name")] * (MISSES_WHILE_MENDING - 1))
    assert keeper.url == _URL
    assert _steps(keeper, Checked(1, "no name"))[-1] == Close(1)


def test_tunnel_is_kept_when_only_its_new_name_does_not_resolve_here_yet() -> None:
    keeper = Keeper([_CLOUD, _LAN])
    late = tunnel_proof.NAME_NOT_FOUND.found()
    actions = _steps(keeper, OpenAsked(), News(1, AddressFound(_URL)), News(1, Connected()))
    _steps(keeper, _timer(actions, "settle"))

    assert _steps(keeper, Proved(1, (late,)))[0] == Announce(1, _URL, _CLOUD, (late,))
    _steps(keeper, *[Checked(1, "no name")] * 100)
    assert keeper.url == _URL
    assert _steps(keeper, Checked(1, "ours")) == [Prove(1, _URL, _CLOUD)]
    assert _steps(keeper, Proved(1, ()))[0] == Announce(1, _URL, _CLOUD, ())


def test_next_way_is_tried_when_a_name_that_should_be_there_is_not() -> None:
    keeper = Keeper([_HOUR, _LAN])
    late = tunnel_proof.NAME_NOT_FOUND.found()
    _steps(keeper, OpenAsked(), News(1, AddressFound(_URL)), News(1, Connected()))

    assert _steps(keeper, Proved(1, (late,))) == [Withdraw(), Close(1)]


def test_new_address_is_proved_and_announced_when_the_provider_changes_it() -> None:
    keeper, _ = _up(_HOUR)

    assert _steps(keeper, News(1, AddressFound(_URL))) == []
    assert _steps(keeper, News(1, AddressFound(_OTHER))) == [
        Accept(1, _OTHER),
        Prove(1, _OTHER, _HOUR),
    ]
    assert _steps(keeper, Proved(1, ()))[0] == Announce(1, _OTHER, _HOUR, ())


def test_way_that_worked_is_tried_five_times_before_the_next() -> None:
    keeper, _ = _up(_HOUR, _LAN)
    waits = []
    for attempt in range(1, 7):
        actions = _steps(keeper, Closed(attempt), at=STEADY_S)
        waits += [action.after_s for action in actions if isinstance(action, Ring)]
        if attempt < 6:
            _steps(keeper, _timer(actions, "again"))

    assert waits == [1.0, 1.0, 2.0, 4.0, 8.0]
    assert actions[-1] == Open(7, _LAN)


def test_ways_are_tried_from_the_start_when_one_of_them_has_worked_before() -> None:
    keeper, actions = _up(_LAN)
    attempt = 1
    while not any(isinstance(action, Ring) and action.after_s == 60.0 for action in actions):
        actions = _steps(keeper, Closed(attempt), at=STEADY_S)
        attempt += 1
        if keeper.state == "waiting" and attempt < 7:
            _steps(keeper, _timer(actions, "again"))

    assert Tell(TunnelDown("lan", _ENDED.what, "from the start in 60 s")) in actions
    assert isinstance(_steps(keeper, _timer(actions, "again"))[-1], Open)


def test_ways_are_asked_ever_less_often_when_they_refuse_again_and_again() -> None:
    keeper, _ = _up(_LAN)
    limited = refusals.RATE_LIMITED.found()
    waits = []
    for attempt in range(1, 8):
        actions = _steps(keeper, News(attempt, Refused(limited)), Closed(attempt))
        waits += [action.after_s for action in actions if isinstance(action, Ring)]
        _steps(keeper, _timer(actions, "again"))

    assert waits == [60.0, 120.0, 240.0, 480.0, 600.0, 600.0, 600.0]


def test_next_way_is_tried_when_one_dies_again_and_again_soon_after_it_was_up() -> None:
    keeper, _ = _up(_HOUR, _LAN)
    waits = []
    for attempt in range(1, 6):
        actions = _steps(keeper, Closed(attempt), at=attempt * 10.0)
        waits += [action.after_s for action in actions if isinstance(action, Ring)]
        if attempt < 5:
            _steps(keeper, _timer(actions, "again"), at=attempt * 10.0)
            following = attempt + 1
            found = News(following, AddressFound(f"{_URL}{following}"))
            connected, proved = News(following, Connected()), Proved(following, ())
            _steps(keeper, found, connected, proved, at=attempt * 10.0)

    assert waits == [1.0, 2.0, 4.0, 8.0]
    assert actions[-1] == Open(6, _LAN)


def test_end_of_a_free_hour_is_said_before_it_comes() -> None:
    keeper, actions = _up(_HOUR)

    assert Ring(Timer("provider-end", 3), 3300.0) in actions
    assert _steps(keeper, Rang(Timer("provider-end", 3))) == [
        Tell(Found(refusals.TIME_LIMIT.found("hour ends this address in 5 minutes")))
    ]


def test_address_is_closed_when_someone_asks_for_it() -> None:
    keeper, _ = _up(_LAN)

    assert _steps(keeper, CloseAsked("switched off")) == [
        Tell(TunnelDown("lan", "switched off", "closed; t opens it again")),
        Withdraw(),
        Close(1),
    ]
    assert _steps(keeper, Closed(1)) == []
    assert keeper.state == "off"
    assert _steps(keeper, CloseAsked("switched off")) == []


def test_address_is_opened_again_when_it_was_asked_for_before_the_old_was_gone() -> None:
    keeper, _ = _up(_LAN)
    _steps(keeper, CloseAsked("switched off"), OpenAsked())

    assert _steps(keeper, Closed(1)) == [
        Tell(TunnelOpening("lan", "this network", 1)),
        Open(2, _LAN),
    ]


def test_nothing_is_opened_when_it_was_closed_while_waiting() -> None:
    keeper = Keeper([_LAN])
    actions = _steps(keeper, OpenAsked(), Closed(1))

    _steps(keeper, CloseAsked("switched off"))

    assert _steps(keeper, _timer(actions, "again")) == []
    assert keeper.state == "off"


def test_nothing_happens_when_there_is_no_way_at_all() -> None:
    keeper = Keeper([])

    assert _steps(keeper, OpenAsked(), ExtendAsked()) == []
    assert keeper.candidate is None
    assert _steps(keeper, CloseAsked("x")) == [
        Tell(TunnelDown("", "x", "closed; t opens it again"))
    ]


def test_address_is_closed_at_the_end_of_its_term_after_a_warning() -> None:
    keeper, actions = _up(_LAN, rules=Rules(closes_after_s=3600.0))

    assert _steps(keeper, _timer(actions, "warn"), at=3000.0) == [Tell(TunnelEnding("lan", 600.0))]
    assert _steps(keeper, _timer(actions, "close"), at=3600.0)[0] == Tell(
        TunnelDown("lan", "its time is over", "closed; t opens it again")
    )


def test_address_stays_another_term_when_that_is_asked_for() -> None:
    keeper, actions = _up(_LAN, rules=Rules(closes_after_s=600.0))

    extended = _steps(keeper, ExtendAsked(), at=500.0)

    assert [action.after_s for action in extended if isinstance(action, Ring)] == [300.0, 600.0]
    assert _quiet(extended) == [Tell(TunnelStaying("lan", 600.0))]
    assert _steps(keeper, _timer(actions, "close"), at=600.0) == []
    assert _steps(keeper, _timer(extended, "warn"), at=800.0) == [Tell(TunnelEnding("lan", 300.0))]


def test_term_is_kept_when_the_address_is_opened_anew() -> None:
    keeper, actions = _up(_LAN, rules=Rules(closes_after_s=600.0))
    again = _steps(keeper, Closed(1))
    _steps(keeper, _timer(again, "again"), News(2, AddressFound(_OTHER)), News(2, Connected()))

    proved = _steps(keeper, Proved(2, ()))

    assert [type(action) for action in proved] == [Announce, Ring]
    assert _steps(keeper, _timer(actions, "close"), at=600.0)[-1] == Close(2)


@pytest.mark.parametrize(
    "late",
    [
        News(1, AddressFound(_OTHER)),
        Limits(1, 1.0, 1.0),
        Proved(1, ()),
        Checked(1, "not ours"),
        Closed(1),
        Rang(Timer("health", 1)),
    ],
)
def test_nothing_happens_when_a_fact_belongs_to_an_opening_that_is_over(late: Fact) -> None:
    keeper = Keeper([_LAN])
    actions = _steps(keeper, OpenAsked(), Closed(1))
    _steps(keeper, _timer(actions, "again"))

    assert _steps(keeper, late) == []


@pytest.mark.parametrize("stray", [Proved(1, ()), Checked(1, "ours"), News(1, Lost("x"))])
def test_nothing_happens_when_a_fact_comes_out_of_turn(stray: Fact) -> None:
    keeper = Keeper([_LAN])
    _steps(keeper, OpenAsked())

    assert _steps(keeper, stray) == []


def test_nothing_happens_when_an_opening_ends_twice() -> None:
    keeper, _ = _up(_HOUR)
    _steps(keeper, Closed(1))

    assert _steps(keeper, Closed(1)) == []


def test_nothing_is_heard_of_an_opening_that_is_being_closed() -> None:
    keeper, _ = _up(_LAN)
    _steps(keeper, CloseAsked("x"))

    assert _steps(keeper, News(1, AddressFound(_OTHER))) == []


class World(RuleBasedStateMachine):
    """Providers that tell anything at any time."""

    @initialize(count=st.integers(1, 3), term=st.none() | st.floats(10, 100))
    def begin(self, count: int, term: float | None) -> None:
        self.keeper = Keeper([_CLOUD, _HOUR, _LAN][:count], Rules(term))
        self.now = 0.0
        self.open: set[int] = set()
        self.closing: set[int] = set()
        self.accepted: set[str] = set()
        self.proving: list[tuple[int, str]] = []
        self.proved: set[str] = set()
        self.timers: list[Timer] = []

    def feed(self, fact: Fact) -> None:
        for action in self.keeper.step(fact, self.now):
            match action:
                case Open(attempt, _):
                    assert self.open == set(), "two openings at once"
                    self.open.add(attempt)
                case Close(attempt):
                    assert attempt in self.open
                    self.closing.add(attempt)
                case Accept(_, url):
                    self.accepted.add(url)
                case Prove(attempt, url, _):
                    assert url in self.accepted
                    self.proving.append((attempt, url))
                case Announce(_, url, _, _):
                    assert url in self.proved
                case Withdraw():
                    self.accepted.clear()
                case Ring(timer, after_s):
                    assert after_s > 0
                    self.timers.append(timer)
                case _:
                    pass

    @rule()
    def asked_to_open(self) -> None:
        self.feed(OpenAsked())

    @rule()
    def asked_to_close(self) -> None:
        self.feed(CloseAsked("asked"))

    @rule()
    def asked_to_extend(self) -> None:
        self.feed(ExtendAsked())

    @rule(
        news=st.sampled_from(
            [
                AddressFound(_URL),
                AddressFound(_OTHER),
                AddressFound("http://a"),
                Connected(),
                Lost("x"),
                Refused(_ENDED),
                Refused(_ENDED, again=True),
            ]
        ),
        age=st.integers(0, 2),
    )
    def told(self, news: AddressFound | Connected | Lost | Refused, age: int) -> None:
        for attempt in self.open:
            self.feed(News(attempt - age, news))

    @rule()
    def ends(self) -> None:
        for attempt in list(self.open):
            self.open.discard(attempt)
            self.closing.discard(attempt)
            self.feed(Closed(attempt, None))

    @rule(is_good=st.booleans())
    def proof_ends(self, is_good: bool) -> None:
        if self.proving:
            attempt, url = self.proving.pop(0)
            self.proved.add(url)
            self.feed(Proved(attempt, () if is_good else (_WRONG_APP,)))

    @rule(seen=st.sampled_from(["ours", "not ours", "no name"]))
    def checked(self, seen: Seen) -> None:
        for attempt in self.open:
            self.feed(Checked(attempt, seen))

    @rule(at=st.integers(0, 30), later_s=st.floats(0, 60))
    def timer_rings(self, at: int, later_s: float) -> None:
        if self.timers:
            self.now += later_s
            self.feed(Rang(self.timers.pop(at % len(self.timers))))

    def teardown(self) -> None:
        """Closing always comes to an end."""
        if not hasattr(self, "keeper"):
            return
        self.feed(OpenAsked())
        self.feed(CloseAsked("end"))
        for attempt in list(self.open):
            self.open.discard(attempt)
            self.feed(Closed(attempt))
        assert self.keeper.state == "off"
        assert self.open == set()


class TestWorld(World.TestCase):  # type: ignore[misc,valid-type]  # made by hypothesis
    """Runs the world."""

    settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
