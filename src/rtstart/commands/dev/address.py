"""Opening an address on the local network: a listener with a certificate of the local authority."""

import asyncio
import os
import socket
import ssl
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from rtstart.adapters.folders import config_dir
from rtstart.adapters.trust_store import is_trusted, this_computer
from rtstart.core.errors import Conflict
from rtstart.core.events import Emit, Found
from rtstart.core.findings import Finding, Fix
from rtstart.core.findings.tunnel import CERTIFICATE_NOT_TRUSTED
from rtstart.core.trust import trust_on_computer

if TYPE_CHECKING:
    from rtstart.adapters.certificates import LocalCertificate
    from rtstart.adapters.gateway import Gateway

_WISH = 4443
_TRIES = 20
_JUST_NOW_S = 60.0


@dataclass(frozen=True, slots=True)
class NetworkAddress:
    """An origin that devices on this network can open, and whom a client must trust there."""

    origin: str
    tls: ssl.SSLContext


async def listen_on_network(address: str, gateway: "Gateway", *, emit: Emit) -> NetworkAddress:
    """Let the gateway listen on an address of this machine with a certificate of its own."""
    # The cryptography package takes its time; the services start meanwhile.
    await asyncio.to_thread(import_module, "rtstart.adapters.certificates")
    from rtstart.adapters.certificates import client_context, local_certificate, server_context

    env = dict(os.environ)
    certificate = await local_certificate(
        config_dir(env) / "ca",
        host_name=socket.gethostname(),
        addresses=(address,),
        now=datetime.now(UTC),
        env=env,
    )
    port = await _listen(gateway, address, server_context(certificate))
    origin = f"https://{address}:{port}"
    if finding := await _trust_finding(certificate, origin, env):
        emit(Found(finding))
    return NetworkAddress(origin, client_context(certificate))


async def _listen(gateway: "Gateway", address: str, tls: ssl.SSLContext) -> int:
    for port in range(_WISH, _WISH + _TRIES):
        try:
            return await gateway.listen_public(address, port, tls)
        except Conflict:
            continue
    return await gateway.listen_public(address, 0, tls)


async def _trust_finding(
    certificate: "LocalCertificate", origin: str, env: dict[str, str]
) -> Finding | None:
    """How to trust the authority, while it is known not to be trusted, or when it is quite new."""
    trusted = await is_trusted(certificate.authority_name, env)
    made = certificate.authority_path.stat().st_mtime
    is_new = datetime.now(UTC).timestamp() - made < _JUST_NOW_S
    if trusted or (trusted is None and not is_new):
        return None
    trust = trust_on_computer(
        this_computer(), _from_home(certificate.authority_path), name=certificate.authority_name
    )
    words = "Continue past their warning, or trust it once"
    if trusted is None and this_computer() == "linux":
        words += f". {trust.words}"
    return CERTIFICATE_NOT_TRUSTED.found(
        f"Browsers do not trust the certificate of {origin} yet",
        fix=Fix(f"{words}:", "\n".join(trust.commands)),
    )


def _from_home(path: Path) -> str:
    """The path as a shell takes it in double quotes, short enough to stay on one line."""
    if sys.platform != "win32" and path.is_relative_to(Path.home()):
        return f"$HOME/{path.relative_to(Path.home())}"
    return str(path)
