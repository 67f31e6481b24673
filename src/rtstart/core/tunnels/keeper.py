"""Holding an address up: open, wait, prove, watch, open again, try the next way. A pure machine."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, assert_never

from rtstart.core.events import (
    Event,
    Found,
    TunnelDown,
    TunnelEnding,
    TunnelMissed,
    TunnelOpening,
    TunnelStaying,
)
from rtstart.core.findings import Finding, Fix, tunnel
from rtstart.core.findings import tunnel_proof as proof_findings
from rtstart.core.findings import tunnel_refusals as refusals
from rtstart.core.hosts import parse_origin
from rtstart.core.tunnels.attempts import Again, Attempts, Following, FromTheStart, GiveUp
from rtstart.core.tunnels.choice import Candidate
from rtstart.core.tunnels.health import Health, Seen, is_tunnels_fault
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
    Purpose,
    Rang,
    Ring,
    Tell,
    Timer,
    Withdraw,
)
from rtstart.core.tunnels.types import AddressFound, Connected, Lost, Refused, TunnelNews

State: TypeAlias = Literal[
    "off",
    "opening",  # no address yet
    "connecting",  # an address, and no connection
    "settling",  # connected, and the name must not be asked for yet
    "proving",
    "up",
    "closing",
    "waiting",  # to try again
]

HEALTH_SOON_S = 3.0
CONNECTED_WITHIN_S = 45.0
PROVIDER_WARNING_S = 300.0
CLOSE_WARNING_S = 600.0

_OF_AN_OPENING: tuple[Purpose, ...] = (
    "address",
    "connected",
    "settle",
    "health",
    "again",
    "provider-end",
)
"""Timers that end with an opening. The others belong to the address, whoever carries it."""

_BARE = Fix("Let it name a bare origin: https://, a host, perhaps a port.")


@dataclass(frozen=True, slots=True)
class Rules:
    """`closes_after_s` closes the address by itself after this time; None keeps it.

    `health_soon_s` is how soon an address that may be lost is asked again.
    """

    closes_after_s: float | None = None
    health_soon_s: float = HEALTH_SOON_S


class Keeper:
    """Decides what is opened, proved, announced and given up. `step` is the only way in."""

    def __init__(self, candidates: Sequence[Candidate], rules: Rules | None = None) -> None:
        self._ways = Attempts(candidates)
        self._rules = rules or Rules()
        self._attempt = 0
        self._health = Health()
        self._trouble: Finding | None = None
        self._url = ""
        self._is_connected = False
        self._connected_within_s = CONNECTED_WITHIN_S
        self._is_wanted = False
        self._why: Finding | None = None
        self._turn = 0
        self._turns: dict[Purpose, int] = {}
        self._closes_at: float | None = None
        self._actions: list[Action] = []
        self._now = 0.0
        self.state: State = "off"

    @property
    def url(self) -> str:
        """The address that is up, or empty."""
        return self._url if self.state == "up" else ""

    @property
    def candidate(self) -> Candidate | None:
        """The way that is being used or tried."""
        return self._ways.candidate

    def step(self, fact: Fact, now: float) -> tuple[Action, ...]:
        """Take a fact in at a time (seconds of any monotonic clock) and say what to do."""
        self._now, self._actions = now, []
        match fact:
            case OpenAsked():
                self._open_asked()
            case CloseAsked(why):
                self._close_asked(why)
            case ExtendAsked():
                self._extend()
            case Closed(attempt, finding) if attempt == self._attempt:
                self._closed(finding)
            case News() | Limits() | Proved() | Checked() if fact.attempt == self._attempt:
                self._step_opening(fact)
            case Rang(timer):
                if self._turns.get(timer.purpose) == timer.turn:
                    self._rang(timer.purpose)
            case News() | Limits() | Proved() | Checked() | Closed():
                pass  # of an opening that is over
            case _:
                assert_never(fact)
        return tuple(self._actions)

    # Asked from outside -------------------------------------------------------------------------

    def _open_asked(self) -> None:
        self._is_wanted = True
        if self.state == "off" and self._ways.candidate is not None:
            self._ways.restart()
            self._why = None
            self._open()

    def _close_asked(self, why: str) -> None:
        was_wanted, self._is_wanted = self._is_wanted, False
        self._closes_at = None
        self._why = None
        if not was_wanted:
            return
        name = self.candidate.name if self.candidate else ""
        self._tell(TunnelDown(name, why, "closed; t opens it again"))
        self._let_go()

    def _extend(self) -> None:
        after_s = self._rules.closes_after_s
        if self.state == "up" and after_s is not None:
            self._begin_term(after_s)
            self._tell(TunnelStaying(self._ways.way.name, after_s))

    def _begin_term(self, after_s: float) -> None:
        self._closes_at = self._now + after_s
        self._ring("warn", max(after_s - CLOSE_WARNING_S, after_s / 2))
        self._ring("close", after_s)

    # An opening, step by step -------------------------------------------------------------------

    def _open(self) -> None:
        self._attempt += 1
        self._ways.opened()
        self._health = Health()
        self._url, self._is_connected = "", False
        self._why = self._trouble = None
        for purpose in _OF_AN_OPENING:
            self._turns.pop(purpose, None)
        self.state = "opening"
        self._tell(TunnelOpening(self._ways.way.name, self._ways.way.reason, self._ways.tries))
        self._do(Open(self._attempt, self._ways.way))

    def _step_opening(self, fact: News | Limits | Proved | Checked) -> None:
        if self.state in ("off", "closing", "waiting"):
            return
        match fact:
            case News(_, news):
                self._heard(news)
            case Limits(_, address_within_s, connected_within_s):
                self._connected_within_s = connected_within_s
                self._ring("address", address_within_s)
            case Proved(_, findings) if self.state == "proving":
                self._proved(findings)
            case Checked(_, seen) if self.state == "up":
                self._checked(seen)
            case _:
                pass

    def _heard(self, news: TunnelNews) -> None:
        match news:
            case AddressFound(url):
                self._address(url)
            case Connected():
                self._is_connected = True
                self._health.connected()
                if self.state == "connecting":
                    self._settle()
            case Refused(finding, again):
                self._failed(finding, again=again)
            case Lost(_, finding):
                self._trouble = finding
                # Said again and again it must not put the question off again and again.
                if self._health.lost() and self.state == "up":
                    self._ring("health", self._rules.health_soon_s)
            case _:
                assert_never(news)

    def _address(self, told: str) -> None:
        origin = parse_origin(told)
        if origin is None and told.startswith("https://"):
            words = f'The tunnel told "{told}", which is no address an app can have'
            self._failed(tunnel.BAD_ADDRESS.found(words, fix=_BARE), again=False)
            return
        if origin is None or origin.scheme != "https":
            self._failed(refusals.NO_TLS.found(f'The tunnel told "{told}"'), again=False)
            return
        if str(origin) == self._url:
            return
        self._url = str(origin)
        self._do(Accept(self._attempt, self._url))
        if self._is_connected:
            self._settle()
        else:
            self.state = "connecting"
            self._ring("connected", self._connected_within_s)

    def _settle(self) -> None:
        settles_s = self._ways.way.traits.settles_s
        if settles_s > 0:
            self.state = "settling"
            self._ring("settle", settles_s)
        else:
            self._prove()

    def _prove(self) -> None:
        self.state = "proving"
        self._do(Prove(self._attempt, self._url, self._ways.way))

    def _proved(self, findings: tuple[Finding, ...]) -> None:
        candidate = self._ways.way
        faults = [one for one in findings if is_tunnels_fault(one, candidate)]
        if faults and self._ways.has_next and not self._ways.has_worked:
            self._give_up(faults[0], again=False)
            return
        self.state = "up"
        codes = {one.code for one in findings}
        self._health.proved(has_name=proof_findings.NAME_NOT_FOUND.code not in codes)
        self._ways.is_up(self._now)
        self._do(Announce(self._attempt, self._url, candidate, findings))
        self._ring("health", candidate.traits.health_every_s)
        if candidate.traits.lasts_s is not None:
            self._ring("provider-end", max(candidate.traits.lasts_s - PROVIDER_WARNING_S, 0.0))
        if self._closes_at is None and self._rules.closes_after_s is not None:
            self._begin_term(self._rules.closes_after_s)

    def _checked(self, seen: Seen) -> None:
        match self._health.saw(seen):
            case "well":
                self._ring("health", self._ways.way.traits.health_every_s)
            case "appeared":
                self._prove()
            case "missed first":
                self._tell(TunnelMissed(self._ways.way.name, self._url))
                self._ring("health", self._rules.health_soon_s)
            case "missed":
                self._ring("health", self._rules.health_soon_s)
            case "gone":
                words = f"{self._url} does not answer any more"
                self._failed(refusals.LOST.found(words), again=True)

    def _closed(self, finding: Finding | None) -> None:
        if self.state == "closing":
            self._after_closing()
        elif self.state not in ("off", "waiting"):
            self._ended(finding or refusals.ENDED.found())

    # Failing ------------------------------------------------------------------------------------

    def _failed(self, finding: Finding, *, again: bool) -> None:
        """Say what happened and give this opening up."""
        self._tell(Found(finding))
        self._give_up(finding, again=again)

    def _give_up(self, finding: Finding, *, again: bool) -> None:
        """End this opening, and go on when nothing of it is left."""
        self._why = finding
        self._ways.failed(self._now, again=again)
        self._withdraw()
        self.state = "closing"
        self._do(Close(self._attempt))

    def _after_closing(self) -> None:
        if not self._is_wanted:
            self.state = "off"
            return
        if self._why is None:
            # It was switched off and on again before it was gone.
            self._ways.restart()
            self._open()
        else:
            self._next(self._why)

    def _ended(self, finding: Finding) -> None:
        """The opening ended by itself, and nothing was said of it yet."""
        self._tell(Found(finding))
        self._ways.failed(self._now, again=True)
        self._withdraw()
        self._next(finding)

    def _next(self, finding: Finding) -> None:
        name = self._ways.way.name
        match self._ways.next_step():
            case Again(wait_s):
                self._wait(name, finding, wait_s, f"{name} again in {wait_s:g} s")
            case Following():
                self._tell(TunnelDown(name, finding.what, f"trying {self._ways.way.name}"))
                self._open()
            case FromTheStart(wait_s):
                self._wait(name, finding, wait_s, f"from the start in {wait_s:g} s")
            case GiveUp():
                self._is_wanted = False
                self.state = "off"
                self._tell(TunnelDown(name, finding.what, "given up; t tries again"))
                self._tell(Found(refusals.ALL_FAILED.found()))
            case step:
                assert_never(step)

    def _wait(self, name: str, finding: Finding, wait_s: float, words: str) -> None:
        self.state = "waiting"
        self._tell(TunnelDown(name, finding.what, words))
        self._ring("again", wait_s)

    def _let_go(self) -> None:
        self._withdraw()
        if self.state in ("waiting", "off"):
            self.state = "off"
        elif self.state != "closing":
            self.state = "closing"
            self._do(Close(self._attempt))

    def _withdraw(self) -> None:
        if self._url:
            self._url = ""
            self._do(Withdraw())

    # Timers -------------------------------------------------------------------------------------

    def _rang(self, purpose: Purpose) -> None:
        name = self.candidate.name if self.candidate else ""
        match purpose:
            case "address" if self.state == "opening":
                self._failed(refusals.NO_ADDRESS.found(f"{name} told no address"), again=True)
            case "connected" if self.state == "connecting":
                words = f"{name} told {self._url} and did not connect"
                self._failed(self._trouble or refusals.NOT_CONNECTED.found(words), again=True)
            case "settle" if self.state == "settling":
                self._prove()
            case "health" if self.state == "up":
                self._do(Check(self._attempt, self._url))
            case "again" if self.state == "waiting":
                self._open()
            case "provider-end" if self.state == "up":
                words = f"{name} ends this address in {PROVIDER_WARNING_S / 60:g} minutes"
                self._tell(Found(refusals.TIME_LIMIT.found(words)))
            case "warn" if self._closes_at is not None:
                self._tell(TunnelEnding(name, self._closes_at - self._now))
            case "close":
                self._close_asked("its time is over")
            case _:
                pass

    # Small helpers ------------------------------------------------------------------------------

    def _ring(self, purpose: Purpose, after_s: float) -> None:
        self._turn += 1
        self._turns[purpose] = self._turn
        self._do(Ring(Timer(purpose, self._turn), after_s))

    def _tell(self, event: Event) -> None:
        self._do(Tell(event))

    def _do(self, action: Action) -> None:
        self._actions.append(action)
