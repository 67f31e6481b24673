"""The gateway beside node's http-proxy and Caddy, each before the same server, in one run.

    uv run python -m benchmarks.gateway [--only mint] [--rounds 3] [--json FILE]

Needs wrk, npm and a Node (for http-proxy, ws and the servers behind) and, for its row, caddy. What
is measured: requests of 20 kB over 8 connections, latency over one, processor time for each
request, WebSocket echoes, the mint route with and without the relay, and memory after work.
Contenders take turns in every round, so that the machine's mood is shared.
"""

import argparse
import asyncio
import contextlib
import json
import os
import re
import shutil
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import psutil

_PEERS = Path(__file__).parent / "peers"
PACKAGES = ["http-proxy@1.18.1", "ws@8"]
CADDY = """{
  admin off
  auto_https off
}
http://127.0.0.1:%d {
  reverse_proxy 127.0.0.1:%d
}
"""
_UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0}
_ECHO_BYTES = 1024
_PARTS = ("http", "sockets", "memory", "mint")


def unused_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def running(command: list[str], port: int, folder: Path) -> Iterator[psutil.Process]:
    """A server, from its first open port to its end."""
    process = subprocess.Popen(  # noqa: TID251 (a benchmark measures processes, it does not keep them)
        command,
        cwd=folder,
        env={**os.environ, "NODE_PATH": str(folder / "node_modules"), "NODE_NO_WARNINGS": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 20
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            if time.monotonic() > deadline or process.poll() is not None:
                raise RuntimeError(f"{command[:3]} does not listen")
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait()


@cache
def node_itself() -> str:
    """Node's own program: what stands on the PATH may be a script that starts it."""
    asked = ["node", "-p", "process.execPath"]
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()


def node_peer(script: str, *arguments: int | str) -> list[str]:
    """The command of a script of `peers` that Node runs."""
    return [node_itself(), str(_PEERS / script), *map(str, arguments)]


def gateway_command(port: int, upstream: int, *more: str) -> list[str]:
    """The command of a gateway before an upstream on this machine."""
    module = ["-m", "benchmarks.gateway_server", str(port), str(upstream)]
    return [sys.executable, *module, *more]


def _wrk(port: int, *, connections: int, seconds: int) -> dict[str, float]:
    told = subprocess.run(
        [
            *("wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency"),
            f"http://127.0.0.1:{port}/src/module.js",
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    if re.search(r"Non-2xx|Socket errors", told):
        raise RuntimeError(told)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", told)
    count = re.search(r"(\d+) requests in", told)
    found: dict[str, float] = {
        "rate": float(rate[1]) if rate else 0.0,
        "count": float(count[1]) if count else 0.0,
    }
    for name in ("50", "99"):
        match = re.search(rf"{name}%\s+([\d.]+)(us|ms|s)", told)
        if match:
            found[f"p{name}_ms"] = float(match[1]) * _UNITS[match[2]]
    return found


def _processor_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


class _Echo:
    """A WebSocket client over a plain socket: made for measuring, not for use."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        head = struct.pack("!BBH", 0x82, 0x80 | 126, _ECHO_BYTES)
        self._frame = head + b"\0\0\0\0" + b"x" * _ECHO_BYTES
        self._answer_bytes = len(head) + _ECHO_BYTES

    @classmethod
    async def open(cls, port: int) -> "_Echo":
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(
            b"GET /echo HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nConnection: Upgrade\r\n"
            b"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n" % port
        )
        head = await reader.readuntil(b"\r\n\r\n")
        if b" 101 " not in head[:20]:
            raise RuntimeError(head.decode())
        return cls(reader, writer)

    async def once(self) -> None:
        self._writer.write(self._frame)
        await self._reader.readexactly(self._answer_bytes)

    def close(self) -> None:
        self._writer.close()


async def _echoes(port: int, *, sockets: int, seconds: float) -> dict[str, float]:
    """Echoes a second over several sockets, and the time of each."""
    clients = [await _Echo.open(port) for _ in range(sockets)]
    times: list[float] = []
    end = time.perf_counter() + seconds

    async def talk(client: _Echo) -> None:
        while (began := time.perf_counter()) < end:
            await client.once()
            times.append(time.perf_counter() - began)

    await asyncio.gather(*(talk(client) for client in clients))
    for client in clients:
        client.close()
    times.sort()
    return {
        "rate": len(times) / seconds,
        "p50_ms": times[len(times) // 2] * 1000,
        "p99_ms": times[int(len(times) * 0.99)] * 1000,
    }


async def _open_and_close(port: int, count: int) -> None:
    for _ in range(count // 50):
        clients = [await _Echo.open(port) for _ in range(50)]
        for client in clients:
            await client.once()
            client.close()


def _mint_times(ways: dict[str, str], count: int) -> dict[str, list[float]]:
    """The ways take turns with every request, so that a busy machine is busy for all of them."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    with contextlib.ExitStack() as stack:
        clients = {name: stack.enter_context(httpx.Client(trust_env=False)) for name in ways}
        for number in range(count + 20):
            for name, url in ways.items():
                began = time.perf_counter()
                clients[name].post(url, json={}).raise_for_status()
                if number >= 20:
                    times[name].append((time.perf_counter() - began) * 1000)
    return times


def _middle(rows: list[dict[str, float]]) -> dict[str, float]:
    return {name: statistics.median(row[name] for row in rows) for name in rows[0]}


def _http(
    ports: dict[str, int], processes: dict[str, psutil.Process], rounds: int, seconds: int
) -> dict[str, dict[str, float]]:
    eight: dict[str, list[dict[str, float]]] = {name: [] for name in ports}
    one: dict[str, list[dict[str, float]]] = {name: [] for name in ports}
    for _ in range(rounds):
        for name, port in ports.items():
            before = _processor_s(processes[name])
            row = _wrk(port, connections=8, seconds=seconds)
            spent = _processor_s(processes[name]) - before
            row["processor_us"] = spent / row["count"] * 1_000_000
            eight[name].append(row)
            one[name].append(_wrk(port, connections=1, seconds=max(1, seconds // 2)))
    found = {}
    for name in ports:
        alone = _middle(one[name])
        found[name] = {
            **_middle(eight[name]),
            "one_p50_ms": alone["p50_ms"],
            "one_p99_ms": alone["p99_ms"],
        }
    return found


def _sockets(ports: dict[str, int], rounds: int, seconds: int) -> dict[str, dict[str, float]]:
    many: dict[str, list[dict[str, float]]] = {name: [] for name in ports}
    one: dict[str, list[dict[str, float]]] = {name: [] for name in ports}
    for _ in range(rounds):
        for name, port in ports.items():
            many[name].append(asyncio.run(_echoes(port, sockets=16, seconds=seconds)))
            one[name].append(asyncio.run(_echoes(port, sockets=1, seconds=max(1, seconds // 2))))
    return {
        name: {"rate": _middle(many[name])["rate"]}
        | {f"one_{key}": value for key, value in _middle(one[name]).items()}
        for name in ports
    }


def _mint(folder: Path, count: int) -> dict[str, float]:
    api, token, relayed, gateway, relay = (unused_port() for _ in range(5))
    with contextlib.ExitStack() as stack:
        run = stack.enter_context
        run(running(node_peer("api.cjs", api), api, folder))
        base = f"http://127.0.0.1:{api}/v1"
        run(running(node_peer("token.cjs", token, base), token, folder))
        through = f"http://127.0.0.1:{relay}/v1"
        run(running(node_peer("token.cjs", relayed, through), relayed, folder))
        second = unused_port()
        here = Path.cwd()
        more = ("--relay", str(relay), "--api", base)
        run(running(gateway_command(gateway, api, "--token", str(token), *more), gateway, here))
        run(running(gateway_command(second, api, "--token", str(relayed)), second, here))
        ways = {
            "token service alone": f"http://127.0.0.1:{token}/session",
            "with the gateway": f"http://127.0.0.1:{gateway}/session",
            "with gateway and relay": f"http://127.0.0.1:{second}/session",
        }
        times = _mint_times(ways, count)
    return {
        f"{name}, {words}": sorted(values)[int(len(values) * part)]
        for words, part in (("median", 0.5), ("fastest tenth", 0.1))
        for name, values in times.items()
    }


def _memory(port: int, process: psutil.Process) -> dict[str, float]:
    def mib() -> float:
        return float(process.memory_info().rss / 2**20)

    def ask(count: int) -> None:
        with httpx.Client(trust_env=False) as client:
            for number in range(count):
                client.get(f"http://127.0.0.1:{port}/m{number}.js")

    ask(2000)
    found = {"warm": mib()}
    ask(10_000)
    found["after 10,000 requests"] = mib()
    asyncio.run(_open_and_close(port, 1000))
    found["after 1,000 sockets"] = mib()
    asyncio.run(_open_and_close(port, 1000))
    found["after 1,000 more"] = mib()
    return found


def _show_http(found: dict[str, dict[str, float]]) -> None:
    row = "{:<24}{:>11}{:>11}{:>11}{:>12}{:>12}{:>13}"
    heads = ("req/s", "p50 ms", "p99 ms", "1 conn p50", "1 conn p99", "CPU us/req")
    print(row.format("20 kB, 8 connections", *heads))
    for name, one in found.items():
        values = ("rate", "p50_ms", "p99_ms", "one_p50_ms", "one_p99_ms", "processor_us")
        shown = [
            f"{one[key]:.0f}" if key in ("rate", "processor_us") else f"{one[key]:.3f}"
            for key in values
        ]
        print(row.format(name, *shown))
    print()


def _show_sockets(found: dict[str, dict[str, float]]) -> None:
    row = "{:<24}{:>11}{:>12}{:>12}"
    print(row.format("WebSocket echo, 1 kB", "16 conn /s", "1 conn p50", "1 conn p99"))
    for name, one in found.items():
        shown = [f"{one['rate']:.0f}", f"{one['one_p50_ms']:.3f}", f"{one['one_p99_ms']:.3f}"]
        print(row.format(name, *shown))
    print()


def _show_values(title: str, unit: str, found: dict[str, float]) -> None:
    for name, value in found.items():
        print(f"{title:<8}{name:<40}{value:8.2f} {unit}")
    print()


@contextlib.contextmanager
def _contenders(folder: Path) -> Iterator[tuple[dict[str, int], dict[str, psutil.Process]]]:
    """The same server directly and behind each proxy: their ports and processes."""
    ports = {name: unused_port() for name in ("direct", "rtstart gateway", "node http-proxy")}
    upstream = ports["direct"]
    commands = {
        "direct": node_peer("upstream.cjs", upstream),
        "rtstart gateway": gateway_command(ports["rtstart gateway"], upstream),
        "node http-proxy": node_peer("http-proxy.cjs", ports["node http-proxy"], upstream),
    }
    if shutil.which("caddy"):
        ports["Caddy"] = unused_port()
        (folder / "Caddyfile").write_text(CADDY % (ports["Caddy"], upstream))
        commands["Caddy"] = ["caddy", "run", "--config", "Caddyfile", "--adapter", "caddyfile"]
    with contextlib.ExitStack() as stack:
        processes = {
            one: stack.enter_context(
                running(command, ports[one], Path.cwd() if one == "rtstart gateway" else folder)
            )
            for one, command in commands.items()
        }
        yield ports, processes


def main() -> None:
    """Run every contender and print the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--only", choices=_PARTS, nargs="+", default=_PARTS)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    found: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        install = ["npm", "install", "--no-audit", "--no-fund", "--silent", *PACKAGES]
        subprocess.run(install, cwd=folder, check=True)
        with _contenders(folder) as (ports, processes):
            if "http" in options.only:
                found["http"] = _http(ports, processes, options.rounds, options.seconds)
                _show_http(found["http"])
            if "sockets" in options.only:
                found["sockets"] = _sockets(ports, options.rounds, options.seconds)
                _show_sockets(found["sockets"])
            if "memory" in options.only:
                own = "rtstart gateway"
                found["memory"] = _memory(ports[own], processes[own])
                _show_values("memory", "MiB", found["memory"])
        if "mint" in options.only:
            found["mint"] = _mint(folder, 400)
            _show_values("mint", "ms", found["mint"])
    if options.json:
        options.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
