"""An emulator for each test, with TLS beside it."""

import socket
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from rtstart.adapters.certificates import local_certificate, server_context
from rtstart.adapters.emulator.ice import LOOPBACK
from rtstart.adapters.emulator.server import Emulator, EmulatorOptions, Tls
from tests.clients.node import NodeClients, installed
from tests.templates.app import node_env


@pytest.fixture
async def emulator(tmp_path: Path) -> AsyncIterator[Emulator]:
    """Running until the test is over."""
    certificate = await local_certificate(
        tmp_path / "ca",
        host_name=socket.gethostname(),
        addresses=(),
        now=datetime.now(UTC),
        env={"PATH": ""},
    )
    tls = Tls(server_context(certificate), str(certificate.authority_path))
    async with Emulator(EmulatorOptions(advertise=(LOOPBACK,), tls=tls)) as running:
        yield running


@pytest.fixture(scope="session")
def node(tmp_path_factory: pytest.TempPathFactory) -> NodeClients:
    """The official Node clients."""
    return installed(tmp_path_factory.mktemp("clients") / "js", node_env())
