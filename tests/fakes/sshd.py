"""Debian's sshd on a free port of this machine, for one test: keys only, remote forwarding only."""

import asyncio
import contextlib
import getpass
import os
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from rtstart.adapters.ports import choose_port, is_answered
from rtstart.adapters.processes import Completed, run_to_end

SSHD = "/usr/sbin/sshd"

_CONFIG = """\
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/authorized_keys
PidFile none
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
StrictModes no
PermitRootLogin prohibit-password
AllowTcpForwarding remote
GatewayPorts no
PermitListen {listen}
PermitTTY no
X11Forwarding no
"""


@dataclass(frozen=True)
class Sshd:
    """A running server: how to reach it, and the port that it forwards."""

    server: str
    port: int
    remote_port: int
    identity: Path
    known_hosts: Path


@contextlib.asynccontextmanager
async def sshd(folder: Path) -> AsyncIterator[Sshd]:
    """Run a server whose files lie in this folder; it permits one port to be forwarded."""
    port, remote_port = _prepare(folder)
    running = asyncio.ensure_future(
        run_to_end(
            [SSHD, "-D", "-e", "-f", str(folder / "sshd_config")],
            cwd=folder,
            env=dict(os.environ),
            deadline_s=120,
        )
    )
    try:
        await _until_answered(port, running)
        user = getpass.getuser()
        yield Sshd(
            f"{user}@127.0.0.1", port, remote_port, folder / "user_key", folder / "known_hosts"
        )
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def _prepare(folder: Path) -> tuple[int, int]:
    """Write keys and configuration; the server's port and the one that it may forward."""
    folder.mkdir()
    for name in ("host_key", "user_key"):
        _keygen(folder / name)
    (folder / "authorized_keys").write_bytes((folder / "user_key.pub").read_bytes())
    port, remote_port = choose_port(None), choose_port(None)
    host_key = (folder / "host_key.pub").read_text(encoding="utf-8")
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {host_key}", encoding="utf-8")
    config = _CONFIG.format(port=port, folder=folder, listen=f"127.0.0.1:{remote_port}")
    (folder / "sshd_config").write_text(config, encoding="utf-8")
    if os.geteuid() == 0:
        # As root it wants this folder for the time before somebody is authenticated.
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    return port, remote_port


async def _until_answered(port: int, running: "asyncio.Task[Completed]") -> None:
    async with asyncio.timeout(5):
        while not is_answered(port):
            assert not running.done(), running.result()
            await asyncio.sleep(0.02)


def _keygen(path: Path) -> None:
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)],
        check=True,
        stdin=subprocess.DEVNULL,
    )
