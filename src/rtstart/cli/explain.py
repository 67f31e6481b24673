"""`rtstart explain CODE`: the page of one finding, offline."""

from typing import Annotated

import typer


def explain(
    code: Annotated[
        str | None,
        typer.Argument(
            metavar="[CODE]", help="A finding's code, such as RT201; none lists them all."
        ),
    ] = None,
) -> None:
    """Explain a finding: what happened, why, what to do, how it is recognised."""
    from rtstart.cli.render.page import list_lines, page_lines
    from rtstart.cli.render.style import standard_output, style_of
    from rtstart.core.errors import Usage
    from rtstart.core.findings import CATALOGUE, entry
    from rtstart.core.reading import nearest

    out = standard_output()
    style = style_of(out)
    if code is None:
        lines = list_lines(CATALOGUE.values(), style=style)
    else:
        page = entry(code)
        if page is None:
            meant = nearest(code.upper(), CATALOGUE)
            raise Usage(
                f'There is no finding "{code}"',
                hint=f"rtstart explain {meant}" if meant else "rtstart explain",
            )
        lines = page_lines(page, style=style)
    out.write("".join(f"{line}\n" for line in lines))
