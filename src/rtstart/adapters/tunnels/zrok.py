"""zrok, by the program `zrok2` or the older `zrok`.

Words are from its source of 2026 (facts: tunnels 3) and from logs that others published; not run
here, it needs an account.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path

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

_ENDPOINT = re.compile(r"\s*(?:https://)?([a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,})/?(?:\s|$)")
"""zrok2 tells a bare host, zrok 1 an address (zrok2's logs of 2026-10 in public projects)."""
_ENDPOINTS = "following endpoints:"
_SIGNS = (
    Sign(
        r"unable to load environment|did you 'zrok2? enable'",
        tunnel.NOT_SIGNED_IN,
        "zrok is not enabled on this machine",
        Fix("Enable it once with your token.", command="zrok2 enable TOKEN"),
    ),
    Sign(r"(?i)unauthorized|\[401\]", refusals.CREDENTIAL_REFUSED),
    Sign(r"(?i)limit (?:exceeded|reached)|limited account|\[429\]", refusals.ACCOUNT_LIMIT),
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
        if endpoints := told.get("frontend_endpoints"):
            return AddressFound(f"https://{str(endpoints[0]).removeprefix('https://')}")
        text = str(told.get("msg") or "")
    if _ENDPOINTS in text:
        text = text.partition(_ENDPOINTS)[2]
    elif not text.startswith((" ", "https://")):
        return refusal(text, _SIGNS)
    # In plain text the endpoint stands alone on the line after, behind a blank.
    found = _ENDPOINT.match(text)
    return AddressFound(f"https://{found.group(1)}") if found else None


def _program(machine: Machine) -> str | None:
    return machine.find("zrok2") or machine.find("zrok")


class Zrok:
    """A random public share, or one with a name."""

    api = API
    name = "zrok"
    traits = Traits(
        "zrok",
        needs_account=True,
        plaintext="the zrok service",
        has_warning_page=True,
        is_automatic=False,
    )
    accepts: Mapping[str, str] = {
        "share": "a name made by zrok2 create name, perhaps with its namespace before it "
        "(public:voice); a reserved share of zrok 1"
    }

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
        """`--headless` logs instead of drawing a screen. zrok2 has names where zrok 1 reserved."""
        program = _program(machine) or "zrok2"
        target_url = f"http://127.0.0.1:{target.port}"
        share = options.get("share", "")
        what: tuple[str, ...] = ("public", "--headless", target_url)
        if share and Path(program).stem == "zrok2":
            name = share if ":" in share else f"public:{share}"
            what = ("public", "--headless", "-n", name, target_url)
        elif share:
            what = ("reserved", share, "--headless")
        return ProcessTunnel((program, "share", *what), read, is_connected_by_address=True)


ZROK = Zrok()
