"""What the gateway knows while it runs: who is in, what was announced, what is open."""

import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Protocol

from rtstart.adapters.calls import CallFact, NeverWas, Over, Speaks, Used
from rtstart.adapters.gateway.audit_file import AuditFile
from rtstart.adapters.gateway.connection import Connection
from rtstart.adapters.gateway.settings import GatewaySettings
from rtstart.core.access import (
    CODE_BYTES,
    COOKIE_BYTES,
    SOMEBODY,
    AccessBook,
    Admitted,
    Invitation,
    Refused,
    Visitor,
    coarse_address,
)
from rtstart.core.audit import AuditLine
from rtstart.core.calls import BACKEND, RELAYED, Call
from rtstart.core.events import Called, Emit, Visited
from rtstart.core.hosts import Origin
from rtstart.core.mint_guard import MintGuard, MintRefused

_QUIET_S = 60.0
_REMEMBERED = 512


class CallControl(Protocol):
    """Follows and ends calls through the API."""

    def watch(self, call_id: str, tell: Callable[[CallFact], None]) -> None:
        """Follow a call until it ends."""
        ...

    async def hang_up(self, call_id: str) -> str:
        """End a call; empty when it is over, else why it may still go on."""
        ...


class Held(Protocol):
    """Something that a visitor holds open."""

    def cut(self) -> None:
        """End it from here."""
        ...


