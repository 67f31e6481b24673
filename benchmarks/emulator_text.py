"""Text turns over WebSocket: `rtstart emulate` with a scenario beside aimock with a fixture, both
saying the same sentence in the same pieces.

    (cd /tmp/aimock && npm install @copilotkit/aimock@1.43.0)
    uv run python -m benchmarks.emulator_text --aimock /tmp/aimock/node_modules/.bin/llmock

One client alone says how long a turn takes; many at once say how many turns a process gives. Both
must give the same text. Events are counted too: rtstart sends all that the API sends.
"""

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil
from aiohttp import ClientSession, ClientWebSocketResponse

from rtstart.adapters.ports import choose_port
from tests.fakes.realtime import KEY

_SENTENCE = "Hello from the scenario, this is a text turn of some length."
_MODEL = "gpt-realtime-2"


@dataclass(frozen=True)
class Row:
    """One server."""

    server: str
    turn_ms: float
    turn_p95_ms: float
    events_a_turn: int
    turns_a_second: float
    cpu_ms_a_turn: float
    rss_mb: float


async def _turn(socket: ClientWebSocketResponse) -> tuple[str, int]:
    content = [{"type": "input_text", "text": "hello"}]
    item = {"type": "message", "role": "user", "content": content}
    await socket.send_json({"type": "conversation.item.create", "item": item})
    response = {"output_modalities": ["text"]}
    await socket.send_json({"type": "response.create", "response": response})
    events = 0
    while True:
        event = await socket.receive_json()
        events += 1
        if event["type"] == "response.done":
            return event["response"]["output"][0]["content"][0]["text"], events
        if event["type"] == "error":
            raise RuntimeError(event["error"]["message"])


async def _client(http: ClientSession, url: str, turns: int) -> tuple[list[float], int]:
    """Some turns in a session; how long each took, and how many events the last one had."""
    loop = asyncio.get_running_loop()
    times: list[float] = []
    events = 0
    async with http.ws_connect(
        f"{url}?model={_MODEL}", headers={"Authorization": f"Bearer {KEY}"}
    ) as socket:
        await socket.receive_json()
        for _ in range(turns):
            begun = loop.time()
            text, events = await _turn(socket)
            times.append((loop.time() - begun) * 1000)
            if text != _SENTENCE:
                raise RuntimeError(f"another text: {text}")
    return times, events


def _family(process: psutil.Process) -> list[psutil.Process]:
    return [process, *process.children(recursive=True)]


def _cpu_s(process: psutil.Process) -> float:
    return sum(sum(one.cpu_times()[:2]) for one in _family(process))


async def _measure(name: str, url: str, process: psutil.Process, clients: int) -> Row:
    async with ClientSession() as http:
        await _client(http, url, 5)
        times, events = await _client(http, url, 40)
        loop = asyncio.get_running_loop()
        begun, cpu = loop.time(), _cpu_s(process)
        await asyncio.gather(*(_client(http, url, 10) for _ in range(clients)))
        took, spent = loop.time() - begun, _cpu_s(process) - cpu
    return Row(
        server=name,
        turn_ms=round(statistics.median(times), 2),
        turn_p95_ms=round(sorted(times)[int(len(times) * 0.95)], 2),
        events_a_turn=events,
        turns_a_second=round(clients * 10 / took, 1),
        cpu_ms_a_turn=round(1000 * spent / clients / 10, 2),
        rss_mb=round(sum(one.memory_info().rss for one in _family(process)) / 1e6, 1),
    )


@asynccontextmanager
async def _running(*command: str, port: int) -> AsyncIterator[psutil.Process]:
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        async with asyncio.timeout(30):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                except OSError:
                    await asyncio.sleep(0.2)
                    continue
                writer.close()
                break
        await asyncio.sleep(2)
        yield psutil.Process(process.pid)
    finally:
        for one in reversed(_family(psutil.Process(process.pid))):
            one.kill()
        await process.wait()


async def _main(aimock: str, clients: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        reply = {"do": [{"say": _SENTENCE}], "times": "any"}
        files = {
            "scenario.yaml": {"schema": 1, "replies": [reply]},
            "fixtures.json": {
                "fixtures": [
                    {"match": {"userMessage": "hello"}, "response": {"content": _SENTENCE}}
                ]
            },
        }
        for file, content in files.items():
            text = json.dumps(content)
            await asyncio.to_thread((folder / file).write_text, text, encoding="utf-8")
        port = choose_port(None)
        ours = (sys.executable, "-m", "rtstart", "emulate", "--port", str(port))
        scenario = str(folder / "scenario.yaml")
        async with _running(*ours, "--scenario", scenario, port=port) as process:
            row = await _measure("rtstart", f"ws://127.0.0.1:{port}/v1/realtime", process, clients)
            print(json.dumps(asdict(row)))
        port = choose_port(None)
        fixtures = str(folder / "fixtures.json")
        # The size of its pieces is about that of a word, which is what rtstart sends.
        peer = (aimock, "--port", str(port), "--fixtures", fixtures, "--chunk-size", "5")
        async with _running(*peer, "--log-level", "silent", port=port) as process:
            row = await _measure("aimock", f"ws://127.0.0.1:{port}/v1/realtime", process, clients)
            print(json.dumps(asdict(row)))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--aimock", required=True, help="aimock's or llmock's program")
    parser.add_argument("--clients", type=int, default=50)
    options = parser.parse_args()
    asyncio.run(_main(options.aimock, options.clients))
