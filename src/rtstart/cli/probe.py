"""`rtstart probe`: options in, one upgrade taken apart out."""

from pathlib import Path
from typing import Annotated

import typer

from rtstart.cli import options


def probe(
    url: Annotated[str, typer.Argument(metavar="URL", help="A ws, wss, http or https address.")],
    protocol: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="A subprotocol to offer; may be repeated."),
    ] = None,
    origin: Annotated[
        str, typer.Option(metavar="URL", help="The Origin to name, else the address's own.")
    ] = "",
    local: Annotated[
        str,
        typer.Option(
            metavar="URL", help="Where the service itself listens, to say whose fault it is."
        ),
    ] = "",
    timeout: Annotated[
        float, typer.Option(min=0.1, metavar="SECONDS", help="Time for each layer.")
    ] = 10.0,
    headers: Annotated[
        bool, typer.Option("--headers", help="Show every header that came back.")
    ] = False,
    as_json: options.Json = False,
) -> None:
    """Take one WebSocket upgrade apart: which layer fails, and whose fault it is.

    Exit codes: 0 all passed, 11 name, 12 tcp, 13 tls, 14 http, 15 upgrade, 16 echo, 17 close.
    """
    import asyncio
    import os

    from rtstart.cli.render.probe import ProbeLines
    from rtstart.cli.render.style import standard_output, style_of
    from rtstart.commands.probe import ProbeRequest, known_local, trusted_context
    from rtstart.commands.probe import probe as run_probe
    from rtstart.core.events import Emit

    out = standard_output()
    emit: Emit
    if as_json:
        from rtstart.cli.render.jsonl import JsonLines

        emit = JsonLines(out)
    else:
        emit = ProbeLines(out, style=style_of(out), shows_headers=headers)
    request = ProbeRequest(
        url,
        protocols=tuple(protocol or ()),
        origin=origin,
        local_url=local or known_local(url, Path.cwd()),
        within_s=timeout,
    )
    code = asyncio.run(run_probe(request, emit=emit, tls=trusted_context(dict(os.environ))))
    raise typer.Exit(code)
