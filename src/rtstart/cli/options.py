"""Options that several commands share, each with its twin in the environment."""

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

Project: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--project",
        metavar="FOLDER",
        help="The app's folder; else this one.",
        envvar="RTSTART_PROJECT",
        show_envvar=False,
    ),
]

Json: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--json", help="Write JSON, one line an event.", envvar="RTSTART_JSON", show_envvar=False
    ),
]
