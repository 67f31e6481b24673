"""How long it takes from start to a public address that works: `rtstart dev` beside its tunnel's
program alone, and beside a person who starts the app and then the tunnel.

    uv run python -m benchmarks.tunnel_ready [--runs 5] [--json FILE]

The tunnel beside the peers is ssh to a stand-in for localhost.run on this machine, so the
network's own time, which is the same for all, is left out; then come the other ways that need no
network: one's own sshd with a TLS front, a command that names its address, and this network.
Alone, the program is measured to the line with its address, and to the first answer that comes
through it from an app that runs already. "By hand" is the slowest service of the app until it
answers, then the tunnel's program until its first answer. `dev` is measured to the announcement,
which comes after the whole proof of the address. The kinds take turns, so that the machine's mood
is shared.
"""

import argparse
import asyncio
import contextlib
import json
import signal
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import aiohttp
import trustme

from benchmarks.dev_ready import environment
from rtstart.adapters.ports import choose_port
from tests.fakes.hosted_ssh import HostedSsh, hosted_ssh
from tests.fakes.hostile import hostile_tunnel
from tests.fakes.sshd import SSHD, sshd

_PROGRAM = [sys.executable, "-m", "rtstart"]
_SSH = (
    "ssh -T -o BatchMode=yes -o ExitOnForwardFailure=yes -o StrictHostKeyChecking=no "
    "-o UserKnownHostsFile=/dev/null -o LogLevel=ERROR"
)
_LOOK_S = 0.005
_HAS_SSHD = Path(SSHD).exists()
_HOSTILE = Path(__file__).parents[1] / "tests" / "fakes" / "hostile.py"
"""A front that also runs as a program, and behaves well when nothing else is asked of it."""


async def _spawn(
    command: list[str], folder: Path, env: Mapping[str, str], *, is_heard: bool
) -> asyncio.subprocess.Process:
    quiet = asyncio.subprocess.DEVNULL
    return await asyncio.create_subprocess_exec(
        *command,
        cwd=folder,
        env=dict(env),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE if is_heard else quiet,
        stderr=quiet,
        start_new_session=True,
        limit=1 << 20,
    )


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.send_signal(signal.SIGINT)
    if process.stdout is not None:
        await process.stdout.read()
    await process.wait()


async def _until_answered(url: str, tls: ssl.SSLContext | None = None) -> None:
    async with aiohttp.ClientSession() as session:
        while True:
            try:
                async with session.get(url, ssl=tls or True) as answer:
                    await answer.read()
                if answer.status < 500:
                    return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(_LOOK_S)


async def _tunnel(
    hosted: HostedSsh, port: int, env: Mapping[str, str], tls: ssl.SSLContext
) -> tuple[float, float]:
    """Seconds to the address, and to the first answer through it."""
    began = time.monotonic()
    command = [*_SSH.split(), "-p", str(hosted.port), "-R", f"80:127.0.0.1:{port}"]
    process = await _spawn(
        [*command, "nokey@127.0.0.1", "--", "--output", "json"], Path.cwd(), env, is_heard=True
    )
    try:
        assert process.stdout is not None  # noqa: S101 - piped above
        async for line in process.stdout:
            told = json.loads(line)
            if told["event"] == "tcpip-forward":
                named = time.monotonic() - began
                await _until_answered(f"https://{told['address']}/", tls)
                return named, time.monotonic() - began
        raise RuntimeError("ssh ended before it told an address")
    finally:
        await _end(process)


async def _by_hand(
    app: Path, hosted: HostedSsh, env: Mapping[str, str], tls: ssl.SSLContext
) -> tuple[float, float, float]:
    """The app until it answers, then the tunnel: both its times, and all of it together."""
    port = choose_port(None)
    began = time.monotonic()
    web = await _spawn(
        ["node", "node_modules/vite/bin/vite.js"],
        app,
        {**env, "WEB_PORT": str(port)},
        is_heard=False,
    )
    try:
        await _until_answered(f"http://127.0.0.1:{port}/")
        named, answered = await _tunnel(hosted, port, env, tls)
        return named, answered, time.monotonic() - began
    finally:
        await _end(web)


