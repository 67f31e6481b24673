"""The ssh providers with the real OpenSSH client: Debian's sshd, and a stand-in for a hosted
service.
"""

import os
import shutil
import signal
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import trustme

from rtstart.adapters.ports import choose_port
from rtstart.commands.dev import DevRequest
from rtstart.core.events import Found, Started, TunnelDown
from tests.fakes.dev_sessions import Session, session_of
from tests.fakes.hosted_ssh import HostedSsh, hosted_ssh
from tests.fakes.hostile import hostile_tunnel
from tests.fakes.processes import is_running
from tests.fakes.projects import write_project
from tests.fakes.sshd import SSHD, Sshd, sshd

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(shutil.which("ssh") is None, reason="needs the OpenSSH client"),
]
needs_sshd = pytest.mark.skipif(not Path(SSHD).exists(), reason="needs openssh-server")


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    """A certificate authority that this test's machine trusts."""
    ca = trustme.CA()
    ca.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    return ca


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Sshd]:
    async with sshd(tmp_path / "sshd") as running:
        yield running


@pytest.fixture
async def hosted(authority: trustme.CA) -> AsyncIterator[HostedSsh]:
    async with hosted_ssh(authority) as running:
        yield running


def _project(folder: Path, table: str, **options: object) -> Path:
    # A blank and a sign of ssh's own in the path, which ssh would take for something else.
    project = write_project(folder / "my 100%app", port=choose_port(None))
    lines = "".join(f'{key} = "{value}"\n' for key, value in options.items())
    with (project / "rtstart.toml").open("a", encoding="utf-8") as config:
        config.write(f'[tunnels."{table}"]\n{lines}')
    return project


def _own(folder: Path, server: Sshd, url: str, **changes: object) -> Path:
    options: dict[str, object] = {
        "server": server.server,
        "port": server.port,
        "remote_port": server.remote_port,
        "identity": server.identity,
        "known_hosts": server.known_hosts,
        "url": url,
    }
    return _project(folder, "ssh", **{**options, **changes})


def _codes(run: Session) -> list[str]:
    return [event.finding.code for event in run.of(Found) if event.finding.code != "RT440"]


def _pids(run: Session) -> list[int]:
    return [event.pid for event in run.of(Started) if event.service == "tunnel"]


@needs_sshd
async def test_own_server_carries_the_app_and_heals(
    tmp_path: Path, authority: trustme.CA, server: Sshd
) -> None:
    async with hostile_tunnel(server.remote_port, authority=authority) as front:
        project = _own(tmp_path, server, front.url)
        async with session_of(DevRequest(project, tunnel="ssh")) as run:
            first = await run.until_public()
            seen = len(run.all)
            os.killpg(_pids(run)[0], signal.SIGKILL)
            second = await run.until_public(after=seen)

    assert (first.public_url, first.passed, first.asked) == (front.url, 8, 8)
    assert (second.public_url, second.passed) == (front.url, 8)
    assert _codes(run) == ["RT424"]
    assert [pid for pid in _pids(run) if is_running(pid)] == []


@needs_sshd
async def test_refusals_of_a_real_server_are_named(
    tmp_path: Path, authority: trustme.CA, server: Sshd
) -> None:
    empty = tmp_path / "empty"
    empty.touch()
    cases: list[tuple[str, dict[str, object]]] = [
        ("RT422", {"remote_port": choose_port(None)}),
        ("RT429", {"identity": "/dev/null"}),
        ("RT430", {"known_hosts": empty}),
        ("RT423", {"port": choose_port(None)}),
    ]
    for number, (code, changes) in enumerate(cases):
        folder = tmp_path / str(number)
        folder.mkdir()
        project = _own(folder, server, "https://localhost:1", **changes)
        async with session_of(DevRequest(project, tunnel="ssh,lan")) as run:
            told = await run.until_public()

        assert told.tunnel == "lan"
        assert [found for found in _codes(run) if found != "RT403"] == [code]


async def test_hosted_service_carries_the_app_by_its_json(
    tmp_path: Path, hosted: HostedSsh
) -> None:
    project = _project(tmp_path, "localhost.run", host="127.0.0.1", port=hosted.port)

    async with session_of(DevRequest(project, tunnel="localhost.run")) as run:
        told = await run.until_public()

    assert [told.public_url] == hosted.urls
    assert (told.passed, told.asked) == (8, 8)
    assert not hosted.connections
    assert (project / ".rtstart" / "tunnel" / "ssh-known-hosts").exists()


async def test_pinggys_kind_carries_the_app_by_its_page_and_an_empty_password(
    tmp_path: Path, hosted: HostedSsh
) -> None:
    hosted.wants_password = True
    project = _project(tmp_path, "pinggy", host="127.0.0.1", port=hosted.port)

    async with session_of(DevRequest(project, tunnel="pinggy")) as run:
        told = await run.until_public()

    assert [told.public_url] == hosted.urls
    assert (told.passed, told.asked) == (8, 8)
    assert not hosted.connections
    assert [path.name for path in (project / ".rtstart" / "tunnel").iterdir()] == [
        "ssh-known-hosts"
    ]


async def test_new_address_is_proved_when_the_service_changes_it(
    tmp_path: Path, hosted: HostedSsh
) -> None:
    project = _project(tmp_path, "localhost.run", host="127.0.0.1", port=hosted.port)

    async with session_of(DevRequest(project, tunnel="localhost.run")) as run:
        await run.until_public()
        seen = len(run.all)
        await hosted.move()
        told = await run.until_public(after=seen)
        pids = _pids(run)

    assert told.public_url == hosted.urls[1]
    assert len(pids) == 1
    assert run.of(TunnelDown) == []


async def test_session_is_opened_again_when_the_service_cuts_it(
    tmp_path: Path, hosted: HostedSsh
) -> None:
    project = _project(tmp_path, "localhost.run", host="127.0.0.1", port=hosted.port)

    async with session_of(DevRequest(project, tunnel="localhost.run")) as run:
        await run.until_public()
        seen = len(run.all)
        hosted.drop()
        told = await run.until_public(after=seen)

    assert told.public_url == hosted.urls[1]
    assert run.of(TunnelDown)[0].next_step == "localhost.run again in 1 s"


async def test_next_way_is_taken_when_the_service_refuses(
    tmp_path: Path, hosted: HostedSsh
) -> None:
    hosted.refuses = "too many tunnels from your address"
    project = _project(tmp_path, "localhost.run", host="127.0.0.1", port=hosted.port)

    async with session_of(DevRequest(project, tunnel="localhost.run,lan")) as run:
        told = await run.until_public()

    assert told.tunnel == "lan"
    (found,) = [event.finding for event in run.of(Found) if event.finding.code == "RT424"]
    assert found.why == "too many tunnels from your address"


async def test_next_way_is_taken_when_nobody_is_there(
    tmp_path: Path, authority: trustme.CA
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    project = _project(tmp_path, "localhost.run", host="127.0.0.1", port=port)

    async with session_of(DevRequest(project, tunnel="localhost.run,lan")) as run:
        told = await run.until_public()

    assert told.tunnel == "lan"
    assert "RT423" in _codes(run)
