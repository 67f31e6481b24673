"""End of speech to the first audible sample over WebRTC, without a browser: the emulator beside a
bare aiortc server, with the same caller. The first call of each is told apart from the others.

    uv run python -m benchmarks.first_answer [--runs 6]

Both wait for 500 ms of silence, which is taken off. What first_sound adds is Chromium.
"""

import argparse
import asyncio
import statistics

import numpy as np
from aiohttp import ClientSession
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from av import AudioFrame

from benchmarks.emulator_calls import Caller, Server, bare, emulator
from tests.fakes.speech import ONE_TURN

_SILENCE_S = 0.5
_WITHIN_S = 8.0
_AUDIBLE_RMS = 300.0


class _Listener(Caller):
    """A caller who notes when something is heard."""

    def __init__(self) -> None:
        super().__init__(0)
        self.heard = asyncio.get_running_loop().create_future()

    async def _listen(self, track: MediaStreamTrack) -> None:
        try:
            while True:
                frame = await track.recv()
                if not isinstance(frame, AudioFrame) or self.heard.done():
                    continue
                sound = frame.to_ndarray().astype(np.float64)
                if np.sqrt(np.mean(sound**2)) > _AUDIBLE_RMS:
                    self.heard.set_result(asyncio.get_running_loop().time())
        except MediaStreamError:
            return


async def _answer_ms(server: Server) -> float:
    caller = _Listener()
    try:
        async with ClientSession() as http:
            await caller.call(http, server)
        async with asyncio.timeout(_WITHIN_S):
            heard_at: float = await caller.heard
    finally:
        await caller.close()
    spoken_until = caller.begun_at + ONE_TURN.turns[0].end_ms / 1000
    return 1000 * (heard_at - spoken_until - _SILENCE_S)


async def _main(runs: int) -> None:
    times: dict[str, list[float]] = {}
    async with emulator() as ours, bare() as peer:
        for _ in range(runs):
            for server in (ours, peer):
                times.setdefault(server.name, []).append(await _answer_ms(server))
    for name, (first, *others) in times.items():
        middle = statistics.median(others)
        span = f"{min(others):.0f}-{max(others):.0f}"
        print(f"{name:12} first call {first:5.0f} ms   later {middle:5.0f} ms   ({span})")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=6)
    asyncio.run(_main(parser.parse_args().runs))
