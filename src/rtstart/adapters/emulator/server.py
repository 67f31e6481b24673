"""The emulator as a whole: options in, a running server with an address out."""

import ssl
from dataclasses import dataclass
from types import TracebackType

from aiohttp import web

from rtstart.adapters.emulator.answers.echo import Echo
from rtstart.adapters.emulator.calls import Calls
from rtstart.adapters.emulator.ice import own_addresses
from rtstart.adapters.emulator.ids import MarkedIds
from rtstart.adapters.emulator.routes import Routes
from rtstart.core.errors import Conflict
from rtstart.core.findings.machine import PORT_TAKEN
from rtstart.core.realtime.session import SESSION_S
from rtstart.core.realtime.tokens import KeyPolicy

GRACE_S = 2.0


@dataclass(frozen=True, slots=True)
class Tls:
    """A second listener, for clients that insist on TLS (the Node SDK's WebSocket does).

    `authority_path` is what such a client must trust (`NODE_EXTRA_CA_CERTS`).
    """

    context: ssl.SSLContext
    authority_path: str
    port: int = 0


@dataclass(frozen=True, slots=True)
class EmulatorOptions:
    """How an emulator is run.

    `port` 0 takes a free one. `advertise` are the addresses offered for WebRTC; empty means
    loopback and this machine's own. `seed` makes ids come in the same order.
    """

    host: str = "127.0.0.1"
    port: int = 0
    advertise: tuple[str, ...] = ()
    session_s: float = SESSION_S
    seed: int | None = None
    takes_real_keys: bool = False
    tls: Tls | None = None


class Emulator:
    """A Realtime API on this machine, for as long as the context lasts.

    Entering starts it, leaving hangs up every call and closes every socket. Raises Conflict when
    the port is taken.
    """

    def __init__(self, options: EmulatorOptions) -> None:
        self.options = options
        self._port = options.port
        self._tls_port = 0
        ids = MarkedIds(options.seed)
        self._calls = Calls(
            answerer=Echo(),
            ids=ids,
            addresses=options.advertise or own_addresses(),
            session_s=options.session_s,
        )
        routes = Routes(self._calls, ids=ids, policy=KeyPolicy(options.takes_real_keys))
        self._runner = web.AppRunner(
            routes.application(), handle_signals=False, access_log=None, shutdown_timeout=GRACE_S
        )

    @property
    def port(self) -> int:
        """The port it listens on."""
        return self._port

    @property
    def url(self) -> str:
        """Its origin (`http://127.0.0.1:8765`)."""
        host = f"[{self.options.host}]" if ":" in self.options.host else self.options.host
        return f"http://{host}:{self._port}"

    @property
    def base_url(self) -> str:
        """What OPENAI_BASE_URL is set to (`http://127.0.0.1:8765/v1`)."""
        return f"{self.url}/v1"

    @property
    def tls_base_url(self) -> str:
        """The same over TLS (`https://localhost:8766/v1`), or empty without it."""
        return f"https://localhost:{self._tls_port}/v1" if self._tls_port else ""

    @property
    def realtime_url(self) -> str:
        """Where WebSockets connect, without the query (`ws://127.0.0.1:8765/v1/realtime`)."""
        return f"ws{self.base_url.removeprefix('http')}/realtime"

    async def __aenter__(self) -> "Emulator":
        await self._runner.setup()
        try:
            self._port = await self._listen(self.options.port, None)
            if self.options.tls is not None:
                self._tls_port = await self._listen(self.options.tls.port, self.options.tls.context)
        except BaseException:
            await self._runner.cleanup()
            raise
        self._calls.begin_loading()
        return self

    async def _listen(self, port: int, tls: ssl.SSLContext | None) -> int:
        known = len(self._runner.addresses)
        site = web.TCPSite(self._runner, self.options.host, port, ssl_context=tls)
        try:
            await site.start()
        except OSError as error:
            where = f"{self.options.host}:{port}"
            raise Conflict.of(PORT_TAKEN.found(f"Port {port} is taken", where=where)) from error
        found: int = self._runner.addresses[known][1]
        return found

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._runner.cleanup()
