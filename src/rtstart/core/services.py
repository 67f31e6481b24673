"""What a service is: a process that `dev` starts, waits for, watches and stops."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class HttpReady:
    """Ready when a GET of this path on the service's own port answers below 500."""

    path: str = "/"


@dataclass(frozen=True, slots=True)
class LineReady:
    """Ready when a line of output matches this regular expression."""

    pattern: str


@dataclass(frozen=True, slots=True)
class AtOnce:
    """Ready as soon as the process runs."""


Readiness: TypeAlias = HttpReady | LineReady | AtOnce


@dataclass(frozen=True, slots=True)
class Service:
    """One process to supervise.

    `command` is a shell line (from a Procfile) when it is a string, else a list of arguments.
    `env` is the child's whole environment. `port` is where it listens on 127.0.0.1, or None.
    `after` names services that must be ready first. `restarts` is how often it may be started
    again after ending by itself; times are in seconds.
    """

    name: str
    command: str | Sequence[str]
    cwd: str
    env: Mapping[str, str] = field(repr=False, default_factory=dict)
    port: int | None = None
    after: tuple[str, ...] = ()
    ready: Readiness = field(default_factory=AtOnce)
    ready_within_s: float = 30.0
    grace_s: float = 5.0
    restarts: int = 3
    watch: tuple[str, ...] = ()
    """Paths, relative to `cwd`, whose change restarts the service; empty for one that reloads."""
    is_essential: bool = True
    """Whether the run fails when this service is given up. A tunnel is not essential."""
    is_held: bool = False
    """Whether somebody else decides what follows when it ends; it then just leaves the run."""
    holds_input_open: bool = False
    """Whether standard input stays open, empty, instead of being closed."""
