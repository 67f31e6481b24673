"""Tunnels by the OpenSSH client: hosted services that need nothing installed, and one's own server.

Seen with OpenSSH 9.2p1 against Debian's sshd and a stand-in for localhost.run (facts: tunnels 3
and 4.2, 2026-11). Hosted services write their address on the session's channel, so `-N` would
hide it, and some close when their input ends, so it is held open.
"""

import json
import re
from collections.abc import Mapping

from rtstart.core.findings import Fix, tunnel
from rtstart.core.findings import tunnel_refusals as refusals
from rtstart.core.tunnels import (
    API,
    NO_NETWORK,
    AddressFound,
    Connected,
    Machine,
    Options,
    ProcessTunnel,
    Refused,
    Sign,
    Standing,
    StatusPage,
    Target,
    Traits,
    TunnelNews,
    address,
    parse_own_address,
    refusal,
)

_ALIVE = (
    "-o",
    "ExitOnForwardFailure=yes",  # without it ssh stays up with no tunnel
    "-o",
    "ServerAliveInterval=15",
    "-o",
    "ServerAliveCountMax=3",
    "-o",
    "ConnectTimeout=15",
)
_NO_QUESTIONS = ("-o", "BatchMode=yes")
_KNOWN_HOSTS = "ssh-known-hosts"

_SIGNS = (
    Sign(r"remote port forwarding failed for listen port", refusals.PORT_REFUSED),
    Sign(
        r"Permission denied \(",
        refusals.CREDENTIAL_REFUSED,
        "The ssh server does not know your key",
        Fix("Add your public key there, or name the right one: identity = '~/.ssh/…'"),
    ),
    Sign(
        r"Host key verification failed|REMOTE HOST IDENTIFICATION HAS CHANGED",
        refusals.HOST_KEY_UNKNOWN,
    ),
    NO_NETWORK,
)

_HOSTED_SIGNS = (
    Sign(
        r"Permission denied \(",
        refusals.CREDENTIAL_REFUSED,
        "The service lets nobody in by this name",
        Fix("Take `user`, or the token, out of the service's table in rtstart.toml."),
    ),
    Sign(
        r"Host key verification failed|REMOTE HOST IDENTIFICATION HAS CHANGED",
        refusals.HOST_KEY_UNKNOWN,
        "The service shows another key than at the first visit",
        Fix(
            "If the service says that it has a new key, forget the one that was noted here:",
            f"rm .rtstart/tunnel/{_KNOWN_HOSTS}",
        ),
    ),
    *_SIGNS,
)
"""Their keys are noted in the project, so connecting by hand would not help."""


async def _standing(machine: Machine, *, is_configured: bool) -> Standing:
    program = machine.find("ssh")
    if program is None:
        return Standing(
            "missing",
            finding=tunnel.PROGRAM_MISSING.found(
                "ssh is not installed", fix=Fix("Install OpenSSH's client.")
            ),
            is_configured=is_configured,
        )
    _, said = await machine.run(program, "-V")
    version = re.search(r"OpenSSH\S*", said)
    return Standing("ready", version.group() if version else "", is_configured=is_configured)


def _hosted(target: Target) -> tuple[str, ...]:
    """The server's key is noted in the project at the first visit, not in the user's own list."""
    known_hosts = f"{target.files_dir}/{_KNOWN_HOSTS}".replace("%", "%%")
    return (
        "ssh",
        "-T",
        *_ALIVE,
        "-o",
        _known_hosts(known_hosts),
        "-o",
        "StrictHostKeyChecking=accept-new",
    )


def _known_hosts(path: str) -> str:
    """ssh takes a path with blanks in it for several, unless it stands in quotes."""
    return f'UserKnownHostsFile="{path}"'


# localhost.run ----------------------------------------------------------------------------------


def read_localhost_run(line: str) -> TunnelNews | None:
    """News in a line of localhost.run's JSON, or of its plain text."""
    if line.startswith("{"):
        try:
            told = json.loads(line)
        except ValueError:
            return None
        if told.get("event") != "tcpip-forward":
            return None
        host = str(told.get("address") or told.get("listen_host") or "")
        if told.get("status", "success") != "success" or not host:
            words = str(told.get("message") or "it gave no reason")
            return Refused(refusals.ENDED.found("localhost.run refused the tunnel", why=words))
        return AddressFound(host if host.startswith("https://") else f"https://{host}")
    if "tunneled with tls termination" in line:
        return address(line, r"https://[A-Za-z0-9.-]+")
    return refusal(line, _HOSTED_SIGNS)


class LocalhostRun:
    """localhost.run without an account: a random name that changes after some hours."""

    api = API
    name = "localhost.run"
    traits = Traits(
        "localhost.run",
        plaintext="localhost.run",
        patience_s=20.0,
        client_header="x-forwarded-for",
    )
    accepts: Mapping[str, str] = {
        "user": "the name to come by; nokey",
        "host": "another server that speaks the same; localhost.run",
        "port": "its port; 22",
    }

    async def examine(self, machine: Machine, options: Options) -> Standing:
        """Ready where there is ssh."""
        return await _standing(machine, is_configured=bool(options))

    def plan(self, machine: Machine, target: Target, options: Options) -> ProcessTunnel:
        """JSON on the session's channel names the address, again when it changes."""
        del machine
        server = f"{options.get('user', 'nokey')}@{options.get('host', 'localhost.run')}"
        return ProcessTunnel(
            (
                *_hosted(target),
                *_NO_QUESTIONS,
                "-p",
                options.get("port", "22"),
                "-R",
                f"80:127.0.0.1:{target.port}",
                server,
                "--",
                "--output",
                "json",
            ),
            read_localhost_run,
            is_connected_by_address=True,
            holds_input_open=True,
        )


