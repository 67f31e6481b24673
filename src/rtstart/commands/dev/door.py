"""The gateway of a run: what stands behind it, and who may come in.

Apart from the layout, because aiohttp takes a third of a second to load: the services are started
before this is imported.
"""

import os

from rtstart.adapters.gateway import Gateway
from rtstart.adapters.gateway.settings import GatewaySettings
from rtstart.commands.dev.layout import Layout
from rtstart.commands.dev.request import DevRequest
from rtstart.core.events import Emit
from rtstart.core.plan import EMULATOR, REALTIME_ROUTE
from rtstart.core.routes import Route, Upstream


def make_gateway(layout: Layout, request: DevRequest, *, emit: Emit) -> Gateway:
    """The gateway of this run, not yet listening."""
    return Gateway(_settings(layout, request), emit=emit)


def _settings(layout: Layout, request: DevRequest) -> GatewaySettings:
    project, ports = layout.project, layout.ports
    services = [one for one in project.services() if one.name in ports]
    upstreams = [Upstream(one.name, ports[one.name], framework=one.framework) for one in services]
    routes = [Route(prefix, one.name) for one in services for prefix in one.routes]
    if layout.emulation is not None:
        upstreams.append(Upstream(EMULATOR, layout.emulation.port))
        routes.append(Route(REALTIME_ROUTE, EMULATOR))
    default = project.config.public if project.config.public in ports else services[0].name
    return GatewaySettings(
        project=project.name,
        upstreams=tuple(upstreams),
        default=default,
        routes=tuple(routes),
        mint_paths=tuple(one.mint for one in services if one.mint),
        is_open=request.is_public,
        standing_token=os.environ.get("RTSTART_INVITE_TOKEN", ""),
    )
