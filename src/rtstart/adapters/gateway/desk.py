"""What the gateway knows while it runs: who is in, what was announced, which sockets are open."""

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rtstart.adapters.gateway.proxy import Splice
from rtstart.adapters.gateway.settings import GatewaySettings
from rtstart.core.access import (
    CODE_BYTES,
    COOKIE_BYTES,
    AccessBook,
    Admitted,
    Invitation,
    Refused,
    Visitor,
    coarse_address,
)
from rtstart.core.events import Emit, Visited
from rtstart.core.hosts import Origin
from rtstart.core.mint_guard import MintGuard

_QUIET_S = 60.0
_REMEMBERED = 512


class Desk:
    """The gateway's memory. Everything that decides asks here; nothing here does input or output
    but tell events.
    """

    def __init__(
        self, settings: GatewaySettings, *, emit: Emit, clock: Callable[[], float]
    ) -> None:
        self.settings = settings
        self.emit = emit
        self.clock = clock
        self.nonce = secrets.token_urlsafe(18)
        self.origins: tuple[Origin, ...] = ()
        self.authority = b""
        self.book = AccessBook(
            key=secrets.token_bytes(32),
            rules=settings.access,
            standing_token=settings.standing_token,
        )
        self.guard = MintGuard(settings.limits)
        self._sockets: dict[str, set[Splice]] = {}
        self._said: dict[str, float] = {}

    def invite(self, name: str) -> Invitation:
        """A new invitation."""
        return self.book.invite(now=self.clock(), random=secrets.token_bytes(CODE_BYTES), name=name)

    def spend(self, code: str, *, client: str, device: str) -> Admitted | Refused:
        """Let the bearer of a code in, and say so."""
        spent = self.book.spend(
            code,
            now=self.clock(),
            random=secrets.token_bytes(COOKIE_BYTES),
            client=client,
            device=device,
        )
        if isinstance(spent, Admitted):
            detail = f"{device} {coarse_address(client)}".strip()
            self.emit(Visited(spent.visitor.name, "came in", detail))
        else:
            self.refuse(f"invitation {spent.why}", client)
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
        self.emit(Visited("", f"refused: {why}", coarse_address(client)))

    def drop(self, identifier: str) -> Visitor | None:
        """Put a visitor out and cut their sockets."""
        visitor = self.book.drop(identifier)
        if visitor:
            self.cut(identifier)
            self.emit(Visited(visitor.name, "was put out"))
        return visitor

    def drop_all(self) -> tuple[Visitor, ...]:
        """Put everybody out."""
        dropped = self.book.drop_all()
        for visitor in dropped:
            self.cut(visitor.id)
            self.emit(Visited(visitor.name, "was put out"))
        return dropped

    def cut(self, identifier: str) -> None:
        """Close a visitor's sockets."""
        for splice in tuple(self._sockets.get(identifier, ())):
            splice.cut()

    def open_sockets(self, identifier: str) -> int:
        """How many WebSockets a visitor holds open."""
        return len(self._sockets.get(identifier, ()))

    @contextmanager
    def holding(self, identifier: str, splice: Splice) -> Iterator[None]:
        """Remember a visitor's WebSocket while it is open."""
        held = self._sockets.setdefault(identifier, set())
        held.add(splice)
        try:
            yield
        finally:
            held.discard(splice)
            if not held:
                self._sockets.pop(identifier, None)


def clock() -> float:
    """Seconds that only ever grow."""
    return time.monotonic()
