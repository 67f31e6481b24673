"""What a tunnel provider is, and what it tells. This is what plug-ins are written against."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeAlias

from rtstart.core.findings.types import Finding

API = 1
"""The version of this protocol; the registry refuses providers of another."""

TUNNEL_SERVICE = "tunnel"
"""What a tunnel's program is called among the services of a run."""

Options: TypeAlias = Mapping[str, str]
"""A provider's own table in rtstart.toml, `[tunnels.NAME]`, as text."""


# News -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AddressFound:
    """The provider named an address. It may not lead anywhere yet."""

    url: str


@dataclass(frozen=True, slots=True)
class Connected:
    """The provider's edge is connected with this machine: the address may be tried."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The provider said no. `again` says that the same way may work when it is tried once more."""

    finding: Finding
    again: bool = False


@dataclass(frozen=True, slots=True)
class Lost:
    """The connection broke, or does not come about; the provider's program is mending it by itself.

    `finding` is what to say when it never connects.
    """

    why: str
    finding: Finding | None = None


TunnelNews: TypeAlias = AddressFound | Connected | Refused | Lost


# What a provider is -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Traits:
    """What one gets from a provider.

    `plaintext` names who can read what goes through, "nobody" when TLS ends on this machine.
    `lasts_s` is how long one address lives by the provider's rules. `settles_s` is how long after
    the connection the name must not be asked for, and `patience_s` how long it may take to appear.
    `is_automatic` is False for ways that are taken only when they are named. `client_header` is
    the header in which the provider itself writes a visitor's address, whatever the visitor sent
    in it (of a list, the last); empty where that is not known.
    """

    title: str
    reach: Literal["everyone", "tailnet", "network"] = "everyone"
    needs_account: bool = False
    plaintext: str = "nobody"
    has_warning_page: bool = False
    carries_websockets: bool = True
    carries_streams: bool = True
    has_stable_name: bool = False
    lasts_s: float | None = None
    settles_s: float = 0.0
    patience_s: float = 20.0
    health_every_s: float = 30.0
    is_automatic: bool = True
    client_header: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a tunnel leads: the gateway's public port on 127.0.0.1.

    `spare_port` is free for the provider's own local page. `files_dir` is where `files` of a plan
    are put.
    """

    port: int
    spare_port: int
    files_dir: str


class Machine(Protocol):
    """What a provider may look at to find out whether it can be used here."""

    @property
    def env(self) -> Mapping[str, str]:
        """The environment, with what the project's `.env` adds for tunnels."""
        ...

    @property
    def system(self) -> Literal["linux", "darwin", "windows"]:
        """The operating system."""
        ...

    @property
    def project_dir(self) -> str:
        """The project's folder."""
        ...

    def find(self, program: str) -> str | None:
        """The path of a program on the PATH, or None."""
        ...

    def exists(self, path: str) -> bool:
        """Whether there is a file at this path; `~` is the home directory."""
        ...

    def has_module(self, name: str) -> bool:
        """Whether a Python module can be imported."""
        ...

    def addresses(self) -> Sequence[str]:
        """This machine's addresses on local networks, the likeliest first."""
        ...

    async def run(self, *command: str, within_s: float = 5.0) -> tuple[int, str]:
        """Run a program to its end; its code and what it said. 127 when it is not there."""
        ...


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether a provider can be used here and now.

    `detail` is a version or a place, shown in tables. `finding` says what is missing, with the
    exact next command. `is_configured` says that the user has set it up on purpose.
    `may_fetch` says that its program can be fetched when the user agrees.
    """

    state: Literal["ready", "missing", "signed out", "old", "unusable"]
    detail: str = ""
    finding: Finding | None = None
    is_configured: bool = False
    may_fetch: bool = False


# What a provider does ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StatusPage:
    """A local page of the provider's program, asked now and then until it is connected.

    `read` gets the HTTP status and the text; the same news again is harmless.
    """

    url: str
    read: Callable[[int, str], TunnelNews | None]


@dataclass(frozen=True, slots=True)
class ProcessTunnel:
    """A tunnel that is a program. `read` is a pure function of one line, without colours.

    `address_within_s` counts from its start, `connected_within_s` from its address.

    `env` is added to a small environment of the tunnel's own: what is secret goes here and never
    into the command. `files` are written into the target's `files_dir`, readable by the user
    only. `address` is given when it is known before. `is_connected_by_address` says that the
    program names its address only once it is connected.
    """

    command: tuple[str, ...]
    read: Callable[[str], TunnelNews | None]
    env: Mapping[str, str] = field(repr=False, default_factory=dict)
    files: Mapping[str, str] = field(repr=False, default_factory=dict)
    pages: tuple[StatusPage, ...] = ()
    address: str = ""
    is_connected_by_address: bool = False
    address_within_s: float = 30.0
    connected_within_s: float = 45.0
    holds_input_open: bool = False
    grace_s: float = 3.0


Report: TypeAlias = Callable[[TunnelNews], None]


@dataclass(frozen=True, slots=True)
class TaskTunnel:
    """A tunnel that runs in our own process: `run` reports news until it is cancelled."""

    run: Callable[[Report], Awaitable[None]]
    address_within_s: float = 30.0
    connected_within_s: float = 45.0


@dataclass(frozen=True, slots=True)
class FixedTunnel:
    """An address that is there without our doing, and leads to the target already."""

    address: str


@dataclass(frozen=True, slots=True)
class OwnListener:
    """No tunnel: the gateway itself listens on this address, with a certificate of its own."""

    address: str


Way: TypeAlias = ProcessTunnel | TaskTunnel | FixedTunnel | OwnListener


class Provider(Protocol):
    """One way to an address that others can open. Stateless; a module can be one."""

    @property
    def api(self) -> int:
        """The version of this protocol that it speaks: 1."""
        ...

    @property
    def name(self) -> str:
        """What one types after `--tunnel`."""
        ...

    @property
    def traits(self) -> Traits:
        """What one gets.

        Beside it a provider may have `accepts`: what may stand in its table of rtstart.toml, each
        key with what it means. Then a key that is misspelt is told.
        """
        ...

    async def examine(self, machine: Machine, options: Options) -> Standing:
        """Whether it can be used here. Must not change anything, and not talk to the world."""
        ...

    def plan(self, machine: Machine, target: Target, options: Options) -> Way:
        """How to open it, given that it was found ready."""
        ...
