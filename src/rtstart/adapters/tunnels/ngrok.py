"""ngrok, by its Python package in our own process or by its program.

Facts: tunnels 3 and 4.4 (package 1.4.0 tried without network, 2026-11); codes from ngrok's list
of errors, 2026-08.
"""

import asyncio
import json
import re
from collections.abc import Mapping
from typing import Any

from rtstart.core.findings import Fix, tunnel
from rtstart.core.findings import tunnel_refusals as refusals
from rtstart.core.tunnels import (
    API,
    NO_NETWORK,
    AddressFound,
    Connected,
    Lost,
    Machine,
    Options,
    ProcessTunnel,
    Refused,
    Report,
    Sign,
    Standing,
    Target,
    TaskTunnel,
    Traits,
    TunnelNews,
    refusal,
)

_TOKEN = "NGROK_AUTHTOKEN"  # noqa: S105 - the name of a variable
_CONFIGS = (
    "~/.config/ngrok/ngrok.yml",
    "~/Library/Application Support/ngrok/ngrok.yml",
    "~/AppData/Local/ngrok/ngrok.yml",
    "~/.ngrok2/ngrok.yml",
)
_SIGN_IN = Fix(
    "Copy your token from dashboard.ngrok.com into the environment.",
    command=f"export {_TOKEN}=…",
)

SIGNS = (
    Sign(r"ERR_NGROK_4018\b", tunnel.NOT_SIGNED_IN, "ngrok needs an account's token", _SIGN_IN),
    Sign(
        r"ERR_NGROK_10[567]\b",
        refusals.CREDENTIAL_REFUSED,
        f"ngrok refused the token in {_TOKEN}",
        _SIGN_IN,
    ),
    Sign(
        r"ERR_NGROK_12[01]\b",
        tunnel.PROGRAM_TOO_OLD,
        "ngrok serves newer versions of its program only",
        Fix("Update it.", command="ngrok update"),
    ),
    Sign(
        r"ERR_NGROK_(?:108|334)\b",
        refusals.ACCOUNT_LIMIT,
        "ngrok runs elsewhere with this account already",
        Fix("End the other session: dashboard.ngrok.com/agents lists them."),
    ),
    Sign(
        r"ERR_NGROK_(?:727|725|726|9040)\b",
        refusals.ACCOUNT_LIMIT,
        "ngrok's limits for this account are used up",
    ),
    Sign(r"ERR_NGROK_\d+", refusals.ENDED, "ngrok refused the tunnel"),
)


def read(line: str) -> TunnelNews | None:
    """News in a line of the program's log (`--log-format json`); fatal lines are plain."""
    told: dict[str, object] = {}
    if line.startswith("{"):
        try:
            told = json.loads(line)
        except ValueError:
            told = {}
    url = str(told.get("url") or "")
    if told.get("msg") == "started tunnel" and url.startswith("https://"):
        return AddressFound(url)
    if re.search(r"session clos|reconnect", str(told.get("msg"))):
        return Lost("its session with ngrok ended")
    if told.get("lvl") in ("info", "dbug", "warn"):
        return None
    return refusal(line, (*SIGNS, NO_NETWORK))


class Ngrok:
    """ngrok with one's own account; free accounts have one stable name and a warning page."""

    api = API
    name = "ngrok"
    traits = Traits(
        "ngrok",
        needs_account=True,
        plaintext="ngrok",
        has_warning_page=True,
        has_stable_name=True,
        health_every_s=120.0,  # every request counts towards 20,000 a month on free plans
        client_header="x-forwarded-for",
    )
    accepts: Mapping[str, str] = {
        "domain": "a domain of your account",
        "use": "package or program; the package where it is installed",
        "server_addr": "ngrok's own server, for the package: host and port",
    }

    async def examine(self, machine: Machine, options: Options) -> Standing:
        """Ready when there is a token, and the package or the program."""
        has_token = bool(machine.env.get(_TOKEN))
        if _uses_package(machine, options):
            if not machine.has_module("ngrok"):
                return _missing(is_configured=True)
            if has_token:
                return Standing("ready", "package", is_configured=True)
            return _signed_out()
        program = machine.find("ngrok")
        if program is None:
            return _missing(is_configured=has_token)
        if not has_token and not any(machine.exists(path) for path in _CONFIGS):
            return _signed_out()
        code, said = await machine.run(program, "version")
        version = re.search(r"(\d+)\.\S+", said)
        if code == 0 and version and int(version.group(1)) < 3:
            fix = Fix("Update it.", command="ngrok update")
            return Standing(
                "old",
                version.group(),
                finding=tunnel.PROGRAM_TOO_OLD.found("ngrok 2 is not served any more", fix=fix),
            )
        return Standing("ready", version.group() if version else "", is_configured=has_token)

    def plan(
        self, machine: Machine, target: Target, options: Options
    ) -> ProcessTunnel | TaskTunnel:
        """The package in our process, else the program with its log in JSON."""
        domain = options.get("domain", "")
        token = machine.env.get(_TOKEN, "")
        if _uses_package(machine, options):
            server = options.get("server_addr", "")
            return TaskTunnel(
                lambda report: _forward(
                    target.port, token=token, domain=domain, server=server, report=report
                )
            )
        command = (
            machine.find("ngrok") or "ngrok",
            "http",
            f"127.0.0.1:{target.port}",
            "--log",
            "stdout",
            "--log-format",
            "json",
            *(("--url", f"https://{domain}") if domain else ()),
        )
        return ProcessTunnel(
            command, read, env={_TOKEN: token} if token else {}, is_connected_by_address=True
        )


def _uses_package(machine: Machine, options: Options) -> bool:
    use = options.get("use", "")
    return use != "program" and (use == "package" or machine.has_module("ngrok"))


def _missing(*, is_configured: bool) -> Standing:
    fix = Fix("Add the package to rtstart.", command="uv tool install rtstart --with ngrok")
    finding = tunnel.PROGRAM_MISSING.found("ngrok is not installed", fix=fix)
    return Standing("missing", finding=finding, is_configured=is_configured)


def _signed_out() -> Standing:
    finding = tunnel.NOT_SIGNED_IN.found("ngrok has no token here", fix=_SIGN_IN)
    return Standing("signed out", finding=finding)


async def _forward(port: int, *, token: str, domain: str, server: str, report: Report) -> None:
    """Hold a listener of ngrok's package open until cancelled."""
    import ngrok  # type: ignore[import-not-found,unused-ignore]  # installed by who wants it

    options = {
        "authtoken": token,
        **({"domain": domain} if domain else {}),
        **({"server_addr": server} if server else {}),
    }
    forward: Any = ngrok.forward  # its types say that it gives no awaitable
    try:
        listener = await forward(f"127.0.0.1:{port}", **options)
    except ValueError as error:
        report(told(error))
        return
    try:
        report(AddressFound(listener.url()))
        report(Connected())
        await asyncio.Event().wait()
    finally:
        await listener.close()


def told(error: ValueError) -> Refused:
    """Why the package could not connect; it gives a message, a detail and sometimes a code."""
    words = " ".join(str(one) for one in error.args)
    found = refusal(words, SIGNS)
    return found or Refused(refusals.NO_NETWORK.found("ngrok cannot be reached", why=words))


NGROK = Ngrok()
