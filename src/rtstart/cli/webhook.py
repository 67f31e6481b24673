"""`rtstart webhook`: an address in, what the app makes of a signed sample out."""

from pathlib import Path
from typing import Annotated

import typer

from rtstart.cli import options


def webhook(
    url: Annotated[
        str, typer.Argument(metavar="[URL]", help="The webhook; else that of the running app.")
    ] = "",
    project: options.Project = None,
    as_json: options.Json = False,
) -> None:
    """Send the app a signed sample of an incoming call, the same again, and a forged one.

    Exit codes: 0 the app takes what is genuine and refuses what is not, 3 it does not.
    """
    import asyncio
    import os

    from rtstart.cli.render.probe import ProbeLines
    from rtstart.cli.render.style import standard_output, style_of
    from rtstart.commands.probe import trusted_context
    from rtstart.commands.webhook import send_webhook
    from rtstart.core.events import Emit

    out = standard_output()
    emit: Emit
    if as_json:
        from rtstart.cli.render.jsonl import JsonLines

        emit = JsonLines(out)
    else:
        emit = ProbeLines(out, style=style_of(out))
    environment = dict(os.environ)
    sending = send_webhook(
        (project or Path()).absolute(),
        environment,
        address=url,
        emit=emit,
        tls=trusted_context(environment),
    )
    raise typer.Exit(asyncio.run(sending))
