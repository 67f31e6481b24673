"""WebRTC calls: how soon an offer is answered, what a call costs, and how many frames come late;
the emulator beside a bare aiortc server that does the least (benchmarks/bare).

    uv run python -m benchmarks.emulator_calls [--calls 1,10,30] [--seconds 8]

Each caller says a sentence, is quiet, is answered, and so on. A frame is late when it comes more
than 20 ms after the 20 ms it should take. Cost is the server's own CPU time; the callers run in
this process and need as much again, so on a busy or small machine the late frames are theirs too.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass

import numpy as np
import psutil
from aiohttp import ClientSession
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack

from rtstart.adapters.emulator.ice import LOOPBACK, gather_only
from rtstart.adapters.ports import choose_port
from tests.fakes.realtime import KEY, Microphone, recording
from tests.fakes.speech import ONE_TURN

_LATE_S = 0.04
_ROUNDS = 20


@dataclass(frozen=True)
class Server:
    """What is called, and how."""

    name: str
    url: str
    headers: Mapping[str, str]
    process: psutil.Process


@dataclass(frozen=True)
class Row:
    """One measurement."""

    server: str
    calls: int
    answer_ms: float
    answer_worst_ms: float
    core_percent_a_call: float
    mb_a_call: float
    frames: int
    late_percent: float


class Caller:
    """One call."""

    def __init__(self, begin: int) -> None:
        said = recording(ONE_TURN.path)
        loop_of_speech = np.concatenate([said] * _ROUNDS)
        self._microphone = Microphone(np.roll(loop_of_speech, -begin))
        self._peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._peer.createDataChannel("oai-events")
        self._peer.addTransceiver(self._microphone)
        self._peer.on("track", self._heard)
        self._tasks: set[asyncio.Task[None]] = set()
        self.arrivals_s: list[float] = []

    @property
    def begun_at(self) -> float:
        """When the caller began to speak, by the loop's clock."""
        return self._microphone.begun_at or 0.0

    async def call(self, http: ClientSession, server: Server) -> float:
        """Connect; gives how long the answer to the offer took, in milliseconds."""
        offer = await self._peer.createOffer()
        gather_only(self._peer, [LOOPBACK])
        await self._peer.setLocalDescription(offer)
        loop = asyncio.get_running_loop()
        begun = loop.time()
        body = self._peer.localDescription.sdp.encode()
        async with http.post(server.url, data=body, headers=server.headers) as response:
            answer = await response.text()
        took_ms = (loop.time() - begun) * 1000
        await self._peer.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        return took_ms

    def _heard(self, track: MediaStreamTrack) -> None:
        task = asyncio.get_running_loop().create_task(self._listen(track))
        self._tasks.add(task)

    async def _listen(self, track: MediaStreamTrack) -> None:
        try:
            while True:
                await track.recv()
                self.arrivals_s.append(asyncio.get_running_loop().time())
        except MediaStreamError:
            return

    async def close(self) -> None:
        """Hang up."""
        await self._peer.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def _measure(server: Server, count: int, seconds: float) -> Row:
    callers = [Caller(number * 17_000) for number in range(count)]
    before_mb = server.process.memory_info().rss / 1e6
    async with ClientSession() as http:
        answers_ms = [await caller.call(http, server) for caller in callers]
    await asyncio.sleep(2)
    for caller in callers:
        caller.arrivals_s.clear()
    server.process.cpu_percent()
    await asyncio.sleep(seconds)
    percent = server.process.cpu_percent()
    after_mb = server.process.memory_info().rss / 1e6
    gaps = np.concatenate([np.diff(caller.arrivals_s) for caller in callers])
    await asyncio.gather(*(caller.close() for caller in callers))
    return Row(
        server=server.name,
        calls=count,
        answer_ms=round(float(np.median(answers_ms)), 1),
        answer_worst_ms=round(max(answers_ms), 1),
        core_percent_a_call=round(percent / count, 2),
        mb_a_call=round((after_mb - before_mb) / count, 2),
        frames=len(gaps),
        late_percent=round(100 * float(np.mean(gaps > _LATE_S)), 2),
    )


@asynccontextmanager
async def emulator() -> AsyncIterator[Server]:
    """A fresh emulator."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "rtstart", "emulate", "--port", "0", "--json"),
        *("--advertise", LOOPBACK),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert process.stdout is not None  # noqa: S101 - piped above
    told = json.loads(await process.stdout.readline())
    await asyncio.sleep(3)
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/sdp"}
    url = f"{told['base_url']}/realtime/calls"
    try:
        yield Server("rtstart", url, headers, psutil.Process(process.pid))
    finally:
        process.kill()
        await process.wait()


async def _answering(port: int) -> None:
    """Wait until somebody listens there: on a busy machine imports alone take many seconds."""
    async with asyncio.timeout(60):
        while True:
            try:
                _, writer = await asyncio.open_connection(LOOPBACK, port)
            except ConnectionRefusedError:
                await asyncio.sleep(0.1)
            else:
                writer.close()
                return


@asynccontextmanager
async def bare() -> AsyncIterator[Server]:
    """A fresh bare server."""
    port = choose_port(None)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.bare.server", str(port))
    )
    await _answering(port)
    await asyncio.sleep(3)
    url = f"http://localhost:{port}/offer"
    try:
        yield Server("bare aiortc", url, {}, psutil.Process(process.pid))
    finally:
        process.kill()
        await process.wait()


async def _main(counts: list[int], seconds: float) -> None:
    for count in counts:
        for start in (emulator, bare):
            async with start() as server:
                print(json.dumps(asdict(await _measure(server, count, seconds))))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--calls", default="1,10,30")
    parser.add_argument("--seconds", type=float, default=8)
    options = parser.parse_args()
    asyncio.run(_main([int(one) for one in options.calls.split(",")], options.seconds))
