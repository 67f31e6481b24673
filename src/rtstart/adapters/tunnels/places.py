"""Ways without a tunnel: the local network, an address of one's own, and development machines in
the cloud that forward ports already.
"""

import re
from collections.abc import Callable, Mapping

from rtstart.core.findings import Fix, tunnel
from rtstart.core.tunnels import (
    API,
    FixedTunnel,
    Machine,
    Options,
    OwnListener,
    Standing,
    Target,
    Traits,
    parse_own_address,
)


class Lan:
    """HTTPS on this network, by a certificate authority of this machine's own."""

    api = API
    name = "lan"
    traits = Traits("this network", reach="network", patience_s=5.0)
    accepts: Mapping[str, str] = {
        "address": "this machine's address there, where the first one found is not the right one"
    }

    async def examine(self, machine: Machine, options: Options) -> Standing:
        """Ready when the machine has an address on a network."""
        found = _lan_address(machine, options)
        if not found:
            return Standing("unusable", finding=tunnel.NO_LAN_ADDRESS.found())
        return Standing("ready", found, is_configured=bool(options))

    def plan(self, machine: Machine, target: Target, options: Options) -> OwnListener:
        """The gateway listens there itself."""
        del target
        return OwnListener(_lan_address(machine, options))


def _lan_address(machine: Machine, options: Options) -> str:
    return options.get("address") or next(iter(machine.addresses()), "")


class OwnAddress:
    """An https address of one's own, whose server leads to the gateway's port."""

    api = API
    name = "url"
    traits = Traits("own address", plaintext="your server", has_stable_name=True, patience_s=10.0)
    accepts: Mapping[str, str] = {
        "address": "https://…, as after --tunnel",
        "port": "where its server sends requests to, on 127.0.0.1",
    }

    async def examine(self, machine: Machine, options: Options) -> Standing:
        """Ready when the address is a plain https origin."""
        del machine
        text = options.get("address", "")
        if not text:
            return Standing("signed out", finding=tunnel.BAD_ADDRESS.found("No address is given"))
        origin, finding = parse_own_address(text)
        if finding is not None:
            return Standing("unusable", finding=finding, is_configured=True)
        return Standing("ready", origin, is_configured=True)

    def plan(self, machine: Machine, target: Target, options: Options) -> FixedTunnel:
        """Nothing to run."""
        del machine, target
        return FixedTunnel(parse_own_address(options["address"])[0])


class Place:
    """A development machine in the cloud: its ports have https addresses already.

    `find` gives the address of a port from the environment, or an empty text elsewhere.
    """

    api = API
    accepts: Mapping[str, str] = {}

    def __init__(
        self, name: str, title: str, find: Callable[[Mapping[str, str], int], str]
    ) -> None:
        self.name = name
        self.traits = Traits(title, plaintext=title, patience_s=10.0)
        self._find = find

    async def examine(self, machine: Machine, options: Options) -> Standing:
        """Ready when this is such a machine."""
        del options
        if not self._find(machine.env, 1):
            missing = tunnel.NOT_SET_UP.found(
                f"This machine is none of {self.traits.title}",
                why="The variables that such a machine sets are not there.",
                fix=Fix("Let rtstart choose.", "rtstart dev --tunnel auto"),
            )
            return Standing("unusable", "not here", finding=missing)
        return Standing("ready", is_configured=True)

    def plan(self, machine: Machine, target: Target, options: Options) -> FixedTunnel:
        """The platform forwards the port; a private one asks visitors to sign in there."""
        del options
        return FixedTunnel(self._find(machine.env, target.port))


def codespaces_address(env: Mapping[str, str], port: int) -> str:
    """The address of a port in a GitHub codespace (facts: tunnels 3, GitHub's docs)."""
    name, domain = env.get("CODESPACE_NAME"), env.get("GITHUB_CODESPACES_PORT_FORWARDING_DOMAIN")
    if env.get("CODESPACES") != "true" or not name or not domain:
        return ""
    return f"https://{name}-{port}.{domain}"


def gitpod_address(env: Mapping[str, str], port: int) -> str:
    """The address of a port in a Gitpod workspace (from memory of its docs, not checked)."""
    match = re.fullmatch(r"https://([A-Za-z0-9.-]+)/?", env.get("GITPOD_WORKSPACE_URL", ""))
    return f"https://{port}-{match.group(1)}" if match else ""


def coder_address(env: Mapping[str, str], port: int) -> str:
    """The address of a port behind code-server or Coder, where it has a host of its own.

    The form with a path breaks addresses that begin at the root, so it is not used.
    """
    pattern = env.get("VSCODE_PROXY_URI", "").rstrip("/")
    match = re.fullmatch(r"https://[^/]*\{\{port\}\}[^/]*", pattern)
    return pattern.replace("{{port}}", str(port)) if match else ""


LAN = Lan()
OWN_ADDRESS = OwnAddress()
CODESPACES = Place("codespaces", "GitHub Codespaces", codespaces_address)
GITPOD = Place("gitpod", "Gitpod", gitpod_address)
CODER = Place("coder", "Coder", coder_address)
