"""Any other program that opens a tunnel, and PortPreview, which is such a program."""

import re
import shlex
from collections.abc import Mapping
from functools import partial

from rtstart.core.findings import Finding, Fix, tunnel
from rtstart.core.findings import tunnel_refusals as refusals
from rtstart.core.findings.project import BAD_CONFIG
from rtstart.core.reading import parse_duration
from rtstart.core.tunnels import (
    API,
    NO_NETWORK,
    Connected,
    Machine,
    Options,
    ProcessTunnel,
    Refused,
    Standing,
    Target,
    Traits,
    TunnelNews,
    address,
    parse_own_address,
    refusal,
)

_WITHIN_S = 30.0
_TABLE = (
    "[tunnels.command]\n"
    'run = "frpc -c frpc.toml"\n'
    "url_pattern = 'https://\\S+'   # or url = \"https://voice.example.com\""
)


def read(line: str, *, url_pattern: str, connected_pattern: str) -> TunnelNews | None:
    """News by the user's own patterns. An address without https is refused in words."""
    if url_pattern and (found := address(line, url_pattern)):
        if found.url.startswith("https://"):
            return found
        return Refused(refusals.NO_TLS.found(f'The tunnel told "{found.url}"'))
    if connected_pattern and re.search(connected_pattern, line):
        return Connected()
    return None


class Command:
    """A program of one's own, whose output names the address, or whose address is known."""

    api = API
    name = "command"
    traits = Traits("own command", plaintext="whoever runs it")
    accepts: Mapping[str, str] = {
        "run": "the command; {port} is where it must lead to, {spare_port} a free one",
        "url_pattern": "a regular expression for the address in its output",
        "url": "the address, where it is known",
        "connected_pattern": "a regular expression for the line that says it is connected",
        "within": "how long both may take; 30s",
    }

    async def examine(self, machine: Machine, options: Options) -> Standing:
        """Ready when `run` and a way to the address are given, and the program is there."""
        if not options.get("run") or not (options.get("url_pattern") or options.get("url")):
            fix = Fix("Write it into rtstart.toml.", _TABLE)
            return Standing(
                "signed out",
                finding=tunnel.NOT_SET_UP.found("No tunnel command is set up here", fix=fix),
                is_configured=bool(options),
            )
        wrong = _faults(options)
        if wrong is not None:
            return Standing("unusable", finding=wrong, is_configured=True)
        program = shlex.split(options["run"])[0]
        if machine.find(program) is None and not machine.exists(program):
            finding = tunnel.PROGRAM_MISSING.found(f'"{program}" is not installed')
            return Standing("missing", finding=finding, is_configured=True)
        return Standing("ready", program, is_configured=True)

    def plan(self, machine: Machine, target: Target, options: Options) -> ProcessTunnel:
        """No shell reads the command; its words are taken apart as a shell would."""
        del machine
        places = {"port": str(target.port), "spare_port": str(target.spare_port)}
        command = tuple(
            word.replace("{port}", places["port"]).replace("{spare_port}", places["spare_port"])
            for word in shlex.split(options["run"])
        )
        connected = options.get("connected_pattern", "")
        within_s = parse_duration(options.get("within", "")) or _WITHIN_S
        return ProcessTunnel(
            command,
            partial(read, url_pattern=options.get("url_pattern", ""), connected_pattern=connected),
            address=parse_own_address(options["url"])[0] if options.get("url") else "",
            is_connected_by_address=not connected,
            address_within_s=within_s,
            connected_within_s=within_s,
        )


def _faults(options: Options) -> Finding | None:
    """What is wrong with the table, if anything is."""
    try:
        words = shlex.split(options["run"])
    except ValueError as error:
        return _wrong("run", f"cannot be taken apart: {error}")
    if not words:
        return _wrong("run", "is empty")
    for key in ("url_pattern", "connected_pattern"):
        try:
            re.compile(options.get(key, ""))
        except re.error as error:
            return _wrong(key, f"is no regular expression: {error}")
    if options.get("within") and not parse_duration(options["within"]):
        return _wrong("within", f'is "{options["within"]}", which is no time such as 30s or 2m')
    return parse_own_address(options["url"])[1] if options.get("url") else None


def _wrong(key: str, words: str) -> Finding:
    fix = Fix("Correct it in rtstart.toml.", _TABLE)
    return BAD_CONFIG.found(f"tunnels.command.{key} {words}", where="rtstart.toml", fix=fix)


def read_portpreview(line: str) -> TunnelNews | None:
    """News in a line of PortPreview, by what its article says of it; never seen running."""
    if found := address(line, r"https://[a-z0-9-]+\.portpreview\.dev"):
        return found
    return refusal(line, (NO_NETWORK,))


class PortPreview:
    """Run only where its program is installed already: `npx` on a name that nobody has registered
    runs whatever somebody registers later (facts: tunnels 1, npm answers 404, 2026-11).
    """

    api = API
    name = "portpreview"
    traits = Traits("PortPreview", plaintext="PortPreview", is_automatic=False)
    accepts: Mapping[str, str] = {}

    async def examine(self, machine: Machine, options: Options) -> Standing:
        """Ready where the program is."""
        program = _portpreview(machine)
        if program is None:
            finding = refusals.NOT_PUBLISHED.found()
            return Standing("missing", finding=finding, is_configured=bool(options))
        return Standing("ready", program, is_configured=bool(options))

    def plan(self, machine: Machine, target: Target, options: Options) -> ProcessTunnel:
        """`portpreview PORT`, as its article has it."""
        del options
        program = _portpreview(machine) or "portpreview"
        return ProcessTunnel(
            (program, str(target.port)), read_portpreview, is_connected_by_address=True
        )


def _portpreview(machine: Machine) -> str | None:
    own = f"{machine.project_dir}/node_modules/.bin/portpreview"
    return own if machine.exists(own) else machine.find("portpreview")


COMMAND = Command()
PORTPREVIEW = PortPreview()
