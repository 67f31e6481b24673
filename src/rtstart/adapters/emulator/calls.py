"""The calls that are going on: new ones are made here, and all of them end here."""

import asyncio
import time
from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Protocol

from rtstart.adapters.emulator.answers import Answerer
from rtstart.adapters.emulator.call import Call
from rtstart.adapters.emulator.observers import Memory, Observer
from rtstart.adapters.emulator.troubles import CallTroubles, PeerTroubles
from rtstart.adapters.recordings import Recordings
from rtstart.core.realtime import facts
from rtstart.core.realtime.faults import FaultBoard
from rtstart.core.realtime.seen import SeenCall
from rtstart.core.realtime.session import SESSION_S, SessionMachine
from rtstart.core.realtime.settings import Settings
from rtstart.core.realtime.speaking import Medium
from rtstart.core.realtime.wire import Fault, Ids

if TYPE_CHECKING:
    from rtstart.adapters.emulator.player import PlayerTrack


class Caller(Protocol):
    """The other end of a call that has an id."""

    async def close(self) -> None:
        """Let go of the connection and wait until nothing of it runs any more."""
        ...


def _load(name: str) -> ModuleType:
    module = import_module(name)
    from rtstart.adapters.emulator.audio.rehearsal import rehearse

    rehearse()
    return module


class Calls:
    """Makes, finds and ends calls. WebRTC and telephone calls have an id (`rtc_…`), others not."""

    def __init__(
        self,
        *,
        answerer_for: Callable[[], Answerer],
        board: FaultBoard,
        chance: Callable[[], float],
        ids: Ids,
        addresses: tuple[str, ...],
        session_s: float = SESSION_S,
        recordings: Recordings | None = None,
        remembers: bool = False,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._answerer_for = answerer_for
        self._board = board
        self._chance = chance
        self._ids = ids
        self._addresses = addresses
        self._session_s = session_s
        self._recordings = recordings
        self._memories: list[Memory] | None = [] if remembers else None
        self._now = now
        self._by_id: dict[str, Call] = {}
        self._endings: set[asyncio.Task[None]] = set()
        self._loading: asyncio.Future[ModuleType] | None = None

    async def loaded(self) -> None:
        """Wait until that is done."""
        if self._loading is not None:
            await asyncio.shield(self._loading)

    def begin_loading(self) -> None:
        """Load aiortc in the background: it takes half a second of a small machine.

        Minting and WebSockets are answered meanwhile; an offer that comes early waits for it.
        """
        name = "rtstart.adapters.emulator.webrtc"
        self._loading = asyncio.ensure_future(asyncio.to_thread(_load, name))

    def find(self, call_id: str) -> Call | None:
        """A WebRTC or telephone call that has not ended."""
        return self._by_id.get(call_id)

    def open_socket(self, settings: Settings) -> Call:
        """A call over a WebSocket; whoever serves it finishes it."""
        machine = SessionMachine(
            settings, medium="socket", ids=self._ids, now=self._now(), lasts_s=self._session_s
        )
        return self._new(machine)

    def _new(self, machine: SessionMachine, player: "PlayerTrack | None" = None) -> Call:
        return Call(
            machine,
            answerer=self._answerer_for(),
            troubles=CallTroubles(self._board),
            now=self._now,
            player=player,
            observers=self._observers(machine, "socket" if player is None else "track"),
        )

    def _observers(self, machine: SessionMachine, medium: Medium) -> list[Observer]:
        model = machine.settings.model
        watching: list[Observer] = []
        if self._memories is not None:
            memory = Memory(medium, model)
            self._memories.append(memory)
            watching.append(memory)
        if self._recordings is not None:
            watching.append(self._recordings.begin(machine.id, medium=medium, model=model))
        return watching

    def seen(self) -> list[SeenCall]:
        """Every call so far; empty unless calls are remembered."""
        return [memory.seen() for memory in self._memories or ()]

    async def open_peer(self, settings: Settings, offer: str) -> tuple[str, str] | Fault:
        """A WebRTC call: its id and the SDP answer, or why the offer was refused."""
        await self.loaded()
        from rtstart.adapters.emulator.webrtc import Peer

        call, track = self._new_with_track(settings)
        peer = Peer(call, track, addresses=self._addresses, troubles=self._peer_troubles())
        answer = await peer.answer(offer)
        if isinstance(answer, Fault):
            await peer.close()
            await call.finish()
            return answer
        call_id = self._ids("rtc")
        self._begin(call_id, call, peer)
        return call_id, answer

    async def open_telephone(self, call_id: str, settings: Settings) -> None:
        """A telephone call that was accepted."""
        await self.loaded()
        from rtstart.adapters.emulator.phones import Telephone

        call, track = self._new_with_track(settings)
        self._begin(call_id, call, Telephone(call, track))

    def _new_with_track(self, settings: Settings) -> "tuple[Call, PlayerTrack]":
        from rtstart.adapters.emulator.player import PlayerTrack

        machine = SessionMachine(
            settings, medium="track", ids=self._ids, now=self._now(), lasts_s=self._session_s
        )
        track = PlayerTrack(
            on_start=lambda response_id: call.step(facts.PlaybackStarted(response_id)),
            on_end=lambda response_id: call.step(facts.PlaybackEnded(response_id)),
        )
        call = self._new(machine, track)
        return call, track

    def _begin(self, call_id: str, call: Call, caller: Caller) -> None:
        self._by_id[call_id] = call
        ending = asyncio.get_running_loop().create_task(self._end(call_id, call, caller))
        self._endings.add(ending)
        ending.add_done_callback(self._endings.discard)

    def _peer_troubles(self) -> PeerTroubles:
        bad = self._board.strikes("bad-network")
        return PeerTroubles(
            self._chance,
            is_unreachable=self._board.strikes("ice-never") is not None,
            lost_share=None if bad is None else bad.share,
        )

    async def _end(self, call_id: str, call: Call, caller: Caller) -> None:
        await call.ended.wait()
        self._by_id.pop(call_id, None)
        await call.finish()
        await caller.close()

    async def end_all(self) -> None:
        """Hang up every call that has an id and wait until all is closed."""
        for call in list(self._by_id.values()):
            call.hang_up()
        await asyncio.gather(*self._endings, return_exceptions=True)
        if self._loading is not None:
            await self._loading
