"""A WebSocket upgrade by hand over a socket: every layer timed, every header seen."""

import asyncio
import base64
import contextlib
import os
import secrets
import socket
import ssl
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from rtstart.adapters.net.outside import SKIP_WARNING_PAGES
from rtstart.core.probe import (
    NO_HTTP,
    Head,
    Layer,
    Place,
    judge_upgrade,
    parse_head,
    title_of,
    who_answered,
)
from rtstart.core.websocket import Frame, Opcode, decode, encode

_HEAD_BYTES = 64 * 1024
_BODY_BYTES = 4096
_SWITCHING = 101


@dataclass(frozen=True, slots=True)
class Step:
    """One layer that was tried."""

    layer: Layer
    milliseconds: float
    detail: str
    is_passed: bool


@dataclass(slots=True)
class Taken:
    """An upgrade taken apart, as far as it went."""

    steps: list[Step] = field(default_factory=list)
    head: Head | None = None

    @property
    def failed(self) -> Step | None:
        """The step that ended it, or None."""
        return next((step for step in self.steps if not step.is_passed), None)


class _Stopped(Exception):
    """A layer failed; the words say how."""


async def take_apart(
    place: Place,
    *,
    protocols: Sequence[str] = (),
    origin: str = "",
    tls: ssl.SSLContext | None = None,
    within_s: float = 10.0,
    on_step: Callable[[Step], None] | None = None,
) -> Taken:
    """Go through the layers in order and stop at the first that fails. Each has `within_s`.

    `origin` is sent as the Origin header, the place's own when it is empty.
    """
    prober = _Prober(place, tuple(protocols), origin or place.origin, tls, within_s)
    taken = Taken()
    ways: list[tuple[Layer, Callable[[], Awaitable[str]]]] = [
        ("name", prober.name),
        ("tcp", prober.tcp),
        ("tls", prober.tls),
        ("http", prober.http),
        ("upgrade", prober.upgrade),
        ("echo", prober.echo),
        ("close", prober.close),
    ]
    try:
        for layer, way in ways:
            if layer == "tls" and not place.is_secure:
                continue
            step = await _timed(layer, way, within_s)
            taken.steps.append(step)
            taken.head = prober.head
            if on_step is not None:
                on_step(step)
            if not step.is_passed:
                break
    finally:
        await prober.leave()
    return taken


async def _timed(layer: Layer, way: Callable[[], Awaitable[str]], within_s: float) -> Step:
    began = time.monotonic()
    try:
        async with asyncio.timeout(within_s):
            detail, is_passed = await way(), True
    except _Stopped as stopped:
        detail, is_passed = str(stopped), False
    except TimeoutError:
        detail, is_passed = f"no answer within {within_s:g} s", False
    return Step(layer, (time.monotonic() - began) * 1000, detail, is_passed)


