"""The Typer application, its global options and the one place where errors become words."""

import sys
from typing import Annotated

import typer

from rtstart import __version__
from rtstart.cli.dev import dev
from rtstart.cli.doctor import doctor
from rtstart.cli.emulate import emulate
from rtstart.cli.explain import explain
from rtstart.cli.new import new
from rtstart.cli.probe import probe
from rtstart.cli.tunnels import tunnels
from rtstart.cli.webhook import webhook

app = typer.Typer(
    name="rtstart",
    help="From an empty folder to a working voice app on the OpenAI Realtime API.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(value: bool) -> None:
    if value:
        sys.stdout.write(f"rtstart {__version__}\n")
        raise typer.Exit


@app.callback()
def _global(
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version.", callback=_show_version, is_eager=True),
    ] = False,
) -> None:
    """From an empty folder to a working voice app on the OpenAI Realtime API."""


app.command(short_help="Create a voice app.")(new)
app.command(short_help="Run the app in this folder.")(dev)
app.command(short_help="Check an app and this machine, or a deployed app.")(doctor)
app.command(short_help="Run the Realtime API on this machine.")(emulate)
app.command(short_help="Explain a finding.")(explain)
app.command(short_help="Take one WebSocket upgrade apart.")(probe)
app.command(short_help="List the ways to a public address.")(tunnels)
app.command(short_help="Send the app a signed sample of an incoming call.")(webhook)


def main() -> None:
    """Run rtstart and leave with the exit code that belongs to how it ended."""
    if sys.argv[1:] == ["--version"]:
        sys.stdout.write(f"rtstart {__version__}\n")  # known before any command is built
        return
    from rtstart.cli.boundary import run

    sys.exit(run(app, sys.argv[1:]))
