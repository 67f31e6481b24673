"""Faults as they strike HTTP requests and handshakes."""

import asyncio
from collections import OrderedDict

from rtstart.core.realtime.faults import FaultBoard
from rtstart.core.realtime.tokens import CAPACITY, wrong_key
from rtstart.core.realtime.wire import Fault

NO_QUOTA = Fault(
    "insufficient_quota",
    "You exceeded your current quota, please check your plan and billing details.",
    type="insufficient_quota",
)
RATE_LIMIT = Fault(
    "rate_limit_exceeded",
    "Rate limit reached for requests. Please try again in 1s.",
    type="requests",
)
SERVER_ERROR = Fault(
    None,
    "The server had an error while processing your request. Sorry about that!",
    type="server_error",
)
SDP_REFUSED = Fault("invalid_offer", "Invalid SDP offer: refused by a fault.", "sdp")


class HttpTroubles:
    """Asks the board what strikes a request."""

    def __init__(self, board: FaultBoard) -> None:
        self._board = board
        self._used: OrderedDict[str, None] = OrderedDict()

    def key(self, key: str) -> Fault | None:
        """What happens to an API key that is good otherwise."""
        return wrong_key(key) if self._board.strikes("wrong-key") else None

    async def mint(self) -> tuple[Fault, int] | None:
        """What happens to a request for a secret: a refusal and its status, or nothing."""
        if self._board.strikes("no-quota"):
            return NO_QUOTA, 429
        return await self._any()

    async def call(self) -> tuple[Fault, int] | None:
        """What happens to an offer."""
        if self._board.strikes("sdp-refused"):
            return SDP_REFUSED, 400
        return await self._any()

    async def start(self) -> None:
        """What happens to a WebSocket: it may be slow."""
        slow = self._board.strikes("slow-start")
        if slow is not None:
            await asyncio.sleep(slow.for_s)

    def secret(self, value: str) -> Fault | None:
        """What happens to an ephemeral secret that is good otherwise."""
        if self._board.strikes("expired-secret"):
            return wrong_key(value)
        if value in self._used and self._board.strikes("reused-secret"):
            return wrong_key(value)
        self._used[value] = None
        if len(self._used) > CAPACITY:
            self._used.popitem(last=False)
        return None

    async def _any(self) -> tuple[Fault, int] | None:
        if self._board.strikes("rate-limit"):
            return RATE_LIMIT, 429
        if self._board.strikes("server-error"):
            return SERVER_ERROR, 500
        await self.start()
        return None
