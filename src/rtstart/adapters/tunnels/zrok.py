"""zrok, by the program `zrok2` or the older `zrok`.

Words are from its source of 2026 (facts: tunnels 3); not run here, it needs an account.
"""

import json
import re

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
    address,
    refusal,
)

_URL = r"https://[a-z0-9-]+(?:\.[a-z0-9-]+)+"
_SIGNS = (
    Sign(
        r"unable to load environment|did you 'zrok2? enable'",
        tunnel.NOT_SIGNED_IN,
        "zrok is not enabled on this machine",
        Fix("Enable it once with your token.", command="zrok2 enable TOKEN"),
    ),
    Sign(r"(?i)unauthorized|\[401\]", refusals.CREDENTIAL_REFUSED),
    Sign(r"(?i)limit(?:ed)? |\[429\]", refusals.ACCOUNT_LIMIT),
    NO_NETWORK,
)


def read(line: str) -> TunnelNews | None:
    """News in a line of a headless share: a sentence with its endpoints, or a JSON message."""
    text = line
    if line.startswith("{"):
        try:
            told = json.loads(line)
        except ValueError:
            told = {}
        endpoints = told.get("frontend_endpoints")
        if endpoints:
            host = str(endpoints[0])
            return AddressFound(host if host.startswith("https://") else f"https://{host}")
        text = str(told.get("msg") or "")
    if "endpoint" in text or re.fullmatch(rf"\s*-?\s*{_URL}/?\s*", text):
        return address(text, _URL)
    return refusal(text, _SIGNS)


def _program(machine: Machine) -> str | None:
    return machine.find("zrok2") or machine.find("zrok")


class Zrok:
    """A random public share, or a reserved one by `token`."""

    api = API
    name = "zrok"
    traits = Traits(
        "zrok",
        needs_account=True,
        plaintext="the zrok service",
        has_warning_page=True,
        is_automatic=False,
    )

    async def examine(self, machine: Machine, options: Options) -> Standing:
        """Ready when an environment is enabled."""
        if _program(machine) is None:
            return Standing(
                "missing",
                finding=tunnel.PROGRAM_MISSING.found(
                    "zrok is not installed", fix=Fix("See docs.zrok.io for how to install zrok2.")
                ),
                is_configured=bool(options),
            )
        homes = ("~/.zrok2/environment.json", "~/.zrok/environment.json")
        if not any(machine.exists(path) for path in homes):
            fix = Fix("Enable it once with your token.", command="zrok2 enable TOKEN")
            return Standing(
                "signed out",
                finding=tunnel.NOT_SIGNED_IN.found("zrok is not enabled here", fix=fix),
                is_configured=bool(options),
            )
        return Standing("ready", is_configured=bool(options))

    def plan(self, machine: Machine, target: Target, options: Options) -> ProcessTunnel:
        """`--headless` logs instead of drawing a screen."""
        program = _program(machine) or "zrok2"
        share = options.get("share", "")
        what = (
            ("share", "reserved", share)
            if share
            else ("share", "public", f"http://127.0.0.1:{target.port}")
        )
        return ProcessTunnel((program, *what, "--headless"), read, is_connected_by_address=True)


ZROK = Zrok()
