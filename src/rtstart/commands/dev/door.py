"""The ways in and out of a run: the gateway for visitors, the relay for the token backend.

Apart from the layout, because aiohttp takes a third of a second to load: the services are started
before this is imported.
"""

import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from rtstart.adapters.calls import ApiAccess, CallWatch
from rtstart.adapters.gateway import Gateway
from rtstart.adapters.gateway.settings import GatewaySettings
from rtstart.adapters.relay import Relay, RelaySettings
from rtstart.commands.dev.layout import Layout
from rtstart.commands.dev.request import DevRequest
from rtstart.core.access import TOKEN_NAME
from rtstart.core.events import Emit
from rtstart.core.plan import EMULATOR, REALTIME_ROUTE
from rtstart.core.routes import Route, Upstream
from rtstart.core.secrets import Masker
from rtstart.core.webhooks import Webhook


@asynccontextmanager
async def open_doors(layout: Layout, request: DevRequest, *, emit: Emit) -> AsyncIterator[Gateway]:
    """The gateway of this run, not yet listening, and the relay that already does.

    Calls are followed and ended through the API itself.
    """
    api = layout.plan.api
    async with AsyncExitStack() as stack:
        relay = None
        if layout.relay_socket is not None:
            masker = Masker(layout.plan.secrets)
            # The emulator records each call itself, and more of it than passes here.
            record_dir = None if layout.emulation else request.record_dir
            settings = RelaySettings(api.base_url, record_dir=record_dir)
            relay = Relay(settings, emit=emit, masker=masker)
            await stack.enter_async_context(relay)
            await relay.listen_on(layout.relay_socket)
        watch = CallWatch(ApiAccess(api.base_url, api.key), cut=relay.cut if relay else None)
        await stack.enter_async_context(watch)
        gateway = Gateway(_settings(layout, request), emit=emit, calls=watch)
        await stack.enter_async_context(gateway)
        if relay is not None:
            relay.tell_calls_to(gateway)
        yield gateway


def _settings(layout: Layout, request: DevRequest) -> GatewaySettings:
    project, ports = layout.project, layout.ports
    services = [one for one in project.services() if one.name in ports]
    upstreams = [Upstream(one.name, ports[one.name], framework=one.framework) for one in services]
    routes = [Route(prefix, one.name) for one in services for prefix in one.routes]
    if layout.emulation is not None:
        upstreams.append(Upstream(EMULATOR, layout.emulation.port))
        routes.append(Route(REALTIME_ROUTE, EMULATOR))
    return GatewaySettings(
        project=project.name,
        upstreams=tuple(upstreams),
        default=project.config.public,
        shown=project.config.visitors if project.config.visitors in ports else "",
        routes=tuple(routes),
        mint_paths=tuple(one.mint for one in services if one.mint),
        limits=project.config.limits,
        webhooks=_webhooks(layout),
        is_open=request.is_public,
        is_emulated=layout.emulation is not None,
        audit_path=Path(project.project_dir) / ".rtstart" / "logs" / "audit.jsonl",
        standing_token=os.environ.get(TOKEN_NAME, ""),
    )


def _webhooks(layout: Layout) -> tuple[Webhook, ...]:
    """The declared paths whose secret is there; without it a path stays behind the invitation."""
    values = {**os.environ, **layout.project.dotenv.values}
    return tuple(
        Webhook(path, values[name])
        for service in layout.project.services()
        for path, name in service.webhooks.items()
        if values.get(name)
    )
