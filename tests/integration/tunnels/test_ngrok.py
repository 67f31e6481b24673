"""ngrok by its real package, as far as it goes without ngrok: refused, and not spoken to."""

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from rtstart.adapters.ports import choose_port
from rtstart.adapters.tunnels.machine import ThisMachine
from rtstart.adapters.tunnels.ngrok import NGROK
from rtstart.commands.dev import DevRequest
from rtstart.core.events import Found, TunnelDown
from rtstart.core.tunnels import Refused, Target, TaskTunnel, TunnelNews
from tests.fakes.dev_sessions import session_of
from tests.fakes.projects import write_project

pytestmark = pytest.mark.integration
pytest.importorskip("ngrok", reason="there is no wheel of ngrok for this machine")

_TOKEN = "2test_" + "0123456789abcdef"


@pytest.fixture
def nobody() -> str:
    """Where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        return f"127.0.0.1:{closed.getsockname()[1]}"


@pytest.fixture
async def stranger() -> AsyncIterator[str]:
    """Where somebody answers who is not ngrok."""

    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def _tell(folder: Path, options: Mapping[str, str]) -> list[TunnelNews]:
    machine = ThisMachine({"NGROK_AUTHTOKEN": _TOKEN}, folder)
    way = NGROK.plan(machine, Target(4200, 4201, str(folder)), options)
    assert isinstance(way, TaskTunnel)
    told: list[TunnelNews] = []
    await way.run(told.append)
    return told


async def test_package_that_is_not_answered_by_ngrok_says_why(
    tmp_path: Path, nobody: str, stranger: str
) -> None:
    why = []
    for address in (nobody, stranger):
        (news,) = await _tell(tmp_path, {"server_addr": address})
        assert isinstance(news, Refused)
        assert news.finding.code == "RT423"
        why.append(news.finding.why)

    assert why == [
        "failed to connect session failed to establish tcp connection",
        "failed to connect session tls handshake error",
    ]


async def test_next_way_is_taken_when_the_package_cannot_connect(
    tmp_path: Path, nobody: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NGROK_AUTHTOKEN", _TOKEN)
    project = write_project(tmp_path / "app", port=choose_port(None))
    with (project / "rtstart.toml").open("a", encoding="utf-8") as config:
        config.write(f'[tunnels.ngrok]\nserver_addr = "{nobody}"\n')

    async with session_of(DevRequest(project, tunnel="ngrok,lan")) as run:
        told = await run.until_public()

    assert told.tunnel == "lan"
    assert "RT423" in [event.finding.code for event in run.of(Found)]
    assert run.of(TunnelDown)[0].next_step == "trying lan"
    assert _TOKEN not in repr(run.all)
