"""A stand-in for localhost.run: an SSH server that asks for no key, forwards to a random https
address, and names it in JSON on the session's channel. It does for pinggy too, which lists its
addresses on a page behind the session, and asks for a password that is empty.
"""

import asyncio
import contextlib
import json
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import asyncssh
import trustme

_PORT = 80
_PAGE_PORT = 4300


@dataclass
class HostedSsh:
    """The running service. `refuses` makes it answer the next forwarding with this sentence, and
    `wants_password` lets in who has typed nothing for one.
    """

    port: int
    authority: trustme.CA
    urls: list[str] = field(default_factory=list)
    refuses: str = ""
    wants_password: bool = False
    connections: set[asyncssh.SSHServerConnection] = field(default_factory=set)
    fronts: list[asyncio.Server] = field(default_factory=list)

    async def move(self) -> None:
        """Give every session another address, as the service does after some hours."""
        for connection in list(self.connections):
            owner = connection.get_owner()
            assert isinstance(owner, _Session)
            await owner.give_address()

    def drop(self) -> None:
        """Cut every session off."""
        for connection in list(self.connections):
            connection.abort()


@contextlib.asynccontextmanager
async def hosted_ssh(authority: trustme.CA) -> AsyncIterator[HostedSsh]:
    """Run the service on a free port of this machine."""
    service = HostedSsh(0, authority)
    server = await asyncssh.create_server(
        lambda: _Session(service),
        "127.0.0.1",
        0,
        server_host_keys=[asyncssh.generate_private_key("ssh-ed25519")],
        process_factory=_process,
        line_editor=False,
    )
    service.port = server.get_port()
    try:
        yield service
    finally:
        for front in service.fronts:
            front.close()
        service.drop()
        server.close()
        await server.wait_closed()


class _Session(asyncssh.SSHServer):
    """One visitor's connection: at most one forwarding, in any number of addresses."""

    def __init__(self, service: HostedSsh) -> None:
        self._service = service
        self.told: asyncio.Queue[dict[str, str]] = asyncio.Queue()
        self.urls: list[str] = []

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn
        self._service.connections.add(conn)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._service.connections.discard(self._connection)

    def begin_auth(self, username: str) -> bool:
        del username
        return self._service.wants_password

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        del username
        return password == ""

    def connection_requested(
        self, dest_host: str, dest_port: int, orig_host: str, orig_port: int
    ) -> Any:
        del dest_host, orig_host, orig_port
        return self._list_addresses if dest_port == _PAGE_PORT else False

    async def _list_addresses(self, reader: Any, writer: Any) -> None:
        """The page that pinggy has at port 4300 of a session."""
        await reader.readuntil(b"\r\n\r\n")
        body = json.dumps(
            {"urls": [url.replace("https:", "http:") for url in self.urls] + self.urls}
        )
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
        writer.write_eof()

    async def server_requested(self, listen_host: str, listen_port: int) -> Any:
        del listen_host, listen_port
        if self._service.refuses:
            self.told.put_nowait(
                {"event": "tcpip-forward", "status": "failure", "message": self._service.refuses}
            )
            return _Listener()
        await self.give_address()
        return _Listener()

    async def give_address(self) -> None:
        """Open another https address and name it."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._service.authority.issue_cert("localhost").configure_cert(context)
        front = await asyncio.start_server(self._carry, "127.0.0.1", 0, ssl=context)
        self._service.fronts.append(front)
        host = f"localhost:{front.sockets[0].getsockname()[1]}"
        self.urls = [f"https://{host}"]
        self._service.urls += self.urls
        self.told.put_nowait(
            {
                "connection_id": "3b6d",
                "event": "tcpip-forward",
                "status": "success",
                "message": f"{host} tunneled with tls termination, https://{host}",
                "address": host,
            }
        )

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            inner, outer = await self._connection.open_connection("localhost", _PORT)
            pumps = [_pump(reader, outer), _pump(inner, writer)]
            await asyncio.gather(*pumps)
        except (OSError, asyncssh.Error, asyncio.CancelledError):
            pass
        finally:
            writer.close()


class _Listener(asyncssh.SSHListener):
    """What asyncssh keeps for a forwarding that this service carries itself."""

    def get_port(self) -> int:
        """The port that is said to whoever asked for any."""
        return _PORT

    def close(self) -> None:
        """Nothing listens under the name that was asked for."""

    async def wait_closed(self) -> None:
        """It is closed already."""


async def _process(process: asyncssh.SSHServerProcess[str]) -> None:
    """Tell what happens in JSON until the client's input ends, as some services do."""
    owner = process.get_extra_info("connection").get_owner()
    assert isinstance(owner, _Session)
    process.stdout.write('{"event":"authn","message":"authenticated as anonymous user"}\n')

    async def tell() -> None:
        while True:
            process.stdout.write(json.dumps(await owner.told.get()) + "\n")

    telling = asyncio.ensure_future(tell())
    try:
        await process.stdin.read()
    finally:
        telling.cancel()
        process.exit(0)


async def _pump(reader: Any, writer: Any) -> None:
    """Carry bytes one way; both kinds of stream speak alike."""
    while data := await reader.read(65_536):
        writer.write(data)
        await writer.drain()
    with contextlib.suppress(OSError):
        writer.write_eof() if writer.can_write_eof() else writer.close()
