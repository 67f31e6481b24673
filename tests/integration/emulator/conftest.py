"""An emulator for each test, on a free port of loopback."""

from collections.abc import AsyncIterator

import pytest

from rtstart.adapters.emulator.ice import LOOPBACK
from rtstart.adapters.emulator.server import Emulator, EmulatorOptions


@pytest.fixture
async def emulator() -> AsyncIterator[Emulator]:
    """Running until the test is over."""
    async with Emulator(EmulatorOptions(advertise=(LOOPBACK,))) as running:
        yield running
