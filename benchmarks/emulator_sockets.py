"""How many real-time audio sessions over WebSocket one process of the emulator holds.

Each session appends speech in real time, 40 ms at a time, with turn detection on, so that a third
of the time somebody speaks and is answered. Twice a second it asks something small; the answer is
late when it takes more than 20 ms. Sessions are added until more than one answer in a hundred is.

    uv run python -m benchmarks.emulator_sockets [--sessions 50,100,150,200] [--seconds 12]
"""

import argparse
import asyncio
import base64
import json
import sys
from contextlib import suppress
from dataclasses import asdict, dataclass

import numpy as np
import psutil
from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType

from tests.fakes.realtime import KEY, recording
from tests.fakes.speech import ONE_TURN

PIECE_S = 0.04
PROBE_S = 0.5
LATE_S = 0.02
PROBE = '{"type":"conversation.item.retrieve","item_id":"none","event_id":"probe"}'


@dataclass(frozen=True)
class Row:
    """One measurement."""

    sessions: int
    core_percent: float
    rss_mb: float
    mb_a_session: float
    median_ms: float
    p99_ms: float
    late_percent: float
    answers: int
    sender_late_percent: float


def pieces() -> list[str]:
    """A loop of about 4.6 s: speech for a third of it, then silence."""
    samples = recording(ONE_TURN.path)
    samples = np.concatenate([samples, np.zeros(24_000, np.int16)])
    size = int(24_000 * PIECE_S)
    return [
        json.dumps(
            {
                "type": "input_audio_buffer.append",
                "audio": base64.b64encode(samples[at : at + size].tobytes()).decode("ascii"),
            }
        )
        for at in range(0, len(samples) - size, size)
    ]


class Talker:
    """One session."""

    def __init__(self, socket: ClientWebSocketResponse, loop_pieces: list[str], place: int) -> None:
        self._socket = socket
        self._pieces = loop_pieces
        self._place = place
        self._asked_at: float | None = None
        self.delays_s: list[float] = []
        self.answers = 0
        self.late_sends = 0
        self.sends = 0

    async def talk(self) -> None:
        """Append in real time, for ever."""
        loop = asyncio.get_running_loop()
        due = loop.time() + PIECE_S * (self._place % 25) / 25
        probe_at = due + PROBE_S * (self._place % 50) / 50
        while True:
            wait = due - loop.time()
            if wait > 0:
                await asyncio.sleep(wait)
            self.sends += 1
            self.late_sends += wait < -LATE_S
            with suppress(ConnectionError):  # the sender of a session that is over
                await self._socket.send_str(self._pieces[self._place % len(self._pieces)])
            self._place += 1
            due += PIECE_S
            if loop.time() >= probe_at and self._asked_at is None:
                self._asked_at = loop.time()
                probe_at += PROBE_S
                await self._socket.send_str(PROBE)

    async def listen(self) -> None:
        """Take in what comes; only what the measurement needs is looked at."""
        loop = asyncio.get_running_loop()
        async for message in self._socket:
            if message.type is not WSMsgType.TEXT:
                continue
            text: str = message.data
            if '"probe"' in text[-200:] and self._asked_at is not None:
                self.delays_s.append(loop.time() - self._asked_at)
                self._asked_at = None
            elif text.startswith('{"type":"response.done"'):
                self.answers += 1


async def measure(server: psutil.Process, url: str, count: int, seconds: float) -> Row:
    """Run this many sessions for some seconds."""
    loop_pieces = pieces()
    before_mb = server.memory_info().rss / 1e6
    async with ClientSession() as http:
        talkers = []
        tasks = []
        for number in range(count):
            socket = await http.ws_connect(
                f"{url}?model=gpt-realtime-2.1",
                headers={"Authorization": f"Bearer {KEY}"},
                max_msg_size=0,
            )
            talker = Talker(socket, loop_pieces, number * 7)
            talkers.append(talker)
            tasks += [asyncio.ensure_future(talker.listen()), asyncio.ensure_future(talker.talk())]
        await asyncio.sleep(3)
        for talker in talkers:
            talker.delays_s.clear()
            talker.answers = talker.late_sends = talker.sends = 0
        server.cpu_percent()
        await asyncio.sleep(seconds)
        percent = server.cpu_percent()
        rss_mb = server.memory_info().rss / 1e6
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    delays = np.array([delay for talker in talkers for delay in talker.delays_s]) * 1000
    return Row(
        sessions=count,
        core_percent=round(percent, 1),
        rss_mb=round(rss_mb, 1),
        mb_a_session=round((rss_mb - before_mb) / count, 2),
        median_ms=round(float(np.median(delays)), 1),
        p99_ms=round(float(np.percentile(delays, 99)), 1),
        late_percent=round(float(np.mean(delays > LATE_S * 1000)) * 100, 2),
        answers=sum(talker.answers for talker in talkers),
        sender_late_percent=round(
            100 * sum(t.late_sends for t in talkers) / sum(t.sends for t in talkers), 2
        ),
    )


async def main(counts: list[int], seconds: float) -> None:
    """Measure each count against a fresh emulator."""
    for count in counts:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "rtstart", "emulate", "--port", "0", "--json"),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        assert process.stdout is not None  # noqa: S101 - piped above
        told = json.loads(await process.stdout.readline())
        await asyncio.sleep(2)
        try:
            server = psutil.Process(process.pid)
            async with asyncio.timeout(60 + seconds):
                row = await measure(server, told["realtime_url"], count, seconds)
        except TimeoutError:
            print(f"{count} sessions are more than it holds")
        else:
            print(json.dumps(asdict(row)))
        finally:
            process.kill()
            await process.wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", default="50,100,150,200")
    parser.add_argument("--seconds", type=float, default=12)
    options = parser.parse_args()
    asyncio.run(main([int(one) for one in options.sessions.split(",")], options.seconds))
