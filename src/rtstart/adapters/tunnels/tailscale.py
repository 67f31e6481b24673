"""Tailscale: `serve` for the devices of one's own tailnet, `funnel` for everybody.

Words are from tailscale's source of 2026 (facts: tunnels 3); not run here, it needs an account.
"""

import json
import re
from collections.abc import Mapping
from typing import Literal

from rtstart.core.findings import Fix, tunnel
from rtstart.core.findings import tunnel_refusals as refusals
from rtstart.core.tunnels import (
    API,
    Machine,
    Options,
    ProcessTunnel,
    Refused,
    Sign,
    Standing,
    Target,
    Traits,
    TunnelNews,
    address,
    refusal,
)

_URL = r"https://[a-z0-9-]+(?:\.[a-z0-9-]+)+\.ts\.net(?::\d+)?"
_NO_SERVICE = r"(?i)failed to connect to local tailscale|is tailscaled? running"
_START = Fix(
    "Start it, or open its app; on Linux:", command="sudo systemctl enable --now tailscaled"
)
_MAC_APP = "/Applications/Tailscale.app/Contents/MacOS/Tailscale"
"""Where the app keeps its program; it puts none on the PATH unless it is asked to."""
_SIGNS = (
    Sign(r"(?i)(?:funnel|serve) (?:is )?not (?:available|enabled)", refusals.FEATURE_OFF),
    Sign(r"node attribute not set|not allowed for funnel", refusals.FEATURE_OFF),
    Sign(
        r"(?i)logged out|NeedsLogin|not logged in",
        tunnel.NOT_SIGNED_IN,
        "Tailscale is not signed in",
        Fix("Sign in once.", command="tailscale up"),
    ),
    Sign(_NO_SERVICE, tunnel.NOT_SIGNED_IN, "Tailscale's service is not running", _START),
    Sign(r"(?i)port \d+ is already|foreground listener already exists", refusals.ACCOUNT_LIMIT),
)
_CONSOLE = re.compile(r"https://login\.tailscale\.com/\S+")


def read(line: str) -> TunnelNews | None:
    """News in a line of `tailscale serve` or `funnel`; a link to the console is kept as the fix."""
    if found := address(line, _URL):
        return found
    if link := _CONSOLE.search(line):
        fix = Fix("Switch it on in the console.", link.group())
        return Refused(refusals.FEATURE_OFF.found("Tailscale asks for a decision", fix=fix))
    return refusal(line, _SIGNS)


class Tailscale:
    """One of the two; the program runs in the foreground, so that stopping it takes it back."""

    api = API
    accepts: Mapping[str, str] = {}

    def __init__(self, name: str, kind: Literal["serve", "funnel"], traits: Traits) -> None:
        self.name = name
        self.traits = traits
        self._kind = kind

    async def examine(self, machine: Machine, options: Options) -> Standing:
        """Ready when the machine is in a tailnet."""
        program = _program(machine)
        if not program:
            return Standing(
                "missing",
                finding=tunnel.PROGRAM_MISSING.found(
                    "Tailscale is not installed", fix=Fix("See tailscale.com/download.")
                ),
                is_configured=bool(options),
            )
        code, said = await machine.run(program, "status", "--json")
        state, host = _state(said)
        if code != 0 and re.search(_NO_SERVICE, said):
            words = "Tailscale's service is not running"
            finding = tunnel.NOT_SIGNED_IN.found(words, fix=_START)
            return Standing("signed out", finding=finding, is_configured=bool(options))
        if code != 0 or state != "Running":
            fix = Fix("Sign in once.", command="tailscale up")
            return Standing(
                "signed out",
                state,
                finding=tunnel.NOT_SIGNED_IN.found("Tailscale is not connected", fix=fix),
                is_configured=bool(options),
            )
        return Standing("ready", host, is_configured=bool(options))

    def plan(self, machine: Machine, target: Target, options: Options) -> ProcessTunnel:
        """`--yes` answers its questions; without it the program waits at a prompt nobody sees."""
        del options
        program = _program(machine) or "tailscale"
        return ProcessTunnel(
            (program, self._kind, "--yes", str(target.port)), read, is_connected_by_address=True
        )


def _program(machine: Machine) -> str:
    return machine.find("tailscale") or (_MAC_APP if machine.exists(_MAC_APP) else "")


def _state(said: str) -> tuple[str, str]:
    try:
        told = json.loads(said)
        return str(told.get("BackendState", "")), str(told["Self"]["DNSName"]).rstrip(".")
    except (ValueError, KeyError, TypeError, AttributeError):
        return "", ""


SERVE = Tailscale(
    "tailscale",
    "serve",
    Traits(
        "Tailscale, your devices only",
        reach="tailnet",
        needs_account=True,
        has_stable_name=True,
        patience_s=60.0,
        client_header="x-forwarded-for",
    ),
)
FUNNEL = Tailscale(
    "tailscale-funnel",
    "funnel",
    Traits(
        "Tailscale Funnel",
        needs_account=True,
        has_stable_name=True,
        patience_s=120.0,
        is_automatic=False,
        client_header="x-forwarded-for",
    ),
)
