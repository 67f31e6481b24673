"""Who may have an ephemeral secret, and how many: each one can spend the developer's money.

The rules are plain values and the clock comes in as an argument. What a refusal says is said here,
in words for a person and with a code for the page.
"""

from collections import Counter, deque
from dataclasses import dataclass
from typing import TypeAlias

from rtstart.core.calls import BACKEND, Call, CallLedger

_MINUTE_S = 60.0
_LATER_S = 30


@dataclass(frozen=True, slots=True)
class MintLimits:
    """How many secrets may be made, and how much may be spent in one run.

    A count of 0 means none at all. `run_dollars` is an estimate from usage. Minutes and dollars
    are not looked at when the API is emulated.
    """

    per_visitor_per_minute: int = 6
    per_minute: int = 20
    open_per_visitor: int = 6
    open_calls: int = 12
    per_run: int = 200
    run_minutes: float = 240.0
    run_dollars: float = 10.0
    body_bytes: int = 16 * 1024


@dataclass(frozen=True, slots=True)
class MintAsked:
    """A request for a secret. `from_own_page` is None when the request does not say."""

    visitor: str
    method: str
    content_type: str
    from_own_page: bool | None
    is_local: bool
    body_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class MintAllowed:
    """The request may go on to the token backend; tell `MintGuard.answered` how it ended."""

    visitor: str


@dataclass(frozen=True, slots=True)
class MintRefused:
    """The request ends here. `retry_after_s` is 0 when waiting does not help."""

    status: int
    code: str
    words: str
    retry_after_s: int = 0


MintDecision: TypeAlias = MintAllowed | MintRefused

_ONLY_POST = MintRefused(405, "method_not_allowed", "A secret is made by POST only.")
STOPPED = MintRefused(
    503, "minting_stopped", "The developer has stopped all calls. Ask them to allow calls again."
)
"""While the kill switch is on."""

_OTHER_SITE = MintRefused(
    403, "foreign_origin", "Only the app's own page may ask for a secret, not another site."
)
_NOT_JSON = MintRefused(
    415, "not_json", "Ask with the header Content-Type: application/json and a JSON body."
)
_TOO_LARGE = MintRefused(413, "body_too_large", "The body of this request is larger than needed.")
_RUN_IS_SPENT = MintRefused(
    429, "run_limit", "This run has given out all the secrets it may. The developer can restart it."
)