async def _dev(app: Path, env: Mapping[str, str], tunnel: str) -> tuple[float, float]:
    """All services ready, and the proved public address printed."""
    began = time.monotonic()
    command = [*_PROGRAM, "dev", "--json", "--tunnel", tunnel]
    process = await _spawn(command, app, env, is_heard=True)
    ready = 0.0
    try:
        assert process.stdout is not None  # noqa: S101 - piped above
        async for line in process.stdout:
            told = json.loads(line)
            if told["event"] == "ready":
                ready = time.monotonic() - began
            if told["event"] == "announced" and told["public_url"]:
                return ready, time.monotonic() - began
        raise RuntimeError("dev ended before it announced an address")
    finally:
        await _end(process)


@contextlib.asynccontextmanager
async def _own_server(folder: Path, authority: trustme.CA) -> AsyncIterator[str]:
    """The table of a server of one's own, or an empty text where there is no sshd."""
    if not _HAS_SSHD:
        yield ""
        return
    async with (
        sshd(folder / "sshd") as server,
        hostile_tunnel(server.remote_port, authority=authority) as front,
    ):
        yield (
            f'\n[tunnels.ssh]\nserver = "{server.server}"\nport = {server.port}\n'
            f'remote_port = {server.remote_port}\nidentity = "{server.identity}"\n'
            f'known_hosts = "{server.known_hosts}"\nurl = "{front.url}"\n'
        )


async def _measure(app: Path, env: Mapping[str, str], runs: int) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {}
    authority = trustme.CA()
    certificate = app.parent / "ca.pem"
    authority.cert_pem.write_to_path(certificate)
    tls = ssl.create_default_context(cafile=str(certificate))
    env = {**env, "SSL_CERT_FILE": str(certificate)}
    authority.private_key_pem.write_to_path(f"{certificate}.key")
    async with hosted_ssh(authority) as hosted, _own_server(app.parent, authority) as own:
        table = f'\n[tunnels."localhost.run"]\nhost = "127.0.0.1"\nport = "{hosted.port}"\n'
        program = f"{sys.executable} {_HOSTILE} {{port}} {certificate}"
        table += f"\n[tunnels.command]\nrun = '{program}'\nurl_pattern = 'https://\\S+'\n"
        with (app / "rtstart.toml").open("a", encoding="utf-8") as config:
            config.write(table + own)
        others = ["command", "lan", *(["ssh"] if own else [])]
        for number in range(runs + 1):
            named, answered, by_hand = await _by_hand(app, hosted, env, tls)
            ready, announced = await _dev(app, env, "localhost.run")
            more = {name: (await _dev(app, env, name))[1] for name in others}
            if number == 0:
                continue  # the first fills caches
            for name, value in (
                ("tunnel alone, address told", named),
                ("tunnel alone, first answer", answered),
                ("by hand, app then tunnel", by_hand),
                ("dev, all services ready", ready),
                ("dev, proved and printed", announced),
                *((f"dev --tunnel {name}", value) for name, value in more.items()),
            ):
                times.setdefault(name, []).append(value)
    return times


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    env = environment()
    with tempfile.TemporaryDirectory() as folder:
        app = Path(folder) / "app"
        subprocess.run(
            [*_PROGRAM, "new", str(app), "--yes"], env=env, check=True, capture_output=True
        )
        times = asyncio.run(_measure(app, env, arguments.runs))
    middle = {name: statistics.median(values) for name, values in times.items()}
    for name, value in middle.items():
        print(f"{name:28} {value:6.2f} s   ({min(times[name]):.2f}-{max(times[name]):.2f})")
    if arguments.json:
        arguments.json.write_text(json.dumps(middle, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