class Desk:
    """The gateway's memory. Everything that decides asks here, and everything that happened is
    told from here.
    """

    def __init__(
        self,
        settings: GatewaySettings,
        *,
        emit: Emit,
        clock: Callable[[], float],
        calls: CallControl | None,
    ) -> None:
        self.settings = settings
        self.emit = emit
        self.clock = clock
        self.wall_clock: Callable[[], float] = time.time
        self.nonce = secrets.token_urlsafe(18)
        self.origins: tuple[Origin, ...] = ()
        self.client_headers: dict[Origin, str] = {}
        self.authority = b""
        self.book = AccessBook(
            key=secrets.token_bytes(32),
            rules=settings.access,
            standing_token=settings.standing_token,
        )
        self.guard = MintGuard(settings.limits, is_emulated=settings.is_emulated)
        self.calls = calls
        self._audit = AuditFile(settings.audit_path) if settings.audit_path else None
        self._sockets: dict[str, set[Held]] = {}
        self._served: dict[str, set[Connection]] = {}
        self._carried: dict[str, Held] = {}
        self._said: dict[str, float] = {}
        self._names: dict[str, str] = {}
        self._told: Counter[str] = Counter()

    def write_down(self, line: AuditLine) -> None:
        """Keep an audit line, where there is a file for them."""
        if self._audit is not None:
            self._audit.write(line, at=datetime.now(UTC).isoformat(timespec="seconds"))

    def invite(self, name: str) -> Invitation:
        """A new invitation."""
        return self.book.invite(now=self.clock(), random=secrets.token_bytes(CODE_BYTES), name=name)

    def spend(self, code: str, *, client: str, device: str, agent: str) -> Admitted | Refused:
        """Let the bearer of a code in, and say so."""
        spent = self.book.spend(
            code,
            now=self.clock(),
            random=secrets.token_bytes(COOKIE_BYTES),
            client=client,
            device=device,
        )
        if isinstance(spent, Admitted):
            name, decision = spent.visitor.name, "admitted"
            self._names[spent.visitor.id] = name
            self.emit(Visited(name, "admitted", f"{device} {coarse_address(client)}".strip()))
        else:
            name, decision = "", f"invitation {spent.why}"
            self.refuse(decision, client)
        self.write_down(AuditLine("invitation", name, client, agent, decision))
        return spent

    def refuse(self, why: str, client: str) -> None:
        """Tell of a refusal, once a minute for each reason and place: bots repeat themselves."""
        now = self.clock()
        key = f"{why} {coarse_address(client)}"
        if self._said.get(key, now - _QUIET_S) > now - _QUIET_S:
            return
        if len(self._said) >= _REMEMBERED:
            self._said.clear()
        self._said[key] = now
        self.emit(Visited(SOMEBODY, "refused", f"{why}, {coarse_address(client)}"))

    def drop(self, identifier: str) -> Visitor | None:
        """Put a visitor out and cut their sockets."""
        visitor = self.book.drop(identifier)
        if visitor:
            self._gone(visitor)
        return visitor

    def drop_all(self) -> tuple[Visitor, ...]:
        """Put everybody out and withdraw every invitation."""
        dropped = self.book.drop_all()
        for visitor in dropped:
            self._gone(visitor)
        for identifier in {*self._sockets, *self._served}:
            if identifier.startswith("guest "):
                self._cut(identifier)
        return dropped

    def _gone(self, visitor: Visitor) -> None:
        self._cut(visitor.id)
        self.emit(Visited(visitor.name, "dropped"))
        self.write_down(AuditLine("drop", visitor.name, visitor.client, "", "dropped"))

    def _cut(self, identifier: str) -> None:
        for socket in tuple(self._sockets.get(identifier, ())):
            socket.cut()
        for connection in tuple(self._served.get(identifier, ())):
            connection.cut()

    def open_sockets(self, identifier: str) -> int:
        """How many WebSockets a visitor holds open."""
        return len(self._sockets.get(identifier, ()))

    @contextmanager
    def holding(self, identifier: str, socket: Held) -> Iterator[None]:
        """Remember a visitor's WebSocket while it is open."""
        held = self._sockets.setdefault(identifier, set())
        held.add(socket)
        try:
            yield
        finally:
            held.discard(socket)
            if not held:
                self._sockets.pop(identifier, None)

    @contextmanager
    def serving(self, identifier: str, connection: Connection) -> Iterator[None]:
        """Remember a visitor's connection while a request on it is answered, maybe for hours."""
        served = self._served.setdefault(identifier, set())
        served.add(connection)
        try:
            yield
        finally:
            served.discard(connection)
            if not served:
                self._served.pop(identifier, None)

    @contextmanager
    def carrying(self, identifier: str, splice: Held, *, model: str) -> Iterator[None]:
        """Remember a session that passes here over WebSocket while it is open."""
        call_id = f"{RELAYED}{secrets.token_hex(8)}"
        self._carried[call_id] = splice
        self.call_started(call_id, identifier)
        self.guard.calls.speaks_to(call_id, model)
        try:
            yield
        finally:
            del self._carried[call_id]
            self.call_ended(call_id)

    def call_started(self, call_id: str, visitor: str) -> None:
        """A call of a visitor is known by its id; from now on it is watched."""
        now = self.clock()
        if visitor == BACKEND:
            call = self.guard.begun_by_backend(call_id, now=now)
        else:
            call = self.guard.calls.started(call_id, visitor=visitor, now=now)
        if call is None:
            return
        self.emit(Called(self._name(call.visitor), call_id))
        if self.calls is not None:
            self.calls.watch(call_id, lambda fact: self.hear(call_id, fact))

    def hear(self, call_id: str, fact: CallFact) -> None:
        """Something was heard about a call."""
        match fact:
            case Speaks(model):
                self.guard.calls.speaks_to(call_id, model)
            case Used(usage):
                self.guard.calls.used(call_id, usage)
            case Over():
                self.call_ended(call_id)
            case NeverWas():
                call = self.guard.calls.never_was(call_id)
                if call is not None:
                    self.emit(Called(self._name(call.visitor), call_id, is_over=True))

    def call_told(self, call_id: str, visitor: str) -> bool:
        """A visitor's page says that it has begun a call; False when it has said so too often."""
        if not self.guard.may_tell(visitor, self._told[visitor]):
            return False
        self._told[visitor] += 1
        self.call_started(call_id, visitor)
        return True

    def why_no_call(self) -> MintRefused | None:
        """Why the app's backend may begin no call now, written down; None when it may."""
        refused = self.guard.why_no_call(self.clock())
        if refused is not None:
            self.write_down(AuditLine("call", BACKEND, "", "", refused.code, refused.status))
        return refused

    def call_left(self, call_id: str, visitor: str) -> None:
        """A page says that its call is over. Believed of one's own calls, when nobody watches."""
        mine = [call for call in self.guard.calls.open_calls(self.clock()) if call.id == call_id]
        if self.calls is None and mine and mine[0].visitor == visitor:
            self.call_ended(call_id)

    def call_ended(self, call_id: str) -> None:
        """A call is over."""
        now = self.clock()
        call = self.guard.calls.ended(call_id, now=now)
        if call is not None:
            self.emit(
                Called(
                    self._name(call.visitor),
                    call_id,
                    is_over=True,
                    seconds=round(call.seconds(now), 1),
                    dollars=0.0 if self.settings.is_emulated else round(call.cost(now), 4),
                )
            )

    def _name(self, visitor: str) -> str:
        return self._names.get(visitor, visitor.partition(" ")[0])

    async def hang_up(self, call: Call) -> str:
        """End one call; empty when it is over, else why it may still go on."""
        carried = self._carried.get(call.id)
        if carried is not None:
            carried.cut()
            return ""
        if self.calls is None:
            return "there is no key to end it with"
        problem = await self.calls.hang_up(call.id)
        if not problem:
            self.call_ended(call.id)
        return problem


def clock() -> float:
    """Seconds that only ever grow."""
    return time.monotonic()
