"""The sockets that clients connect to."""

import asyncio
import errno
import socket
import ssl

from rtstart.adapters.gateway.connection import ConnectionServer
from rtstart.core.errors import Conflict
from rtstart.core.findings.machine import PORT_TAKEN

_BACKLOG = 512
_NOT_HERE = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)
_LOOPBACK = ("127.0.0.1", "::1")


class Listener:
    """One bound port and the clients that came through it."""

    def __init__(self, server: ConnectionServer, *, tls: ssl.SSLContext | None) -> None:
        self._server = server
        self._tls = tls
        self._bound: list[asyncio.Server] = []
        self.port = 0

    async def bind_loopback(self, port: int) -> int:
        """Listen on 127.0.0.1 and, where there is one, ::1; return the port.

        `localhost` may mean either, by system and by browser. Port 0 takes a free one.
        """
        for address in _LOOPBACK:
            try:
                await self.bind(address, self.port or port)
            except OSError as error:
                if address != "::1" or error.errno not in _NOT_HERE:
                    raise
        return self.port

    async def bind(self, address: str, port: int) -> int:
        """Listen on one address; return the port. Raise Conflict when it is taken."""
        loop = asyncio.get_running_loop()
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        try:
            server = await loop.create_server(
                self._server,
                address,
                port,
                family=family,
                backlog=_BACKLOG,
                ssl=self._tls,
                ssl_handshake_timeout=10 if self._tls else None,
            )
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            found = PORT_TAKEN.found(f"Port {port} on {address} is taken", where=f"port {port}")
            raise Conflict.of(found) from error
        self._bound.append(server)
        self.port = int(server.sockets[0].getsockname()[1])
        return self.port

    async def close(self) -> None:
        """Stop listening and cut every client."""
        for server in self._bound:
            server.close()
        await self._server.close()
        for server in self._bound:
            await server.wait_closed()
