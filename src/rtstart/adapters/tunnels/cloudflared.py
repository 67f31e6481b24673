"""Cloudflare's tunnels by its program `cloudflared`: quick ones without an account, named ones
with a zone of one's own.

Facts of this file were seen with cloudflared 2026.8.2, most of them against a stub allocator
(facts: tunnels 2, 2026-11).
"""

import json
import re
from collections.abc import Mapping

from rtstart.core.findings import Fix, tunnel
from rtstart.core.findings import tunnel_refusals as refusals
from rtstart.core.tunnels import (
    API,
    AddressFound,
    Connected,
    Lost,
    Machine,
    Options,
    ProcessTunnel,
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

PROGRAM = "cloudflared"
OVERRIDE = "RTSTART_CLOUDFLARED"
"""The variable that names another copy of the program."""

_QUICK_URL = r"https://(?!api\.)[a-z0-9]+(?:-[a-z0-9]+)+\.trycloudflare\.com"
"""The failure text holds https://api.trycloudflare.com, which is no tunnel."""

_CLIENT_HEADER = "cf-connecting-ip"
"""Cloudflare's edge writes it anew for every request, whatever a visitor sent in it."""

_TABLE = Fix(
    "Write where it leads, and put its token into TUNNEL_TOKEN.",
    '[tunnels.cloudflared-named]\nhost = "voice.example.com"\n'
    "port = 4200   # what the dashboard sends this host to, on 127.0.0.1",
)
_EMPTY_CONFIG = "cloudflared-empty.yml"
_INSTALL = {
    "darwin": "brew install cloudflared",
    "windows": "winget install Cloudflare.cloudflared",
    "linux": "rtstart dev --tunnel cloudflared",
}
"""On Linux it is in no distribution's own packages; rtstart fetches it after asking."""

_SIGNS = (
    Sign(
        r"error code: 1015|429 Too Many Requests",
        refusals.RATE_LIMITED,
        "Cloudflare gives this network no more quick tunnels for now",
    ),
    Sign(
        r"error code: 1101|500 Internal Server Error|failed to parse quick Tunnel ID",
        refusals.ENDED,
        "Cloudflare has trouble giving out quick tunnels",
        again=True,
    ),
    Sign(r"Could not lookup srv records", refusals.EDGE_BLOCKED),
    Sign(
        r"Unauthorized|Provided Tunnel token is not valid|Invalid tunnel secret",
        refusals.CREDENTIAL_REFUSED,
        "Cloudflare refused the tunnel's token",
    ),
    Sign(r"failed to request quick Tunnel: Post", refusals.NO_NETWORK),
)

_DIALS = Sign(
    r"Unable to establish connection with Cloudflare edge|[Ff]ailed to dial (?:to edge|a quic)",
    refusals.EDGE_BLOCKED,
)
"""Said at each attempt, and it makes more of them: over TCP after UDP, and after a laptop woke up
before its network did. Only where nothing comes of them is it a refusal.
"""


def read(line: str) -> TunnelNews | None:
    """News in a line of cloudflared's log, JSON or plain: its last fatal line is always plain."""
    text = _text(line)
    if found := address(text, _QUICK_URL):
        return found
    if "Registered tunnel connection" in text:
        return Connected()
    if re.search(r"Connection terminated|Unregistered tunnel connection", text):
        return Lost("its connection with Cloudflare ended")
    if refused := refusal(text, (_DIALS,)):
        return Lost(refused.finding.what, refused.finding)
    return refusal(text, _SIGNS)


def read_ready(status: int, text: str) -> TunnelNews | None:
    """News from `/ready` of the metrics page: 200 once a connection is registered."""
    del text
    return Connected() if status == 200 else None


def read_hostname(status: int, text: str) -> TunnelNews | None:
    """News from `/quicktunnel`, which names the host even before any connection."""
    if status != 200:
        return None
    try:
        host = json.loads(text).get("hostname")
    except (ValueError, AttributeError):
        return None
    return AddressFound(f"https://{host}") if host else None


def _text(line: str) -> str:
    if line.startswith("{"):
        try:
            told = json.loads(line)
        except ValueError:
            return line
        return f"{told.get('message', '')} {told.get('error', '')}"
    return line


def _program(machine: Machine) -> str | None:
    return machine.env.get(OVERRIDE) or machine.find(PROGRAM)


async def _standing(machine: Machine, *, is_configured: bool) -> Standing:
    program = _program(machine)
    if program is None:
        return Standing(
            "missing",
            finding=tunnel.PROGRAM_MISSING.found(
                "cloudflared is not installed",
                fix=Fix(
                    "Let rtstart fetch it (it asks first), or install it.",
                    command=_INSTALL[machine.system],
                ),
            ),
            may_fetch=True,
            is_configured=is_configured,
        )
    if program == machine.env.get(OVERRIDE) and not machine.exists(program):
        fix = Fix("Correct it, or let the PATH decide.", f"unset {OVERRIDE}")
        wrong = tunnel.PROGRAM_MISSING.found(
            f"{OVERRIDE} names {program}, which is not there", why="No file has this path.", fix=fix
        )
        return Standing("unusable", finding=wrong)
    code, said = await machine.run(program, "--version")
    version = re.search(r"version (\S+)", said)
    if code != 0 or version is None:
        return Standing(
            "unusable",
            finding=tunnel.PROGRAM_MISSING.found(
                f"{program} is no cloudflared that runs", why=f"It ended with code {code}."
            ),
        )
    return Standing("ready", version.group(1), is_configured=is_configured)


def _shared(machine: Machine, target: Target) -> tuple[str, ...]:
    """The part that both kinds have. Every flag cures something that was seen.

    A user's own config.yml would be served instead of `--url`; without `--protocol auto` a quick
    tunnel dials over UDP for ever; the metrics port must not be another cloudflared's; half a
    minute of grace would be waited for with an open socket.
    """
    return (
        _program(machine) or PROGRAM,
        "tunnel",
        "--no-autoupdate",
        "--config",
        f"{target.files_dir}/{_EMPTY_CONFIG}",
        "--protocol",
        "auto",
        "--metrics",
        f"127.0.0.1:{target.spare_port}",
        "--grace-period",
        "1s",
        "--output",
        "json",
    )


def _ready_page(target: Target) -> StatusPage:
    return StatusPage(f"http://127.0.0.1:{target.spare_port}/ready", read_ready)


class Quick:
    """A random name under trycloudflare.com, new at each start; nothing to sign up for."""

    api = API
    name = "cloudflared"
    traits = Traits(
        "Cloudflare quick tunnel",
        plaintext="Cloudflare",
        carries_streams=False,
        settles_s=3.0,
        patience_s=45.0,
        client_header=_CLIENT_HEADER,
    )
    accepts: Mapping[str, str] = {}

    async def examine(self, machine: Machine, options: Options) -> Standing:
        """Ready when the program runs."""
        del options
        return await _standing(machine, is_configured=False)

    def plan(self, machine: Machine, target: Target, options: Options) -> ProcessTunnel:
        """One program, no state."""
        del options
        return ProcessTunnel(
            (*_shared(machine, target), "--url", f"http://127.0.0.1:{target.port}"),
            read,
            files={_EMPTY_CONFIG: ""},
            pages=(
                StatusPage(f"http://127.0.0.1:{target.spare_port}/quicktunnel", read_hostname),
                _ready_page(target),
            ),
        )


def _address_of(host: str) -> str:
    """People write the name, or the whole address."""
    return host if "://" in host else f"https://{host}"


class Named:
    """A tunnel of one's own account with a stable name, managed by the dashboard or here."""

    api = API
    name = "cloudflared-named"
    traits = Traits(
        "Cloudflare named tunnel",
        needs_account=True,
        plaintext="Cloudflare",
        has_stable_name=True,
        client_header=_CLIENT_HEADER,
    )
    accepts: Mapping[str, str] = {
        "host": "the public host name",
        "port": "what the dashboard sends this host to, on http://127.0.0.1",
        "token_env": "the variable that holds the tunnel's token; TUNNEL_TOKEN",
        "tunnel": "the name of a tunnel that this machine manages, in place of a token",
    }

    async def examine(self, machine: Machine, options: Options) -> Standing:
        """Ready when host and token, or host and tunnel, are there."""
        token_env = options.get("token_env", "TUNNEL_TOKEN")
        if not options.get("host"):
            return Standing(
                "signed out",
                finding=tunnel.NOT_SET_UP.found("No named tunnel is set up here", fix=_TABLE),
            )
        _, wrong = parse_own_address(_address_of(options["host"]))
        if wrong is not None:
            return Standing("unusable", finding=wrong, is_configured=True)
        if not options.get("tunnel") and not machine.env.get(token_env):
            fix = Fix(f"Put the tunnel's token into {token_env}, or name a local tunnel.")
            return Standing(
                "signed out",
                finding=tunnel.NOT_SIGNED_IN.found(f"{token_env} is empty", fix=fix),
                is_configured=True,
            )
        return await _standing(machine, is_configured=True)

    def plan(self, machine: Machine, target: Target, options: Options) -> ProcessTunnel:
        """The token travels in the environment, never in the command."""
        command = _shared(machine, target)
        env: dict[str, str] = {}
        if name := options.get("tunnel"):
            command = (*command, "--url", f"http://127.0.0.1:{target.port}", "run", name)
        else:
            env["TUNNEL_TOKEN"] = machine.env.get(options.get("token_env", "TUNNEL_TOKEN"), "")
            command = (*command, "run")
        return ProcessTunnel(
            command,
            read,
            env=env,
            files={_EMPTY_CONFIG: ""},
            pages=(_ready_page(target),),
            address=parse_own_address(_address_of(options["host"]))[0],
        )


QUICK = Quick()
NAMED = Named()
