"""A gateway (and a relay, when asked) as a process of its own, for the benchmarks.

python -m benchmarks.gateway_server PORT UPSTREAM [--token PORT] [--relay PORT --api URL]
"""

import argparse
import asyncio
import contextlib

from rtstart.adapters.gateway import Bounds, Gateway, GatewaySettings, Route, Upstream
from rtstart.adapters.relay import Relay, RelaySettings
from rtstart.core.events import Event
from rtstart.core.mint_guard import MintLimits

_ALL = 10**9


def _no_one(_: Event) -> None:
    pass


async def _serve(options: argparse.Namespace) -> None:
    upstreams = [Upstream("web", options.upstream)]
    routes = []
    if options.token:
        upstreams.append(Upstream("token", options.token))
        routes.append(Route("/session", "token"))
    settings = GatewaySettings(
        project="benchmark",
        upstreams=tuple(upstreams),
        default="web",
        routes=tuple(routes),
        mint_paths=("/session",),
        limits=MintLimits(_ALL, _ALL, _ALL, _ALL, _ALL, _ALL, _ALL),
        bounds=Bounds(connections=100_000, sockets_per_visitor=100_000),
        is_emulated=True,
    )
    async with contextlib.AsyncExitStack() as stack:
        gateway = await stack.enter_async_context(Gateway(settings, emit=_no_one))
        await gateway.listen_local(options.port)
        if options.relay:
            relay = Relay(RelaySettings(options.api), emit=_no_one)
            await stack.enter_async_context(relay)
            await relay.listen(options.relay)
        await asyncio.Event().wait()


def main() -> None:
    """Serve until killed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("upstream", type=int)
    parser.add_argument("--token", type=int, default=0)
    parser.add_argument("--relay", type=int, default=0)
    parser.add_argument("--api", default="")
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(parser.parse_args()))


if __name__ == "__main__":
    main()
