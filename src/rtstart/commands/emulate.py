"""`rtstart emulate`: the Realtime API on this machine, alone or round a command."""

import asyncio
import gc
import os
import signal
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from rtstart.adapters.emulator.server import Emulator, EmulatorOptions, Tls
from rtstart.adapters.folders import config_dir
from rtstart.adapters.processes.foreground import run_foreground
from rtstart.adapters.processes.signals import on_stop_signals
from rtstart.adapters.recordings import have_folder, read_recording
from rtstart.core.secrets import MASKED_NAME

TEST_KEY = "sk-test-emulated"


@dataclass(frozen=True, slots=True)
class EmulateRequest:
    """What is wanted. With a command it runs beside the emulator, and its end is the end.

    With `tls_port` the emulator also listens there (0: a free one), with a certificate of this
    machine. `scenario_path` and `replay_path` are read here, and only one of
    them is given.
    """

    options: EmulatorOptions
    scenario_path: Path | None = None
    replay_path: Path | None = None
    tls_port: int | None = None
    command: tuple[str, ...] = ()


async def emulate(request: EmulateRequest, *, on_ready: Callable[[Emulator], None]) -> int:
    """Run an emulator until it is asked to stop, or until its command ends; gives the exit code.

    `on_ready` is told once it answers. Raises Conflict when the port is taken and Usage when the
    scenario or the command is wrong. Every call is hung up and every socket closed afterwards.
    """
    options = await options_of(request)
    asked = asyncio.Event()
    with on_stop_signals(lambda _: asked.set()):
        async with Emulator(options) as emulator:
            on_ready(emulator)
            settling = asyncio.ensure_future(_settle(emulator))
            try:
                if not request.command:
                    await asked.wait()
                    return 0
                return await _beside(emulator, request.command, asked)
            finally:
                settling.cancel()
                await asyncio.gather(settling, return_exceptions=True)


async def _settle(emulator: Emulator) -> None:
    """Keep the garbage collector away from what is loaded: it stays, and looking through it would
    stop every call for 100 ms each time.
    """
    await emulator.loaded()
    gc.collect()
    gc.freeze()


async def options_of(request: EmulateRequest) -> EmulatorOptions:
    """The options with the files that the request names; raises Usage when one is wrong."""
    options = request.options
    if request.scenario_path is not None:
        from rtstart.adapters.emulator.scenarios import read_scenario

        path = request.scenario_path.absolute()
        options = replace(options, scenario=read_scenario(path), scenario_dir=path.parent)
    if request.replay_path is not None:
        from rtstart.core.realtime.recording import replay_of

        options = replace(options, scenario=replay_of(read_recording(request.replay_path)))
    if options.record_dir is not None:
        have_folder(options.record_dir, hint="rtstart emulate --record calls")
        options = replace(options, masked=os.environ.get(MASKED_NAME, ""))
    if request.tls_port is not None:
        options = replace(options, tls=await _tls(request.tls_port))
    return options


async def _tls(port: int) -> Tls:
    from rtstart.adapters.certificates import local_certificate, server_context

    env = dict(os.environ)
    certificate = await local_certificate(
        config_dir(env) / "ca",
        host_name=socket.gethostname(),
        addresses=(),
        now=datetime.now(UTC),
        env=env,
    )
    return Tls(server_context(certificate), str(certificate.authority_path), port)


async def _beside(emulator: Emulator, command: tuple[str, ...], asked: asyncio.Event) -> int:
    """Run the command; a signal ends it and is its exit code."""
    env = {**os.environ, **environment(emulator)}
    running = asyncio.ensure_future(run_foreground(command, cwd=Path.cwd(), env=env))
    stopping = asyncio.ensure_future(asked.wait())
    await asyncio.wait((running, stopping), return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if running.done():
        return running.result()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    return 128 + signal.SIGINT


def environment(emulator: Emulator) -> Mapping[str, str]:
    """The variables with which a program uses this emulator and not the real API."""
    tls = emulator.options.tls
    base_url = emulator.base_url if tls is None else emulator.tls_base_url
    trust = {} if tls is None else {"NODE_EXTRA_CA_CERTS": tls.authority_path}
    return {
        "OPENAI_API_KEY": TEST_KEY,
        "OPENAI_BASE_URL": base_url,
        "REALTIME_URL": f"{base_url}/realtime",
        "RTSTART_EMULATED": "1",
        "RTSTART_EMULATOR_URL": emulator.url,
        **trust,
    }
