"""A telephone call that was accepted: a caller who listens and says nothing."""

import asyncio
from contextlib import suppress

import numpy as np
from aiortc.mediastreams import MediaStreamError

from rtstart.adapters.emulator.audio.samples import RATE_HZ
from rtstart.adapters.emulator.call import Call
from rtstart.adapters.emulator.player import FRAME_S, PlayerTrack


class _Line:
    """The caller as a client of the call: a telephone gets sound and no events."""

    def send(self, text: str) -> None:
        """Nothing."""

    def close(self, code: int, reason: str) -> None:
        """Nothing."""

    def drop(self) -> None:
        """Nothing."""


class Telephone:
    """The caller's end of one call. Ends with `close`."""

    def __init__(self, call: Call, track: PlayerTrack) -> None:
        self._call = call
        self._track = track
        call.join(_Line(), is_owner=True)
        self._listening = asyncio.get_running_loop().create_task(self._listen())

    async def _listen(self) -> None:
        silence = np.zeros(int(RATE_HZ * FRAME_S), np.int16)
        with suppress(MediaStreamError):
            while True:
                await self._track.recv()
                self._call.hear(silence)

    async def close(self) -> None:
        """Put the receiver down and wait until nothing runs any more."""
        self._listening.cancel()
        await asyncio.gather(self._listening, return_exceptions=True)
