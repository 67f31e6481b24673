"""What happens, as plain values. Commands tell events; renderers show them.

Every event is frozen and holds no secret: text is masked before it becomes an event. Times are
stamped by whoever tells the event on, so that the core needs no clock.
"""

from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

from rtstart.core.findings.types import Finding

VisitDecision: TypeAlias = Literal["admitted", "refused", "dropped"]
"""What became of somebody at the door."""


@dataclass(frozen=True, slots=True)
class StepStarted:
    """A step that a person waits for has begun; `words` say what goes on."""

    step: str
    words: str


@dataclass(frozen=True, slots=True)
class StepDone:
    """A step is done; `words` says what there is now (`installed 41 packages`)."""

    step: str
    words: str
    seconds: float


@dataclass(frozen=True, slots=True)
class StepFailed:
    """A step failed; the finding that explains it follows."""

    step: str
    words: str
    seconds: float


@dataclass(frozen=True, slots=True)
class StepSkipped:
    """A step was left out, and `words` say why; nothing failed."""

    step: str
    words: str


@dataclass(frozen=True, slots=True)
class PortMoved:
    """The port that rtstart.toml wishes for is taken, and the next free one is used.

    `holder` says in words who has it, or is empty.
    """

    wished: int
    port: int
    holder: str


@dataclass(frozen=True, slots=True)
class Planned:
    """What `new --dry-run` would write, as relative paths in order. Nothing was written."""

    project_dir: str
    template: str
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Created:
    """A new app is there. `next_commands` are what to type now, one a line;
    none when rtstart goes on by itself.
    """

    project_dir: str
    name: str
    template: str
    files: int
    has_repository: bool
    is_installed: bool
    next_commands: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Started:
    """A service's process runs."""

    service: str
    pid: int
    port: int | None


@dataclass(frozen=True, slots=True)
class Output:
    """A line that a service wrote, masked, colours kept.

    `partial` marks a line without its end yet; the same line follows again when it is whole.
    `repeats` is how often the line has come in a row.
    """

    service: str
    line: str
    partial: bool = False
    repeats: int = 1


@dataclass(frozen=True, slots=True)
class Ready:
    """A service answers; `seconds` since its start."""

    service: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Exited:
    """A service's process has ended; `code` is negative for a signal. `asked` says we ended it."""

    service: str
    code: int
    asked: bool


@dataclass(frozen=True, slots=True)
class Restarting:
    """A service will be started again in `delay_s`; `attempt` counts from 1."""

    service: str
    delay_s: float
    attempt: int
    why: str


@dataclass(frozen=True, slots=True)
class Failed:
    """A service is given up; the finding that explains it follows or is told with it."""

    service: str


@dataclass(frozen=True, slots=True)
class Stopping:
    """The run is ending; `waiting_for` names who is still there and their pids."""

    waiting_for: tuple[tuple[str, int], ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class Found:
    """A finding, said once."""

    finding: Finding


@dataclass(frozen=True, slots=True)
class AnswerSeen:
    """The head of an HTTP answer: each header as it came, `Name: value`."""

    status: int
    headers: tuple[str, ...]


ProofState: TypeAlias = Literal["passed", "failed", "skipped"]


@dataclass(frozen=True, slots=True)
class ProofStep:
    """One question asked through the public address, and its answer."""

    name: str
    state: ProofState
    milliseconds: float
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Announced:
    """The addresses, after proof. `public_url` and `invite_url` are empty where there are none."""

    project: str
    template: str
    mode: str
    local_url: str
    public_url: str
    invite_url: str
    tunnel: str
    tunnel_reason: str
    passed: int
    asked: int
    seconds: float


@dataclass(frozen=True, slots=True)
class TunnelOpening:
    """A way to a public address is being tried; `attempt` counts from 1 for each provider."""

    provider: str
    reason: str
    attempt: int


@dataclass(frozen=True, slots=True)
class TunnelDown:
    """There is no public address now. `next_step` says what follows (`again in 2 s`)."""

    provider: str
    why: str
    next_step: str


@dataclass(frozen=True, slots=True)
class TunnelMissed:
    """The public address, which was up, did not answer; it is asked again before it is given up."""

    provider: str
    url: str


@dataclass(frozen=True, slots=True)
class TunnelEnding:
    """The public address will be closed by itself in `seconds`, unless that is put off."""

    provider: str
    seconds: float


@dataclass(frozen=True, slots=True)
class TunnelStaying:
    """The end of the public address was put off: it stays for `seconds` from now."""

    provider: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Visited:
    """A visitor came in, was refused, or was put out."""

    visitor: str
    decision: VisitDecision
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Minted:
    """A request for an ephemeral secret was decided and answered; never the secret itself."""

    visitor: str
    status: int
    milliseconds: float
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """The command cannot go on, for a reason that the user can act on; `Finished` follows."""

    what: str
    why: str
    hint: str
    code: str
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Relayed:
    """A request of the token backend went to the API and was answered; `number` names its record.

    `first_byte_ms` is the time to the answer's head, `milliseconds` to its end.
    """

    number: int
    method: str
    path: str
    status: int
    first_byte_ms: float
    milliseconds: float


@dataclass(frozen=True, slots=True)
class Called:
    """A call that is known by its id has begun or ended; `dollars` is an estimate."""

    visitor: str
    call_id: str
    is_over: bool = False
    seconds: float = 0.0
    dollars: float = 0.0


@dataclass(frozen=True, slots=True)
class CallsStopped:
    """The kill switch: nobody gets a secret, everybody is out, known calls are hung up.

    `still_open` are calls that could not be ended, each with the reason.
    """

    dropped: int
    hung_up: int
    still_open: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class CallsAllowed:
    """Secrets are given out again."""


@dataclass(frozen=True, slots=True)
class Finished:
    """The last event of every run, exactly once."""

    code: int
    words: str = ""


Event: TypeAlias = (
    StepStarted
    | StepDone
    | StepFailed
    | StepSkipped
    | PortMoved
    | Planned
    | Created
    | Started
    | Output
    | Ready
    | Exited
    | Restarting
    | Failed
    | Stopping
    | Found
    | TunnelOpening
    | TunnelDown
    | TunnelMissed
    | TunnelEnding
    | TunnelStaying
    | AnswerSeen
    | ProofStep
    | Announced
    | Visited
    | Minted
    | Relayed
    | Called
    | CallsStopped
    | CallsAllowed
    | Refused
    | Finished
)


class Emit(Protocol):
    """Where events go. Called on the event loop's thread; must not block and must not raise."""

    def __call__(self, event: Event, /) -> None: ...
