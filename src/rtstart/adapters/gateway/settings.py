"""What a gateway is told when it is made."""

from dataclasses import dataclass, field
from pathlib import Path

from rtstart.core.access import AccessRules
from rtstart.core.mint_guard import MintLimits
from rtstart.core.routes import Route, Upstream
from rtstart.core.webhooks import Webhook


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one client may take from the gateway; seconds, bytes and counts."""

    head_within_s: float = 20.0
    body_pause_s: float = 60.0
    small_body_within_s: float = 15.0
    idle_s: float = 120.0
    header_bytes: int = 64 * 1024
    line_bytes: int = 16 * 1024
    headers: int = 128
    body_bytes: int = 1024 * 1024 * 1024
    connections: int = 1024
    connections_per_client: int = 256
    sockets_per_visitor: int = 64


@dataclass(frozen=True, slots=True)
class GatewaySettings:
    """One gateway: its upstreams, which paths go where, and how it guards them.

    `default` names the upstream of every path that no route covers, `shown` the one in its place
    for visitors, when that is another. `mint_paths` are plain paths
    whose POST makes ephemeral secrets. `is_open` lets everybody in without an invitation
    (`--public`). `standing_token` is a code that may be spent any number of times, or sent as
    `X-Rtstart-Token` (for build servers). `webhooks` are paths held by a signature instead of an
    invitation. `is_emulated` says that calls cost nothing. Decisions are kept in `audit_path`.
    """

    project: str
    upstreams: tuple[Upstream, ...]
    default: str
    shown: str = ""
    routes: tuple[Route, ...] = ()
    mint_paths: tuple[str, ...] = ()
    access: AccessRules = field(default_factory=AccessRules)
    limits: MintLimits = field(default_factory=MintLimits)
    bounds: Bounds = field(default_factory=Bounds)
    webhooks: tuple[Webhook, ...] = ()
    is_open: bool = False
    is_emulated: bool = False
    audit_path: Path | None = None
    standing_token: str = field(default="", repr=False)
