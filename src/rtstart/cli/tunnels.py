"""`rtstart tunnels`: options in, a table out."""

from pathlib import Path
from typing import Annotated

import typer


def tunnels(
    project: Annotated[
        Path | None, typer.Option(help="The app's folder.", envvar="RTSTART_PROJECT")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="As JSON lines.", envvar="RTSTART_JSON")
    ] = False,
) -> None:
    """List the ways to a public address: what is here, what each needs, which is taken and why."""
    import asyncio
    import os

    from rtstart.cli.render.style import standard_output, style_of
    from rtstart.cli.render.tunnels import table_lines, table_rows
    from rtstart.commands.tunnels import list_tunnels

    out = standard_output()
    table = asyncio.run(list_tunnels((project or Path()).absolute(), dict(os.environ)))
    if as_json:
        from rtstart.cli.render.jsonl import JsonLines

        lines = JsonLines(out)
        for row in table_rows(table):
            lines.write("tunnel", row)
        return
    out.write("".join(f"{line}\n" for line in table_lines(table, style=style_of(out))))
