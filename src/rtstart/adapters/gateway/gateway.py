"""The gateway as the rest of the program sees it: listeners, addresses, invitations, visitors."""

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType

from rtstart.adapters.calls import CallFact
from rtstart.adapters.gateway.connection import ConnectionServer
from rtstart.adapters.gateway.desk import CallControl, Desk
from rtstart.adapters.gateway.desk import clock as monotonic
from rtstart.adapters.gateway.handler import Handler
from rtstart.adapters.gateway.listeners import Listener
from rtstart.adapters.gateway.settings import GatewaySettings
from rtstart.core.access import Invitation, Visitor
from rtstart.core.audit import AuditLine
from rtstart.core.calls import BACKEND, Call, Spent
from rtstart.core.events import Emit, Visited
from rtstart.core.hosts import Origin, parse_origin
from rtstart.core.mint_guard import MintRefused
from rtstart.core.notices import Notice


@dataclass(frozen=True, slots=True)
class Stopped:
    """What the kill switch did. `still_open` are calls that could not be ended, and why."""

    dropped: tuple[Visitor, ...]
    hung_up: int
    still_open: tuple[tuple[str, str], ...]


class Gateway:
    """One origin for everything that runs behind it, safe to show to the world.

    Use it as a context manager: at its end every listener and connection is closed.
    """

    def __init__(
        self,
        settings: GatewaySettings,
        *,
        emit: Emit,
        calls: CallControl | None = None,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """`calls` follows and ends calls through the API; without it they end by themselves.

        Raise ValueError when the settings contradict themselves.
        """
        self._settings = settings
        self._desk = Desk(settings, emit=emit, clock=clock, calls=calls)
        self._listeners: list[Listener] = []
        self._handler: Handler | None = None
        self._hanging_up: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> "Gateway":
        self._handler = Handler(self._desk)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await asyncio.gather(*self._hanging_up)
        for listener in reversed(self._listeners):
            await listener.close()
        self._listeners.clear()
        if self._handler is not None:
            self._handler.close()
            self._handler = None

    async def listen_local(self, port: int) -> int:
        """Listen for the developer's own browser, on 127.0.0.1 and ::1; return the port.

        Nobody needs an invitation here. Port 0 takes a free one; raise Conflict when a port is
        taken.
        """
        listener = self._listener(
            ConnectionServer(
                self._handle(), bounds=self._settings.bounds, kind="local", is_behind_tunnel=False
            ),
            None,
        )
        return await listener.bind_loopback(port)

    async def listen_public(
        self, address: str, port: int, tls: ssl.SSLContext | None = None
    ) -> int:
        """Listen for visitors, who need an invitation; return the port.

        Without TLS this is what a tunnel points to, which may tell where a visitor is (see
        `believe_client_header`). With TLS, visitors connect by themselves.
        """
        listener = self._listener(
            ConnectionServer(
                self._handle(),
                bounds=self._settings.bounds,
                kind="public",
                is_behind_tunnel=tls is None,
            ),
            tls,
        )
        return await listener.bind(address, port)

    def _handle(self) -> Handler:
        if self._handler is None:
            raise RuntimeError("the gateway is used outside its `async with`")
        return self._handler

    def _listener(self, server: ConnectionServer, tls: ssl.SSLContext | None) -> Listener:
        listener = Listener(server, tls=tls)
        self._listeners.append(listener)
        return listener

    @property
    def nonce(self) -> str:
        """What `/.rtstart/nonce` answers: proof that an address leads to this very run."""
        return self._desk.nonce

    @property
    def public_origins(self) -> tuple[str, ...]:
        """The origins under which visitors may come, the main one first."""
        return tuple(str(origin) for origin in self._desk.origins)

    def set_public_origin(self, origin: str, *others: str) -> None:
        """Say under which origins visitors come (`https://name`), the main one first.

        Replaces what was said before. Requests for other hosts are refused. Raise ValueError for
        what is no origin.
        """
        desk = self._desk
        desk.origins = tuple(_origin(text) for text in (origin, *others))
        desk.client_headers = {
            one: header for one, header in desk.client_headers.items() if one in desk.origins
        }

    def clear_public_origins(self) -> None:
        """Say that visitors come under no origin at all: every request from outside is refused."""
        self._desk.origins = ()

    def believe_client_header(self, origin: str, header: str) -> None:
        """Say in which header the tunnel behind an origin tells a visitor's address.

        It must be one that the tunnel itself writes, for every request; empty when none is known,
        and then all its visitors count as one place. Raise ValueError for what is no origin.
        """
        self._desk.client_headers[_origin(origin)] = header.lower()

    def set_authority(self, pem: bytes) -> None:
        """Give phones the certificate of the local authority at `/.rtstart/ca.crt`."""
        self._desk.authority = pem

    def invite(self, name: str = "") -> Invitation:
        """A new invitation, good for one visitor, who will be called by `name` if it is given."""
        return self._desk.invite(name)

    def rotate_invitation(self, name: str = "") -> Invitation:
        """A new invitation, which makes every earlier one that was not spent worthless."""
        self._desk.book.withdraw_invitations()
        return self._desk.invite(name)

    def withdraw_invitations(self) -> None:
        """Make every unspent invitation worthless."""
        self._desk.book.withdraw_invitations()

    def tell_pages(self, notice: Notice) -> None:
        """Tell every page that is open at a visitor's."""
        if self._handler is not None:
            self._handler.pages.tell(notice)

    def tell_moved(self, origin: str) -> None:
        """Tell the pages of other addresses that the app is at this one now; each visitor gets an
        invitation of their own.
        """
        if self._handler is not None:
            self._handler.pages.tell_moved(origin)

    def visitors(self) -> tuple[Visitor, ...]:
        """Who is in, oldest first."""
        return self._desk.book.visitors()

    def drop(self, visitor_id: str) -> Visitor | None:
        """Put a visitor out, cut their sockets and hang up their calls; None if nobody has that
        id.
        """
        visitor = self._desk.drop(visitor_id)
        calls = [call for call in self.open_calls() if call.visitor == visitor_id]
        if visitor is not None and calls:
            task = asyncio.create_task(self._hang_up(visitor, calls))
            self._hanging_up.add(task)
            task.add_done_callback(self._hanging_up.discard)
        return visitor

    async def _hang_up(self, visitor: Visitor, calls: list[Call]) -> None:
        for problem in await asyncio.gather(*map(self._desk.hang_up, calls)):
            if problem:
                self._desk.emit(Visited(visitor.name, "dropped", f"a call goes on: {problem}"))

    def drop_all(self) -> tuple[Visitor, ...]:
        """Put everybody out, cut their sockets and withdraw every invitation."""
        return self._desk.drop_all()

    @property
    def spent(self) -> Spent:
        """Calls, minutes and estimated dollars of this run so far."""
        return self._desk.guard.calls.spent(self._desk.clock())

    def now(self) -> float:
        """The gateway's own time, in seconds."""
        return self._desk.clock()

    def forget_secrets(self, visitor_id: str, *, since: float) -> None:
        """Do not count the secrets that a visitor got since then: they were asked for as a test."""
        self._desk.guard.calls.forget(visitor_id, since=since)

    def open_calls(self) -> tuple[Call, ...]:
        """The calls that are known and still go on, oldest first."""
        return self._desk.guard.calls.open_calls(self._desk.clock())

    def why_no_call(self) -> MintRefused | None:
        """Why the app's backend may begin no call now; None when it may."""
        return self._desk.why_no_call()

    def call_started(self, call_id: str, visitor: str = BACKEND) -> None:
        """A call has begun that did not pass here (the relay tells of it)."""
        self._desk.call_started(call_id, visitor)

    def call_told(self, call_id: str, fact: CallFact) -> None:
        """The relay has heard something about a call that passes it."""
        self._desk.hear(call_id, fact)

    @property
    def is_stopped(self) -> bool:
        """Whether the kill switch is on."""
        return self._desk.guard.is_stopped

    async def stop_calls(self) -> Stopped:
        """The kill switch: no more secrets, everybody out, every known call hung up."""
        desk = self._desk
        desk.guard.stop()
        dropped = desk.drop_all()
        calls = self.open_calls()
        problems = await asyncio.gather(*(desk.hang_up(call) for call in calls))
        still_open = tuple(
            (call.id, problem) for call, problem in zip(calls, problems, strict=True) if problem
        )
        decision = f"{len(dropped)} out, {len(calls) - len(still_open)} hung up"
        desk.write_down(AuditLine("kill", "", "", "", decision))
        return Stopped(dropped, len(calls) - len(still_open), still_open)

    def resume_calls(self) -> None:
        """Give out secrets again. Nobody is let in again by this: make a new invitation."""
        self._desk.guard.resume()


def _origin(text: str) -> Origin:
    origin = parse_origin(text)
    if origin is None:
        raise ValueError(f"'{text}' is no origin")
    return origin
