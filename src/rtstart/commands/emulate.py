"""`rtstart emulate`: the Realtime API on this machine, until it is asked to stop."""

import asyncio
import os
import socket
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from rtstart.adapters.emulator.server import Emulator, EmulatorOptions, Tls
from rtstart.adapters.folders import config_dir
from rtstart.adapters.processes.signals import on_stop_signals


async def emulate(
    options: EmulatorOptions,
    *,
    tls_port: int | None = None,
    on_ready: Callable[[Emulator], None],
) -> None:
    """Run an emulator; `on_ready` is told once it answers.

    With `tls_port` it also listens there (0: a free one) with a certificate of this machine.

    Raises Conflict when the port is taken. Returns when the process is asked to stop, with every
    call hung up and every socket closed.
    """
    if tls_port is not None:
        options = replace(options, tls=await _tls(tls_port))
    asked = asyncio.Event()
    with on_stop_signals(lambda _: asked.set()):
        async with Emulator(options) as emulator:
            on_ready(emulator)
            await asked.wait()


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
