"""Events as log lines: time, name, text. Start-up chatter is held back until it matters."""

import math
import re
import time
from collections import deque
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import lru_cache

from rtstart.cli.render.failure import finding_lines
from rtstart.cli.render.style import Style
from rtstart.core.events import (
    Announced,
    Called,
    CallsAllowed,
    CallsStopped,
    Event,
    Exited,
    Failed,
    Found,
    Minted,
    Output,
    PortMoved,
    ProofStep,
    Ready,
    Relayed,
    Restarting,
    Started,
    StepDone,
    StepFailed,
    Stopping,
    TunnelDown,
    TunnelEnding,
    TunnelMissed,
    TunnelOpening,
    TunnelStaying,
    Visited,
)
from rtstart.core.tunnels import TUNNEL_SERVICE

_HELD = 200
_PATIENCE_S = 1.0
_ECHO_OF_PROOF_S = 0.3
"""How long after the announcement services may still speak of the proof's own requests."""

_NAME_WIDTH = 7
_BAD = 400
_DECISIONS = {"admitted": "came in", "refused": "was refused", "dropped": "was put out"}
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-LN-Zac-hj-ln-z]|\x1b[()][A-Z0-9]|[\x00-\x08\x0b-\x1a\x7f]")
"""What moves the cursor or clears the screen; colours (`m`) stay."""


def _now() -> str:
    return _clock_words(int(time.time()))


@lru_cache(maxsize=1)
def _clock_words(second: int) -> str:
    """Made once a second: thousands of lines may come in one."""
    return datetime.fromtimestamp(second).astimezone().strftime("%H:%M:%S")


