"""Tunnels that go wrong in the ways real ones do: a TLS front on this machine, in front of a port.

`python -m tests.fakes.hostile PORT MODE …` runs one as a program that names its address, for tests
that need a tunnel's process.
"""

import argparse
import asyncio
import contextlib
import ssl
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias, get_args

import trustme

from rtstart.adapters.ports import choose_port

Mode: TypeAlias = Literal[
    "good",
    "drops upgrades",
    "refuses upgrades",
    "answers upgrades",
    "strips upgrades",
    "wrong accept",
    "buffers",
    "warning page",
    "wrong certificate",
    "not connected",
    "another app",
    "sign in",
    "host refused",
    "rate limits",
    "small bodies",
    "slow",
    "no http",
]
MODES: tuple[Mode, ...] = get_args(Mode)
_SKIPS = (b"ngrok-skip-browser-warning", b"bypass-tunnel-reminder")
_SMALL = 65_536
_SLOW_S = 0.3


@dataclass
class HostileTunnel:
    """A running front. `authority` signs its certificate; `url` is where to go in."""

    url: str
    authority: trustme.CA
    mode: Mode
    renames: tuple[bytes, bytes] = (b"", b"")

    @property
    def client_tls(self) -> ssl.SSLContext:
        """TLS that trusts this front's authority alone."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.authority.configure_trust(context)
        return context


@contextlib.asynccontextmanager
async def hostile_tunnel(
    target: int,
    mode: Mode = "good",
    *,
    authority: trustme.CA | None = None,
    port: int = 0,
    names: tuple[str, ...] = ("localhost",),
    renames: tuple[bytes, bytes] = (b"", b""),
) -> AsyncIterator[HostileTunnel]:
    """A tunnel to a port of this machine that behaves as `mode` says.

    Its certificate is for `names`. In each request's head the first of `renames` becomes the other.
    """
    authority = authority or trustme.CA()
    tunnel = HostileTunnel("", authority, mode, renames)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    shown = ("elsewhere.test",) if mode == "wrong certificate" else names
    authority.issue_cert(*shown).configure_cert(tls)
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await _Visit(tunnel, target, reader, writer).answer()
        except (OSError, ssl.SSLError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the server's own callback cannot bear a cancelled visit
        finally:
            tasks.discard(task)
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", port, ssl=tls)
    tunnel.url = f"https://localhost:{server.sockets[0].getsockname()[1]}"
    try:
        yield tunnel
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class _Visit:
    """One connection of a visitor: one request, or one WebSocket."""

    def __init__(
        self,
        tunnel: HostileTunnel,
        target: int,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self._mode = tunnel.mode
        self._renames = tunnel.renames
        self._target = target
        self._reader = reader
        self._writer = writer

    async def answer(self) -> None:
        head = await self._reader.readuntil(b"\r\n\r\n")
        if self._renames[0]:
            head = head.replace(*self._renames)
        lowered = head.lower()
        is_upgrade = b"upgrade: websocket" in lowered
        has_skip = any(name in lowered for name in _SKIPS)
        match self._mode:
            case "drops upgrades" if is_upgrade:
                return
            case "refuses upgrades" if is_upgrade:
                await self._say(502, "text/plain", "no upgrades here")
            case "answers upgrades" if is_upgrade:
                await self._say(200, "text/html", "<title>Hello</title>")
            case "wrong accept" if is_upgrade:
                self._writer.write(
                    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                    b"Connection: Upgrade\r\nSec-WebSocket-Accept: bm90aGluZw==\r\n\r\n"
                )
                await self._writer.drain()
            case "warning page" if not has_skip:
                await self._say(200, "text/html", "<title>You are about to visit</title>")
            case "not connected":
                await self._say(530, "text/html", "<title>Error 1033</title>", server="cloudflare")
            case "another app":
                await self._say(200, "text/html", "<title>Somebody else's app</title>")
            case "sign in":
                self._writer.write(
                    b"HTTP/1.1 302 Found\r\nLocation: https://github.test/login\r\n"
                    b"Content-Length: 0\r\nConnection: close\r\n\r\n"
                )
                await self._writer.drain()
            case "host refused":
                words = 'Blocked request. This host ("app.test") is not allowed.'
                await self._say(403, "text/plain", words)
            case "rate limits":
                await self._say(429, "text/plain", "Too many requests")
            case "small bodies" if _length(lowered) > _SMALL:
                await self._say(413, "text/plain", "too large")
            case "no http":
                self._writer.write(b"SSH-2.0-OpenSSH_9.2p1\r\n")
                await self._writer.drain()
            case "strips upgrades" if is_upgrade:
                plain = [line for line in head.split(b"\r\n") if b"pgrade" not in line]
                await self._carry(b"\r\n".join(plain), is_upgrade=False)
            case _:
                await self._carry(head, is_upgrade=is_upgrade)

    async def _say(self, status: int, kind: str, body: str, *, server: str = "edge") -> None:
        self._writer.write(
            f"HTTP/1.1 {status} Whatever\r\nServer: {server}\r\nContent-Type: {kind}\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}".encode()
        )
        await self._writer.drain()

    async def _carry(self, head: bytes, *, is_upgrade: bool) -> None:
        if self._mode == "slow":
            await asyncio.sleep(_SLOW_S)
        reader, writer = await asyncio.open_connection("127.0.0.1", self._target)
        if not is_upgrade:
            # One request a connection, so that each is judged.
            head = head[:-2] + b"Connection: close\r\n\r\n"
            head = b"\r\n".join(
                line
                for line in head.split(b"\r\n")
                if not line.lower().startswith(b"connection: keep-alive")
            )
        extra = b"X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-Proto: https\r\n\r\n"
        writer.write(head[:-2] + extra)
        inward = asyncio.ensure_future(_pump(self._reader, writer))
        try:
            if self._mode == "buffers" and not is_upgrade:
                self._writer.write(await reader.read(-1))
                await self._writer.drain()
            else:
                await _pump(reader, self._writer)
        finally:
            inward.cancel()
            writer.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65_536):
        writer.write(data)
        await writer.drain()


def _length(lowered_head: bytes) -> int:
    for line in lowered_head.split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.partition(b":")[2])
    return 0


async def _run(options: argparse.Namespace, authority: trustme.CA) -> None:
    if options.early:
        options.port = options.port or choose_port(None)
        sys.stdout.write(f"your url is: https://localhost:{options.port}\n")
        sys.stdout.flush()
        await asyncio.sleep(options.early)
    async with hostile_tunnel(
        options.target, options.mode, authority=authority, port=options.port
    ) as tunnel:
        sys.stdout.write(f"your url is: {tunnel.url}\n")
        sys.stdout.flush()
        try:
            async with asyncio.timeout(options.dies_after):
                await asyncio.Event().wait()
        except TimeoutError:
            sys.stdout.write("the edge went away\n")
            sys.exit(1)


def main() -> None:
    """Run one as a program."""
    parser = argparse.ArgumentParser()
    parser.add_argument("target", type=int)
    parser.add_argument("authority")
    parser.add_argument("--mode", default="good", choices=MODES)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--dies-after", type=float, default=None)
    parser.add_argument("--early", type=float, default=0.0, help="name the address so long before")
    options = parser.parse_args()
    authority = trustme.CA.from_pem(
        Path(options.authority).read_bytes(), Path(options.authority + ".key").read_bytes()
    )
    asyncio.run(_run(options, authority))


if __name__ == "__main__":
    main()