class _Prober:
    def __init__(
        self,
        place: Place,
        protocols: tuple[str, ...],
        origin: str,
        tls: ssl.SSLContext | None,
        within_s: float,
    ) -> None:
        self.head: Head | None = None
        self._place = place
        self._protocols = protocols
        self._origin = origin
        self._context = tls or ssl.create_default_context()
        self._within_s = within_s
        self._addresses: list[tuple[socket.AddressFamily, str]] = []
        self._key = base64.b64encode(secrets.token_bytes(16)).decode("ascii")
        self._rest = b""
        self._body = ""
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def name(self) -> str:
        """Look the name up."""
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(
                self._place.host, self._place.port, type=socket.SOCK_STREAM
            )
        except OSError as error:
            raise _Stopped(error.strerror or str(error)) from error
        self._addresses = list(dict.fromkeys((one[0], str(one[4][0])) for one in found))
        return ", ".join(address for _, address in self._addresses)

    async def tcp(self) -> str:
        """Connect to the first address that answers."""
        problem = ""
        for family, address in self._addresses:
            try:
                self._reader, self._writer = await asyncio.open_connection(
                    address, self._place.port, family=family
                )
            except OSError as error:
                problem = f"{address}: {os.strerror(error.errno) if error.errno else error}"
                continue
            return address
        raise _Stopped(problem)

    async def tls(self) -> str:
        """Shake hands, and say version and issuer."""
        writer = self._open()
        try:
            await writer.start_tls(self._context, server_hostname=self._place.host)
        except ssl.SSLCertVerificationError as error:
            raise _Stopped(f"the certificate is not valid: {error.verify_message}") from error
        except (ssl.SSLError, OSError) as error:
            raise _Stopped(f"no handshake: {error}") from error
        session = writer.get_extra_info("ssl_object")
        certificate = session.getpeercert() or {}
        issuer = {key: value for part in certificate.get("issuer", ()) for key, value in part}
        name = issuer.get("organizationName") or issuer.get("commonName") or "unknown"
        return f"{session.version()}, by {name}"

    async def http(self) -> str:
        """Ask for the upgrade and read whatever head comes back."""
        await self._send("\r\n".join(self._request()).encode("ascii"))
        head = parse_head(await self._read_head())
        if head is None:
            raise _Stopped(NO_HTTP)
        self.head = head
        if head.status != _SWITCHING:
            self._body = await self._read_body()
        who = who_answered(head, self._body)
        return f"{head.status} {head.reason}".rstrip() + (f", from {who}" if who else "")

    async def upgrade(self) -> str:
        """Judge the answer."""
        head = self.head or Head(0, "", ())
        wrong = judge_upgrade(head, key=self._key, protocols=self._protocols)
        if wrong:
            who, title = who_answered(head, self._body), title_of(self._body)
            raise _Stopped(wrong + (f" by {who}" if who else "") + (f": {title}" if title else ""))
        chosen = head.get("sec-websocket-protocol")
        return f"subprotocol {chosen}" if chosen else "101"

    async def echo(self) -> str:
        """Ping, which every server must answer with the same words."""
        said = secrets.token_bytes(8)
        await self._say("ping", said)
        while True:
            frame = await self._frame()
            if frame.opcode == "pong" and frame.payload == said:
                return "ping answered"
            if frame.opcode == "ping":
                await self._say("pong", frame.payload)
            if frame.opcode == "close":
                raise _Stopped(f"the server closed with {frame.close_code}")

    async def close(self) -> str:
        """Say goodbye and wait for the other's."""
        await self._say("close", (1000).to_bytes(2, "big"))
        while True:
            frame = await self._frame()
            if frame.opcode == "close":
                return f"closed with {frame.close_code}"

    async def leave(self) -> None:
        """Close the connection, whatever state it is in."""
        if self._writer is not None:
            self._writer.close()
            with contextlib.suppress(OSError, ssl.SSLError, TimeoutError):
                async with asyncio.timeout(1.0):
                    await self._writer.wait_closed()

    # Wire ---------------------------------------------------------------------------------------

    def _request(self) -> list[str]:
        lines = [
            f"GET {self._place.target} HTTP/1.1",
            f"Host: {self._place.authority}",
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            f"Sec-WebSocket-Key: {self._key}",
            f"Origin: {self._origin}",
            *(f"{name}: {value}" for name, value in SKIP_WARNING_PAGES.items()),
        ]
        if self._protocols:
            lines.append(f"Sec-WebSocket-Protocol: {', '.join(self._protocols)}")
        return [*lines, "", ""]

    async def _read_head(self) -> bytes:
        data = b""
        while b"\r\n\r\n" not in data:
            part = await self._read()
            if not part:
                raise _Stopped("the connection was cut " + ("in the answer" if data else "off"))
            data += part
            if len(data) > _HEAD_BYTES or not b"HTTP/".startswith(data[:5]):
                raise _Stopped(NO_HTTP)
        head, _, self._rest = data.partition(b"\r\n\r\n")
        return head

    async def _read_body(self) -> str:
        data = self._rest
        with contextlib.suppress(TimeoutError, _Stopped):
            async with asyncio.timeout(min(1.0, self._within_s / 2)):
                while len(data) < _BODY_BYTES and (part := await self._read()):
                    data += part
        return data.decode("utf-8", "replace")

    async def _frame(self) -> Frame:
        while (found := decode(self._rest)) is None:
            part = await self._read()
            if not part:
                raise _Stopped("the connection was cut after the upgrade")
            self._rest += part
        frame, size = found
        self._rest = self._rest[size:]
        return frame

    async def _say(self, opcode: Opcode, payload: bytes) -> None:
        await self._send(encode(opcode, payload, mask=secrets.token_bytes(4)))

    async def _send(self, data: bytes) -> None:
        writer = self._open()
        try:
            writer.write(data)
            await writer.drain()
        except OSError as error:
            raise _Stopped(f"the connection was cut: {error.strerror or error}") from error

    async def _read(self) -> bytes:
        if self._reader is None:
            raise RuntimeError("not connected")
        try:
            return await self._reader.read(_HEAD_BYTES)
        except (OSError, ssl.SSLError) as error:
            raise _Stopped(f"the connection was cut: {error}") from error

    def _open(self) -> asyncio.StreamWriter:
        if self._writer is None:
            raise RuntimeError("not connected")
        return self._writer
