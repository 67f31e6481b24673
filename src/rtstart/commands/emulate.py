"""`rtstart emulate`: the Realtime API on this machine, until it is asked to stop."""

import asyncio
from collections.abc import Callable

from rtstart.adapters.emulator.server import Emulator, EmulatorOptions
from rtstart.adapters.processes.signals import on_stop_signals


async def emulate(options: EmulatorOptions, *, on_ready: Callable[[Emulator], None]) -> None:
    """Run an emulator; `on_ready` is told once it answers.

    Raises Conflict when the port is taken. Returns when the process is asked to stop, with every
    call hung up and every socket closed.
    """
    asked = asyncio.Event()
    with on_stop_signals(lambda _: asked.set()):
        async with Emulator(options) as emulator:
            on_ready(emulator)
            await asked.wait()