# pinggy -----------------------------------------------------------------------------------------


def read_pinggy(line: str) -> TunnelNews | None:
    """Refusals in what ssh says; the address comes from a page of the session's own."""
    return refusal(line, _HOSTED_SIGNS)


def read_pinggy_urls(status: int, text: str) -> TunnelNews | None:
    """News from `/urls`, which lists the session's addresses."""
    if status != 200:
        return None
    try:
        urls = json.loads(text).get("urls")
    except (ValueError, AttributeError):
        return None
    found = [url for url in urls or () if str(url).startswith("https://")]
    return AddressFound(str(found[0]).rstrip("/")) if found else None


class Pinggy:
    """pinggy over port 443: a random name for an hour, or a token's own."""

    api = API
    name = "pinggy"
    traits = Traits(
        "pinggy",
        plaintext="pinggy",
        has_warning_page=True,
        lasts_s=3600.0,
        is_automatic=False,
    )
    accepts: Mapping[str, str] = {
        "token_env": "the variable that holds your token; PINGGY_TOKEN",
        "host": "another server of theirs; free.pinggy.io, or pro.pinggy.io with a token",
        "port": "its port; 443",
    }

    async def examine(self, machine: Machine, options: Options) -> Standing:
        """Ready where there is ssh."""
        return await _standing(machine, is_configured=bool(options))

    def plan(self, machine: Machine, target: Target, options: Options) -> ProcessTunnel:
        """The token is ssh's user name there, so it goes through a file that ssh reads.

        Who has no key is asked for a password, and an empty one is right (seen in three public
        projects that use it, 2026-11); ssh gets it from a program, as nobody could type it.
        """
        token = machine.env.get(options.get("token_env", "PINGGY_TOKEN"), "")
        host = options.get("host") or ("pro.pinggy.io" if token else "free.pinggy.io")
        config = f"Host pinggy\n  HostName {host}\n  Port {options.get('port', '443')}\n"
        if token:
            config += f"  User {token}\n"
        return ProcessTunnel(
            (
                *_hosted(target),
                "-o",
                "NumberOfPasswordPrompts=1",
                "-F",
                f"{target.files_dir}/pinggy-ssh-config",
                "-R",
                f"0:127.0.0.1:{target.port}",
                "-L",
                f"127.0.0.1:{target.spare_port}:localhost:4300",
                "pinggy",
            ),
            read_pinggy,
            env={"SSH_ASKPASS": machine.find("true") or "true", "SSH_ASKPASS_REQUIRE": "force"},
            files={"pinggy-ssh-config": config},
            pages=(StatusPage(f"http://127.0.0.1:{target.spare_port}/urls", read_pinggy_urls),),
            is_connected_by_address=True,
            holds_input_open=True,
        )


# One's own server -------------------------------------------------------------------------------


def read_own(line: str) -> TunnelNews | None:
    """News in what `ssh -v` says about its forwarding."""
    if "remote forward success for: listen" in line or "Allocated port " in line:
        return Connected()
    return refusal(line, _SIGNS)


class OwnServer:
    """A server of one's own with sshd and https in front of a port."""

    api = API
    name = "ssh"
    traits = Traits("own server by ssh", plaintext="your server", has_stable_name=True)
    accepts: Mapping[str, str] = {
        "server": "user@host",
        "url": "the https address that leads to the port there",
        "remote_port": "that port, on its 127.0.0.1; 8080",
        "port": "the port of its sshd; 22",
        "identity": "the key to come by, where it is not ssh's own choice",
        "known_hosts": "the file with its key, where it is not ssh's own",
    }

    async def examine(self, machine: Machine, options: Options) -> Standing:
        """Ready when server and address are named."""
        missing = [key for key in ("server", "url") if not options.get(key)]
        if missing:
            table = '[tunnels.ssh]\nserver = "user@host"\nurl = "https://voice.example.com"'
            return Standing(
                "signed out",
                finding=tunnel.NOT_SET_UP.found(
                    "No ssh server is set up here", fix=Fix("Write it into rtstart.toml.", table)
                ),
                is_configured=bool(options),
            )
        _, wrong = parse_own_address(options["url"])
        if wrong is not None:
            return Standing("unusable", finding=wrong, is_configured=True)
        return await _standing(machine, is_configured=True)

    def plan(self, machine: Machine, target: Target, options: Options) -> ProcessTunnel:
        """Forward the port with `-v`, because success is said in no other way."""
        del machine
        chosen: list[str] = []
        for key, flag in (("identity", "-i"), ("known_hosts", "")):
            if value := options.get(key):
                chosen += [flag, value] if flag else ["-o", _known_hosts(value)]
        return ProcessTunnel(
            (
                "ssh",
                "-N",
                "-T",
                "-v",
                *_ALIVE,
                *_NO_QUESTIONS,
                *chosen,
                "-p",
                options.get("port", "22"),
                "-R",
                f"127.0.0.1:{options.get('remote_port', '8080')}:127.0.0.1:{target.port}",
                options["server"],
            ),
            read_own,
            address=parse_own_address(options["url"])[0],
        )


LOCALHOST_RUN = LocalhostRun()
PINGGY = Pinggy()
OWN_SERVER = OwnServer()
