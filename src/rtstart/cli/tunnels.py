"""`rtstart tunnels`: options in, a table out."""

from pathlib import Path
from typing import Annotated

import typer

from rtstart.cli import options


def tunnels(
    name: Annotated[
        str, typer.Argument(metavar="[NAME]", help="One way, with all that it needs.")
    ] = "",
    *,
    project: options.Project = None,
    as_json: options.Json = False,
) -> None:
    """List the ways to a public address: what is here, what each needs, which is taken and why."""
    import asyncio
    import os
    import shutil

    from rtstart.cli.render.style import standard_output, style_of
    from rtstart.cli.render.tunnels import one_lines, table_lines, table_rows
    from rtstart.commands.tunnels import list_tunnels, pick

    out = standard_output()
    table = asyncio.run(list_tunnels((project or Path()).absolute(), dict(os.environ)))
    one = pick(table, name) if name else None
    if as_json:
        from rtstart.cli.render.jsonl import JsonLines

        lines = JsonLines(out)
        for row in table_rows(table):
            if one is None or row["name"] == one.name:
                lines.write("tunnel", row)
        return
    style, columns = style_of(out), shutil.get_terminal_size((100, 24)).columns
    told = (
        one_lines(one, style=style, columns=columns)
        if one is not None
        else table_lines(table, style=style, columns=columns)
    )
    out.write("".join(f"{line}\n" for line in told))
