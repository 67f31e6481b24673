"""Watches and ends calls through the API itself, by their ids and with the real key.

The sideband (a WebSocket that joins a running call) tells usage and end, so that what a page says
about its own calls need not be believed (facts of 2026-11: realtime-api 2.4).
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Literal, TypeAlias

import aiohttp

from rtstart.core.calls import CALL_ID, LONGEST_CALL_S, RELAYED

logger = logging.getLogger(__name__)

_HANG_UP_WITHIN_S = 8.0
_PAUSES_S = (0.2, 1.0, 3.0)
_NOT_FOUND = 404


@dataclass(frozen=True, slots=True)
class Speaks:
    """A call speaks to this model."""

    model: str


@dataclass(frozen=True, slots=True)
class Used:
    """A response of a call is done, and this is its usage."""

    usage: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Over:
    """A call has ended."""


@dataclass(frozen=True, slots=True)
class NeverWas:
    """The API knows no call of this id."""


CallFact: TypeAlias = Speaks | Used | Over | NeverWas

_Listened: TypeAlias = Literal["over", "unknown", "cut", "unreachable"]


@dataclass(frozen=True, slots=True)
class ApiAccess:
    """Where the API is (`https://api.openai.com/v1`) and the key that rules its calls."""

    base_url: str
    key: str = field(repr=False)

    @property
    def headers(self) -> dict[str, str]:
        """What every request carries."""
        return {"Authorization": f"Bearer {self.key}"}


class CallWatch:
    """Listens to running calls and hangs them up. Use it as a context manager."""

    def __init__(
        self, access: ApiAccess, *, cut: Callable[[str], Awaitable[bool]] | None = None
    ) -> None:
        """`cut` ends a session that the backend holds through the relay."""
        self._access = access
        self._cut = cut
        self._client: aiohttp.ClientSession | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> "CallWatch":
        self._client = aiohttp.ClientSession(
            headers=self._access.headers, cookie_jar=aiohttp.DummyCookieJar(), trust_env=True
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._session().close()
        self._client = None

    def _session(self) -> aiohttp.ClientSession:
        if self._client is None:
            raise RuntimeError("the call watch is used outside its `async with`")
        return self._client

    def watch(self, call_id: str, tell: Callable[[CallFact], None]) -> None:
        """Follow a call until it ends; `tell` hears of it on the event loop's thread.

        Sessions that pass the relay are told of by it. Raise ValueError for what is no call's id.
        """
        if call_id.startswith(RELAYED):
            return
        if CALL_ID.fullmatch(call_id) is None:
            raise ValueError("no call has such an id")
        task = asyncio.create_task(self._follow(call_id, tell))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _follow(self, call_id: str, tell: Callable[[CallFact], None]) -> None:
        try:
            async with asyncio.timeout(LONGEST_CALL_S):
                before: _Listened | None = None
                for pause_s in _PAUSES_S:
                    heard = await self._listen(call_id, tell)
                    if heard == "over" or (heard == "unknown" and before == "cut"):
                        tell(Over())
                        return
                    if heard == "unknown" and before == "unknown":  # twice: it may be very young
                        tell(NeverWas())
                        return
                    before = heard
                    await asyncio.sleep(pause_s)
        except TimeoutError:
            tell(Over())
        logger.debug("the sideband of %s was not kept to its end", call_id)

    async def _listen(self, call_id: str, tell: Callable[[CallFact], None]) -> _Listened:
        """Listen once; say how it ended."""
        base = self._access.base_url.replace("http", "ws", 1)
        try:
            async with self._session().ws_connect(
                f"{base}/realtime?call_id={call_id}", max_msg_size=0, heartbeat=30
            ) as socket:
                async for message in socket:
                    if message.type is aiohttp.WSMsgType.TEXT:
                        for fact in facts_of(message.data):
                            tell(fact)
                return "over" if socket.close_code in (1000, 1001) else "cut"
        except aiohttp.WSServerHandshakeError as error:
            return "unknown" if error.status == _NOT_FOUND else "unreachable"
        except (aiohttp.ClientError, OSError):
            return "unreachable"

    async def hang_up(self, call_id: str) -> str:
        """End a call; empty when it is over, else why it may still go on."""
        if CALL_ID.fullmatch(call_id) is None:
            return "no call has such an id"
        if call_id.startswith(RELAYED):
            is_ended = self._cut is not None and await self._cut(call_id)
            return "" if is_ended else "the relay does not hold it"
        url = f"{self._access.base_url}/realtime/calls/{call_id}/hangup"
        try:
            async with asyncio.timeout(_HANG_UP_WITHIN_S), self._session().post(url) as answer:
                if answer.ok or answer.status == _NOT_FOUND:
                    return ""
                return f"the API answered {answer.status}"
        except TimeoutError:
            return "the API did not answer in time"
        except (aiohttp.ClientError, OSError) as error:
            return f"the API could not be reached: {error}"


def facts_of(text: str) -> list[CallFact]:
    """What an event of a call tells about model and usage; often nothing."""
    if '"session.' not in text and '"response.done"' not in text:
        return []
    try:
        event = json.loads(text)
    except ValueError:
        return []
    match event:
        case {"type": "session.created" | "session.updated", "session": {"model": str(model)}}:
            return [Speaks(model)]
        case {"type": "response.done", "response": {"usage": dict(usage)}}:
            return [Used(usage)]
        case _:
            return []
