"""localtunnel, by its npm client `lt` where that is installed.

Seen with localtunnel 2.0.2 (facts: tunnels 4.1, 2026-11): the client reads every option from the
environment too, says nothing while its server is down, and the server's free instance shows a
page that asks for a password.
"""

from collections.abc import Mapping

from rtstart.core.findings import Fix, tunnel
from rtstart.core.findings import tunnel_refusals as refusals
from rtstart.core.tunnels import (
    API,
    NO_NETWORK,
    Machine,
    Options,
    ProcessTunnel,
    Sign,
    Standing,
    Target,
    Traits,
    TunnelNews,
    address,
    refusal,
)

_HOST = "https://localtunnel.me"
_SIGNS = (
    Sign(r"connection refused: \S+ \(check your firewall settings\)", refusals.NO_NETWORK),
    NO_NETWORK,
)


def read(line: str) -> TunnelNews | None:
    """News in a line of `lt`. Its address may be http with a server of one's own."""
    if line.startswith("your url is:"):
        return address(line, r"https?://\S+")
    return refusal(line, _SIGNS)


def _program(machine: Machine) -> str | None:
    own = f"{machine.project_dir}/node_modules/.bin/lt"
    return own if machine.exists(own) else machine.find("lt")


class Localtunnel:
    """A random name under loca.lt; only when it is asked for by name."""

    api = API
    name = "localtunnel"
    traits = Traits(
        "localtunnel",
        plaintext="localtunnel's server",
        has_warning_page=True,
        is_automatic=False,
    )
    accepts: Mapping[str, str] = {
        "subdomain": "the name to ask for",
        "host": f"a server of your own; {_HOST}",
    }

    async def examine(self, machine: Machine, options: Options) -> Standing:
        """Ready where `lt` is, with a warning about its defect."""
        program = _program(machine)
        if program is None:
            fix = Fix("Add it to the project.", command="npm install --save-dev localtunnel")
            return Standing(
                "missing",
                finding=tunnel.PROGRAM_MISSING.found("localtunnel is not installed", fix=fix),
                is_configured=bool(options),
            )
        return Standing(
            "ready", program, finding=refusals.IDLE_DEFECT.found(), is_configured=bool(options)
        )

    def plan(self, machine: Machine, target: Target, options: Options) -> ProcessTunnel:
        """Every option that matters is given, because the rest comes from anywhere."""
        subdomain = options.get("subdomain", "")
        return ProcessTunnel(
            (
                _program(machine) or "lt",
                "--port",
                str(target.port),
                "--host",
                options.get("host", _HOST),
                *(("--subdomain", subdomain) if subdomain else ()),
            ),
            read,
            is_connected_by_address=True,
            address_within_s=15.0,
        )


LOCALTUNNEL = Localtunnel()