class MintGuard:
    """Decides about every request for a secret in one run, and counts."""

    def __init__(self, limits: MintLimits | None = None, *, is_emulated: bool = False) -> None:
        self.calls = CallLedger()
        self._limits = limits or MintLimits()
        self._is_emulated = is_emulated
        self._recent: deque[tuple[float, str]] = deque()
        self._made: Counter[str] = Counter()
        self._pending: Counter[str] = Counter()
        self._became_calls: Counter[str] = Counter()
        self._stopped = False

    @property
    def made(self) -> int:
        """How many secrets were made so far."""
        return self._made.total()

    def made_by(self, visitor: str) -> int:
        """How many of them a visitor got."""
        return self._made[visitor]

    def may_tell(self, visitor: str, told: int) -> bool:
        """Whether a visitor's page that has told of so many calls may tell of another.

        Each call comes from a secret, now and then two from one; some may be from the run before.
        """
        return told < self._limits.open_per_visitor + 2 * self._made[visitor]

    @property
    def is_stopped(self) -> bool:
        """Whether the kill switch is on."""
        return self._stopped

    def stop(self) -> None:
        """Refuse every further request until `resume`."""
        self._stopped = True

    def resume(self) -> None:
        """Allow requests again, within the same limits and counts."""
        self._stopped = False

    def check_form(self, asked: MintAsked) -> MintRefused | None:
        """Why a request is refused by its head alone; nothing is counted."""
        return self._form(asked)

    def decide(self, asked: MintAsked, *, now: float) -> MintDecision:
        """Whether this request may go on. One that may is counted at once, before its answer."""
        refused = (
            self._form(asked)
            or self._budget(now)
            or self._rate(asked.visitor, now)
            or self._open(asked.visitor, now)
        )
        if refused:
            return refused
        self._recent.append((now, asked.visitor))
        self._pending[asked.visitor] += 1
        return MintAllowed(asked.visitor)

    def answered(self, allowed: MintAllowed, *, status: int, now: float) -> None:
        """How an allowed request ended; one that failed upstream does not count for the run."""
        self._pending[allowed.visitor] -= 1
        if not self._pending[allowed.visitor]:
            del self._pending[allowed.visitor]
        is_call = self._became_calls[allowed.visitor] > 0
        if is_call:
            self._became_calls[allowed.visitor] -= 1
        if status in range(200, 300):
            self._made[allowed.visitor] += 1
            if not is_call:
                self.calls.minted(allowed.visitor, now=now)

    def begun_by_backend(self, call_id: str, *, now: float) -> Call | None:
        """The app's backend has begun a call, for whoever waits for its answer just now.

        None when the call was known.
        """
        for visitor, number in self._pending.items():
            if self._became_calls[visitor] < number:
                self.calls.minted(visitor, now=now)
                call = self.calls.started(call_id, visitor=visitor, now=now)
                self._became_calls[visitor] += call is not None
                return call
        return self.calls.started(call_id, visitor=BACKEND, now=now)

    def why_no_call(self, now: float) -> MintRefused | None:
        """Why no call may begin now, whoever asks; None when one may."""
        return STOPPED if self._stopped else self._spent(now)

    def _form(self, asked: MintAsked) -> MintRefused | None:
        if asked.method != "POST":
            return _ONLY_POST
        if self._stopped:
            return STOPPED
        if asked.from_own_page is False or (asked.from_own_page is None and not asked.is_local):
            return _OTHER_SITE
        if asked.content_type.partition(";")[0].strip().lower() != "application/json":
            return _NOT_JSON
        if asked.body_bytes is not None and asked.body_bytes > self._limits.body_bytes:
            return _TOO_LARGE
        return None

    def _budget(self, now: float) -> MintRefused | None:
        if self.made + self._pending.total() >= self._limits.per_run:
            return _RUN_IS_SPENT
        return self._spent(now)

    def _spent(self, now: float) -> MintRefused | None:
        if self._is_emulated:
            return None
        spent = self.calls.spent(now)
        if spent.minutes >= self._limits.run_minutes:
            words = f"The {self._limits.run_minutes:.0f} minutes of calls for this run are used up."
            return MintRefused(429, "minutes_spent", words)
        if spent.dollars >= self._limits.run_dollars:
            words = (
                f"The budget of about ${self._limits.run_dollars:.2f} for this run is used up. "
                "The developer can raise it."
            )
            return MintRefused(429, "budget_spent", words)
        return None

    def _rate(self, visitor: str, now: float) -> MintRefused | None:
        while self._recent and self._recent[0][0] <= now - _MINUTE_S:
            self._recent.popleft()
        own = [when for when, who in self._recent if who == visitor]
        if len(own) >= self._limits.per_visitor_per_minute:
            return self._wait("visitor_limit", own, self._limits.per_visitor_per_minute, now)
        if len(self._recent) >= self._limits.per_minute:
            everybody = [when for when, _ in self._recent]
            return self._wait("global_limit", everybody, self._limits.per_minute, now)
        return None

    def _wait(self, code: str, times: list[float], limit: int, now: float) -> MintRefused:
        if limit == 0:
            return MintRefused(429, code, "No secrets are given out at all in this run.")
        seconds = max(1, int(times[-limit] + _MINUTE_S - now) + 1)
        whose = "You have" if code == "visitor_limit" else "All visitors together have"
        return MintRefused(
            429,
            code,
            f"{whose} started {len(times)} calls within a minute. Try again in {seconds} seconds.",
            retry_after_s=seconds,
        )

    def _open(self, visitor: str, now: float) -> MintRefused | None:
        own = self.calls.open_count(now, visitor=visitor) + self._pending[visitor]
        if own >= self._limits.open_per_visitor:
            words = f"You have {own} calls open or about to open. End one, or wait half a minute."
            return MintRefused(429, "open_calls", words, retry_after_s=_LATER_S)
        everybody = self.calls.open_count(now) + self._pending.total()
        if everybody >= self._limits.open_calls:
            words = f"{everybody} calls are open already. Wait until one has ended."
            return MintRefused(429, "open_calls_in_all", words, retry_after_s=_LATER_S)
        return None
