"""`rtstart doctor`: an app's folder or address in, every check and finding out."""

from pathlib import Path
from typing import Annotated

import typer

from rtstart.cli import options


def doctor(
    url: Annotated[
        str, typer.Argument(metavar="[URL]", help="A deployed app; else the app in this folder.")
    ] = "",
    project: options.Project = None,
    fix: Annotated[bool, typer.Option("--fix", help="Mend what can be mended safely.")] = False,
    as_json: options.Json = False,
) -> None:
    """Check an app and this machine, or a deployed app: each fault with its cause and fix.

    Exit codes: 0 nothing is wrong, 3 there are errors.
    """
    import asyncio
    import os

    from rtstart.cli.render.probe import ProbeLines
    from rtstart.cli.render.style import standard_output, style_of
    from rtstart.commands.doctor import examine_address, examine_project
    from rtstart.commands.probe import trusted_context
    from rtstart.core.errors import Usage
    from rtstart.core.events import Emit

    if url and fix:
        raise Usage("--fix mends an app's folder, not a deployed app", hint="rtstart doctor --fix")
    out = standard_output()
    emit: Emit
    if as_json:
        from rtstart.cli.render.jsonl import JsonLines

        emit = JsonLines(out)
    else:
        emit = ProbeLines(out, style=style_of(out))
    environment = dict(os.environ)
    if url:
        code = asyncio.run(examine_address(url, emit=emit, tls=trusted_context(environment)))
    else:
        folder = (project or Path()).absolute()
        code = asyncio.run(examine_project(folder, environment, fixes=fix, emit=emit))
    raise typer.Exit(code)