class Log:
    """Turns events into lines. What a service says before the addresses are announced, or before
    it is ready again, is shown only if it fails: its own banner with its own port would send
    people past the gateway.
    """

    def __init__(
        self,
        style: Style,
        *,
        verbose: bool = False,
        now: Callable[[], str] = _now,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._style = style
        self._verbose = verbose
        self._now = now
        self._clock = clock
        self._all_quiet_until_s = math.inf
        self._quiet_until_s: dict[str, float] = {}
        """Of services that were started again."""
        self._names: dict[str, int] = {}
        self._held: dict[str, deque[str]] = {}
        self._settled: set[str] = set()
        self._unseen: set[str] = set()
        """Services whose last line was held back; a count of it would be news of nothing."""
        self._waited_for = ""

    def lines(self, event: Event) -> Iterator[str]:
        """The lines that this event adds to the log; often none."""
        if isinstance(event, Output | Started | Exited) and event.service == TUNNEL_SERVICE:
            if self._verbose and isinstance(event, Output):
                yield self._line(TUNNEL_SERVICE, event.line.rstrip())
            return
        match event:
            case Started(service=name):
                self._names.setdefault(name, len(self._names))
                if name not in self._settled:
                    self._held.setdefault(name, deque(maxlen=_HELD))
            case Output():
                yield from self._output(event)
            case Announced():
                self._settled.update(self._held)
                self._all_quiet_until_s = self._clock() + _ECHO_OF_PROOF_S
            case Restarting(service=name, why=why) if not why.startswith("ended"):
                # What it says of its new beginning is as little news as at the first.
                self._held[name] = deque(maxlen=_HELD)
                self._quiet_until_s[name] = math.inf
                yield self._line(name, f"starting again: {why}", "warn")
            case Ready(service=name) if name in self._quiet_until_s:
                self._quiet_until_s[name] = self._clock() + _ECHO_OF_PROOF_S
            case Failed(service=name):
                yield from self._release(name)
            case Restarting(service=name, delay_s=delay_s):
                yield from self._release(name)
                delay = f"{delay_s:.1f} s".replace(".0 s", " s")
                yield self._line(name, f"starting again in {delay}", "warn")
            case Exited(service=name, code=code, asked=False) if code:
                yield from self._release(name)
                yield self._line(name, _ended(code), "bad")
            case Found(finding=finding):
                yield ""
                yield from finding_lines(finding, style=self._style)
                yield ""
            case _:
                yield from self._told(event)

    def _told(self, event: Event) -> Iterator[str]:
        match event:
            case Visited() | Minted() | Relayed() | Called() | CallsStopped() | CallsAllowed():
                yield from self._visits(event)
            case ProofStep(state="passed") if self._verbose:
                yield self._line("proof", f"{event.name}  {event.milliseconds:.0f} ms")
            case TunnelOpening(provider=name, reason=reason, attempt=attempt):
                words = f"opening {name}" + (f", {reason}" if attempt == 1 else ", again")
                yield self._line(TUNNEL_SERVICE, words)
            case TunnelDown(provider=name, why=why, next_step=following):
                yield self._line(TUNNEL_SERVICE, f"{name} is down: {why}; {following}", "warn")
            case TunnelMissed(url=url):
                yield self._line(TUNNEL_SERVICE, f"{url} does not answer; asking again", "warn")
            case TunnelEnding(provider=name, seconds=seconds):
                words = f"{name} closes in {_span(seconds)}; press t to keep it"
                yield self._line(TUNNEL_SERVICE, words, "warn")
            case TunnelStaying(provider=name, seconds=seconds):
                yield self._line(TUNNEL_SERVICE, f"{name} stays for another {_span(seconds)}")
            case PortMoved(wished=wished, port=port, holder=holder):
                by = f" by {holder}" if holder else ""
                words = f"  port {wished} is taken{by}; using {port}"
                yield self._style.ink(words, "warn")
            case StepDone():
                yield f"  {self._style.ink(self._style.glyphs.done, 'good')} {event.words}"
            case StepFailed():
                yield f"  {self._style.ink(self._style.glyphs.failed, 'bad')} {event.words}"
            case Stopping(waiting_for=waiting, seconds=s) if waiting and s >= _PATIENCE_S:
                names = ", ".join(f"{name} (pid {pid})" for name, pid in waiting)
                if names != self._waited_for:
                    them = "it" if len(waiting) == 1 else "them"
                    words = f"  waiting for {names}; Ctrl-C ends {them} at once"
                    yield self._style.ink(words, "dim")
                self._waited_for = names
            case _:
                pass

    def _visits(
        self, event: Visited | Minted | Relayed | Called | CallsStopped | CallsAllowed
    ) -> Iterator[str]:
        match event:
            case Visited():
                words = f"{event.visitor} {_DECISIONS[event.decision]}"
                yield self._line("visitor", f"{words}  {event.detail}".rstrip())
            case Minted():
                words = f"{event.visitor}  mint {event.status} in {event.milliseconds:.0f} ms"
                tail = f"  {event.detail}" if event.detail else ""
                yield self._line("call", words + tail, "bad" if event.status >= _BAD else None)
            case Relayed(status=status) if status >= _BAD or self._verbose:
                words = f"{event.method} {event.path} {status} in {event.milliseconds:.0f} ms"
                yield self._line("api", words, "bad" if status >= _BAD else None)
            case Called(visitor=visitor, is_over=False):
                yield self._line("call", f"{visitor}  has begun")
            case Called(visitor=visitor, seconds=seconds, dollars=dollars):
                cost = f", about ${dollars:.2f}" if dollars else ""
                yield self._line("call", f"{visitor}  over after {seconds:.0f} s{cost}")
            case CallsStopped(dropped=dropped, hung_up=hung_up, still_open=still_open):
                words = f"stopped: {hung_up} hung up, {dropped} visitors out; k allows calls again"
                yield self._line("call", words, "warn")
                for call_id, why in still_open:
                    yield self._line("call", f"{call_id} may still go on: {why}", "bad")
            case CallsAllowed():
                yield self._line("call", "allowed again; earlier visitors need a new invitation")
            case _:
                pass

    def _output(self, event: Output) -> Iterator[str]:
        text = _CONTROL.sub("", event.line).rstrip()
        if event.repeats > 1:
            if event.service in self._unseen:
                return
            text += self._style.ink(f"  (x{event.repeats})", "warn")
        held = self._held_of(event.service)
        if held is None:
            self._unseen.discard(event.service)
            if text:
                yield self._line(event.service, text)
        elif not event.partial:
            self._unseen.add(event.service)
            held.append(text)

    def _held_of(self, service: str) -> deque[str] | None:
        """Where lines of this service wait now; None when they are shown."""
        until_s = self._quiet_until_s.get(service, self._all_quiet_until_s)
        if self._verbose or self._clock() >= until_s:
            self._held.pop(service, None)
            self._quiet_until_s.pop(service, None)
        return self._held.get(service)

    def _release(self, service: str) -> Iterator[str]:
        for text in self._held.pop(service, ()):
            if text:
                yield self._line(service, text)

    def _line(self, name: str, text: str, ink: str | None = None) -> str:
        position = self._names.setdefault(name, len(self._names))
        width = max(_NAME_WIDTH, *(len(one) for one in self._names))
        body = self._style.ink(text, "bad" if ink == "bad" else "warn") if ink else text
        reset = "\x1b[0m" if self._style.color and "\x1b[" in text else ""
        padded = self._style.name(name.ljust(width), position)
        return f"  {self._style.ink(self._now(), 'dim')}  {padded}  {body}{reset}"


def _ended(code: int) -> str:
    return f"ended by signal {-code}" if code < 0 else f"ended with code {code}"


def _span(seconds: float) -> str:
    """A span in the unit that people would use."""
    for unit, size in (("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds / size:.2g} {unit}"
    return f"{seconds:.0f} s"
