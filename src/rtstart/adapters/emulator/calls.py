"""The calls that are going on: new ones are made here, and all of them end here."""

import asyncio
import time
from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

from rtstart.adapters.emulator.answers import Answerer
from rtstart.adapters.emulator.call import Call
from rtstart.core.realtime import facts
from rtstart.core.realtime.session import SESSION_S, SessionMachine
from rtstart.core.realtime.settings import Settings
from rtstart.core.realtime.wire import Fault, Ids

if TYPE_CHECKING:
    from rtstart.adapters.emulator.webrtc import Peer


class Calls:
    """Makes, finds and ends calls. WebRTC calls have an id (`rtc_…`), others do not."""

    def __init__(
        self,
        *,
        answerer: Answerer,
        ids: Ids,
        addresses: tuple[str, ...],
        session_s: float = SESSION_S,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._answerer = answerer
        self._ids = ids
        self._addresses = addresses
        self._session_s = session_s
        self._now = now
        self._by_id: dict[str, Call] = {}
        self._endings: set[asyncio.Task[None]] = set()
        self._loading: asyncio.Future[ModuleType] | None = None

    def begin_loading(self) -> None:
        """Load aiortc in the background: it takes half a second of a small machine.

        Minting and WebSockets are answered meanwhile; an offer that comes early waits for it.
        """
        name = "rtstart.adapters.emulator.webrtc"
        self._loading = asyncio.ensure_future(asyncio.to_thread(import_module, name))

    def find(self, call_id: str) -> Call | None:
        """A WebRTC call that has not ended."""
        return self._by_id.get(call_id)

    def open_socket(self, settings: Settings) -> Call:
        """A call over a WebSocket; whoever serves it finishes it."""
        machine = SessionMachine(
            settings, medium="socket", ids=self._ids, now=self._now(), lasts_s=self._session_s
        )
        return Call(machine, answerer=self._answerer, now=self._now)

    async def open_peer(self, settings: Settings, offer: str) -> tuple[str, str] | Fault:
        """A WebRTC call: its id and the SDP answer, or why the offer was refused."""
        if self._loading is not None:
            await asyncio.shield(self._loading)
        from rtstart.adapters.emulator.player import PlayerTrack
        from rtstart.adapters.emulator.webrtc import Peer

        machine = SessionMachine(
            settings, medium="track", ids=self._ids, now=self._now(), lasts_s=self._session_s
        )
        track = PlayerTrack(
            on_start=lambda response_id: call.step(facts.PlaybackStarted(response_id)),
            on_end=lambda response_id: call.step(facts.PlaybackEnded(response_id)),
        )
        call = Call(machine, answerer=self._answerer, now=self._now, player=track)
        peer = Peer(call, track, self._addresses)
        answer = await peer.answer(offer)
        if isinstance(answer, Fault):
            await peer.close()
            await call.finish()
            return answer
        call_id = self._ids("rtc")
        self._by_id[call_id] = call
        ending = asyncio.get_running_loop().create_task(self._end(call_id, call, peer))
        self._endings.add(ending)
        ending.add_done_callback(self._endings.discard)
        return call_id, answer

    async def _end(self, call_id: str, call: Call, peer: "Peer") -> None:
        await call.ended.wait()
        self._by_id.pop(call_id, None)
        await call.finish()
        await peer.close()

    async def end_all(self) -> None:
        """Hang up every WebRTC call and wait until all is closed."""
        for call in list(self._by_id.values()):
            call.hang_up()
        await asyncio.gather(*self._endings, return_exceptions=True)
        if self._loading is not None:
            await self._loading
