"""The emulator as a whole: options in, a running server with an address out."""

import asyncio
import errno
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from types import TracebackType

from aiohttp import web

from rtstart.adapters.emulator.answerers import Answerers, Who
from rtstart.adapters.emulator.calls import Calls
from rtstart.adapters.emulator.control import Control
from rtstart.adapters.emulator.ice import own_addresses
from rtstart.adapters.emulator.ids import MarkedIds
from rtstart.adapters.emulator.refusals import HttpTroubles
from rtstart.adapters.emulator.routes import Routes
from rtstart.adapters.recordings import Recordings
from rtstart.core.errors import Conflict, Usage
from rtstart.core.findings.machine import PORT_TAKEN
from rtstart.core.realtime.faults import FaultBoard, FaultRule
from rtstart.core.realtime.scenario import Scenario
from rtstart.core.realtime.seen import SeenCall
from rtstart.core.realtime.session import SESSION_S
from rtstart.core.realtime.tokens import KeyPolicy
from rtstart.core.secrets import Masker

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
    loopback and this machine's own. `seed` makes ids and chance come in the same order.
    `answers` says who answers, where the scenario, if there is one, has no reply.
    `scenario_dir` is where the sound files of a scenario are. With `record_dir` each
    call is written to a file there, without keys and without what `masked` names, one a line;
    with `remembers_calls` it can be asked for (`seen`).
    """

    host: str = "127.0.0.1"
    port: int = 0
    advertise: tuple[str, ...] = ()
    session_s: float = SESSION_S
    seed: int | None = None
    takes_real_keys: bool = False
    tls: Tls | None = None
    answers: Who = "echo"
    scenario: Scenario | None = None
    scenario_dir: Path = Path()
    faults: tuple[FaultRule, ...] = ()
    record_dir: Path | None = None
    masked: str = field(default="", repr=False)
    remembers_calls: bool = False


def _recordings(options: EmulatorOptions) -> Recordings | None:
    if options.record_dir is None:
        return None
    return Recordings(options.record_dir, Masker([options.masked]), _tell_loss)


def _tell_loss(path: Path, error: OSError) -> None:
    told = {"message": f"{path} is not a whole recording: {error.strerror or error}"}
    asyncio.get_running_loop().call_exception_handler(told)


class Emulator:
    """A Realtime API on this machine, for as long as the context lasts.

    Entering starts it, leaving hangs up every call and closes every socket. Raises Conflict when
    the port is taken and Usage when it cannot be listened on at all.
    """

    def __init__(self, options: EmulatorOptions) -> None:
        self.options = options
        self._port = options.port
        self._tls_port = 0
        scenario = options.scenario or Scenario()
        seed = options.seed if options.seed is not None else scenario.seed
        ids = MarkedIds(seed)
        chance = Random(seed).random  # noqa: S311 - what goes wrong, not a secret
        self.board = FaultBoard((*scenario.faults, *options.faults), chance=chance)
        self._answerers = Answerers(
            options.answers, scenario=options.scenario, scenario_dir=options.scenario_dir
        )
        self._calls = Calls(
            answerer_for=self._answerers.new,
            board=self.board,
            chance=chance,
            ids=ids,
            addresses=options.advertise or own_addresses(),
            session_s=scenario.session_s or options.session_s,
            recordings=_recordings(options),
            remembers=options.remembers_calls,
        )
        routes = Routes(
            self._calls,
            ids=ids,
            policy=KeyPolicy(options.takes_real_keys),
            troubles=HttpTroubles(self.board),
        )
        app = routes.application()
        Control(self.board).add_to(app)
        self._runner = web.AppRunner(
            app, handle_signals=False, access_log=None, shutdown_timeout=GRACE_S
        )

    def seen(self) -> list[SeenCall]:
        """Every call so far; empty unless calls are remembered."""
        return self._calls.seen()

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
        self._answerers.start()
        return self

    async def loaded(self) -> None:
        """Wait until everything that loads in the background is there."""
        await self._calls.loaded()

    async def _listen(self, port: int, tls: ssl.SSLContext | None) -> int:
        known = len(self._runner.addresses)
        site = web.TCPSite(self._runner, self.options.host, port, ssl_context=tls)
        try:
            await site.start()
        except OSError as error:
            where = f"{self.options.host}:{port}"
            if error.errno == errno.EADDRINUSE:
                raise Conflict.of(PORT_TAKEN.found(f"Port {port} is taken", where=where)) from error
            raise Usage(
                f"Cannot listen on {where}",
                why=error.strerror or str(error),
                hint="rtstart emulate --host 127.0.0.1 --port 8765",
            ) from error
        found: int = self._runner.addresses[known][1]
        return found

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._runner.cleanup()
        await self._answerers.close()
