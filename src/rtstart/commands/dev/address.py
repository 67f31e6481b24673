"""Opening the address that others can use: today a LAN listener with a local certificate."""

import asyncio
import ssl
from dataclasses import dataclass

from rtstart.adapters.certificates import LocalAuthority
from rtstart.adapters.gateway import Gateway
from rtstart.adapters.ports import choose_port
from rtstart.core.events import Emit, Found
from rtstart.core.findings.tunnel import CERTIFICATE_NOT_TRUSTED
from rtstart.core.tunnels import Choice

_WISH = 4443


@dataclass(frozen=True, slots=True)
class PublicAddress:
    """An origin that visitors can open, and whom a client must trust to check it."""

    origin: str
    tls: ssl.SSLContext | None = None
