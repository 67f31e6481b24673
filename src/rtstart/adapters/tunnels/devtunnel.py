"""Microsoft dev tunnels, by the program `devtunnel`.

Its words changed between releases, so only the host is matched (facts: tunnels 3). Not run here:
it needs an account.
"""

import re
from collections.abc import Mapping

from rtstart.core.findings import Fix, tunnel
from rtstart.core.findings import tunnel_refusals as refusals
from rtstart.core.tunnels import (
    API,
    NO_NETWORK,
    AddressFound,
    Machine,
    Options,
    ProcessTunnel,
    Sign,
    Standing,
    Target,
    Traits,
    TunnelNews,
    refusal,
)

_URL = re.compile(r"https://[a-z0-9-]+\.[a-z0-9]+\.devtunnels\.ms(?::\d+)?")
_INSTALL = {
    "windows": "winget install Microsoft.devtunnel",
    "darwin": "brew install --cask devtunnel",
}
_LOGIN = Fix("Sign in once.", command="devtunnel user login -g")
_SIGNS = (
    Sign(
        r"(?i)not logged in|login required|not authenticated|unauthorized",
        tunnel.NOT_SIGNED_IN,
        "devtunnel is not signed in",
        _LOGIN,
    ),
    Sign(r"(?i)too many requests|quota|rate limit", refusals.ACCOUNT_LIMIT),
    NO_NETWORK,
)


def read(line: str) -> TunnelNews | None:
    """News in a line of `devtunnel host`: the form without a port behind it is preferred."""
    found = [url for url in _URL.findall(line) if "-inspect." not in url]
    if found:
        return AddressFound(min(found, key=lambda url: ":" in url[8:]))
    return refusal(line, _SIGNS)


class DevTunnel:
    """A name for a run, or a lasting one, whose port has to be made by hand: the service refuses to
    change the ports of a tunnel that is there (microsoft/dev-tunnels#512, 2025-02).
    """

    api = API
    name = "devtunnel"
    traits = Traits(
        "Microsoft dev tunnel",
        needs_account=True,
        plaintext="Microsoft",
        has_warning_page=True,
        is_automatic=False,
    )
    accepts: Mapping[str, str] = {
        "tunnel": "a lasting tunnel, made by devtunnel create",
        "port": "the port of that tunnel, made by devtunnel port create",
    }

    async def examine(self, machine: Machine, options: Options) -> Standing:
        """Ready when somebody is signed in."""
        program = machine.find("devtunnel")
        if program is None:
            fix = Fix(
                "See learn.microsoft.com/azure/developer/dev-tunnels.",
                command=_INSTALL.get(machine.system, ""),
            )
            return Standing(
                "missing",
                finding=tunnel.PROGRAM_MISSING.found("devtunnel is not installed", fix=fix),
                is_configured=bool(options),
            )
        if (name := options.get("tunnel")) and not options.get("port"):
            fix = Fix(
                "Give it a port once, and write the same one into rtstart.toml.",
                f'[tunnels.devtunnel]\ntunnel = "{name}"\n'
                f"port = 4200   # devtunnel port create {name} -p 4200",
            )
            finding = tunnel.NOT_SET_UP.found(f"The port of {name} is not known here", fix=fix)
            return Standing("signed out", finding=finding, is_configured=True)
        code, said = await machine.run(program, "user", "show")
        if code != 0 or re.search(r"(?i)not logged in", said):
            finding = tunnel.NOT_SIGNED_IN.found("devtunnel is not signed in", fix=_LOGIN)
            return Standing("signed out", finding=finding, is_configured=bool(options))
        return Standing("ready", is_configured=bool(options))

    def plan(self, machine: Machine, target: Target, options: Options) -> ProcessTunnel:
        """Open to anonymous visitors: rtstart's own invitation guards the app."""
        name = options.get("tunnel", "")
        what = (name,) if name else ("-p", str(target.port), "--allow-anonymous")
        program = machine.find("devtunnel") or "devtunnel"
        return ProcessTunnel((program, "host", *what), read, is_connected_by_address=True)


DEVTUNNEL = DevTunnel()
