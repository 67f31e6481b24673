"""A recorded call as a client: the same events to any server, with the ids of the new call."""

import asyncio
import json
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress

from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType

from rtstart.core.realtime.recording import IdMap, Recording
from rtstart.core.realtime.replaying import MILESTONES, cues, ending
from rtstart.core.realtime.wire import Fields


async def replay_call(
    recording: Recording, *, realtime_url: str, key: str, within_s: float
) -> list[Fields]:
    """Do again, over a WebSocket, what the client of a recording did; gives the server's events.

    Raises TimeoutError, naming what was waited for, when the server does not come as far as the
    recorded one within this time after its due time; aiohttp's ClientError when it is not there.
    """
    url = f"{realtime_url}?model={recording.model}"
    headers = {"Authorization": f"Bearer {key}"}
    async with (
        ClientSession() as http,
        http.ws_connect(url, headers=headers, max_msg_size=0) as socket,
    ):
        conversation = _Conversation(socket, IdMap(recording))
        reading = asyncio.ensure_future(conversation.read())
        try:
            await conversation.go_through(recording, within_s)
        finally:
            reading.cancel()
            with suppress(asyncio.CancelledError):
                await reading
    return conversation.events


class _Conversation:
    def __init__(self, socket: ClientWebSocketResponse, ids: IdMap) -> None:
        self.events: list[Fields] = []
        self._socket = socket
        self._ids = ids
        self._came: Counter[str] = Counter()
        self._more = asyncio.Event()

    async def read(self) -> None:
        async for message in self._socket:
            if message.type is WSMsgType.TEXT:
                event: Fields = json.loads(message.data)
                self.events.append(event)
                self._ids.learn(event)
                if event["type"] in MILESTONES:
                    self._came[str(event["type"])] += 1
                self._more.set()

    async def go_through(self, recording: Recording, within_s: float) -> None:
        loop = asyncio.get_running_loop()
        begun_at = loop.time()
        for cue in cues(recording):
            await asyncio.sleep(begun_at + cue.at_s - loop.time())
            await self._reach(cue.after, within_s)
            event = self._ids.translated(cue.event)
            await self._socket.send_str(json.dumps(event))
        await self._reach(ending(recording), within_s)

    async def _reach(self, wanted: Mapping[str, int], within_s: float) -> None:
        try:
            async with asyncio.timeout(within_s):
                while self._missing(wanted):
                    self._more.clear()
                    await self._more.wait()
        except TimeoutError as error:
            raise TimeoutError(
                f"{' and '.join(self._missing(wanted))} did not come within {within_s:g} s"
            ) from error

    def _missing(self, wanted: Mapping[str, int]) -> list[str]:
        return [name for name, count in wanted.items() if self._came[name] < count]
