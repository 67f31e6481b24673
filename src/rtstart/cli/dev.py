"""`rtstart dev`: options in, a request out; keys in, events to whoever shows them."""

import dataclasses
import shutil
import sys
from collections.abc import Callable, Coroutine, Iterable
from contextlib import ExitStack, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Protocol

import typer

from rtstart.cli import options

if TYPE_CHECKING:
    from rtstart.cli.render.dev import TerminalDev
    from rtstart.cli.render.readers import WhileRead
    from rtstart.commands.dev import DevRequest, DevSession
    from rtstart.core.events import Event
    from rtstart.core.findings import Finding


_TOOL_CODES = ("RT202", "RT203", "RT209", "RT210")


class Renderer(Protocol):
    """Shows events; `close` leaves the terminal as it was."""

    def __call__(self, event: "Event", /) -> None: ...

    def close(self) -> None: ...


def dev(
    command: Annotated[
        list[str] | None,
        typer.Argument(metavar="[-- COMMAND]", help="Run this once all is ready, then stop."),
    ] = None,
    project: options.Project = None,
    tunnel: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="auto, none, a name of `rtstart tunnels`, https://…; else rtstart.toml's. "
            "Several, with commas or repeated, are tried in this order.",
            envvar="RTSTART_TUNNEL",
            show_envvar=False,
        ),
    ] = None,
    emulate: Annotated[
        bool,
        typer.Option(
            "--emulate",
            help="Let the emulator answer, although there is a key.",
            envvar="RTSTART_EMULATE",
            show_envvar=False,
        ),
    ] = False,
    no_relay: Annotated[
        bool,
        typer.Option(
            "--no-relay",
            help="Let the token backend speak to the API directly.",
            envvar="RTSTART_NO_RELAY",
            show_envvar=False,
        ),
    ] = False,
    public: Annotated[
        bool,
        typer.Option(
            "--public/--invite",
            help="Let visitors in without an invitation, or only with one.",
            envvar="RTSTART_PUBLIC",
            show_envvar=False,
        ),
    ] = False,
    open_browser: Annotated[
        bool,
        typer.Option(
            "--open",
            help="Open the browser when all is ready.",
            envvar="RTSTART_OPEN",
            show_envvar=False,
        ),
    ] = False,
    port: Annotated[
        int | None,
        typer.Option(
            metavar="PORT",
            min=1,
            max=65535,
            help="The local port, and no other.",
            envvar="RTSTART_PORT",
            show_envvar=False,
        ),
    ] = None,
    as_json: options.Json = False,
    quiet: Annotated[
        bool,
        typer.Option(
            "--quiet",
            help="Print only the address; faults still go to standard error.",
            envvar="RTSTART_QUIET",
            show_envvar=False,
        ),
    ] = False,
    require_tunnel: Annotated[
        bool,
        typer.Option(
            "--require-tunnel",
            help="Fail when there is no proved public address.",
            envvar="RTSTART_REQUIRE_TUNNEL",
            show_envvar=False,
        ),
    ] = False,
    stop_after: Annotated[
        str | None,
        typer.Option(
            "--for",
            metavar="TIME",
            help="Stop by itself after this time, such as 10m or 30s.",
            envvar="RTSTART_FOR",
            show_envvar=False,
        ),
    ] = None,
    record: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Write to files there, without secrets, every call that the emulator answers "
            "or the app's own server holds. What was said is in them.",
            envvar="RTSTART_RECORD",
            show_envvar=False,
        ),
    ] = None,
    yes: Annotated[
        bool,
        typer.Option(
            "--yes",
            "-y",
            help="Ask nothing: agree to what would be asked.",
            envvar="RTSTART_YES",
            show_envvar=False,
        ),
    ] = False,
    verbose: Annotated[
        bool,
        typer.Option(
            "--verbose",
            help="Show every line, each step of the proof, and what rtstart logs.",
            envvar="RTSTART_VERBOSE",
            show_envvar=False,
        ),
    ] = False,
) -> None:
    """Run the app in this folder: web server, token backend and HTTPS address together.

    Each option can stand in the environment too: RTSTART_TUNNEL for --tunnel.
    """
    given = tuple(command or ())
    request = replace(
        request_for(_folder(project, given)),
        tunnel=",".join(tunnel or ()),
        emulate=emulate,
        uses_relay=not no_relay,
        port=port,
        is_public=public,
        must_have_tunnel=require_tunnel,
        open_browser=open_browser,
        command=given,
        stop_after_s=_seconds(stop_after),
        record_dir=record.absolute() if record else None,
    )
    code = run_dev(request, as_json=as_json, quiet=quiet, yes=yes, verbose=verbose)
    raise typer.Exit(code)


def run_dev(
    request: "DevRequest",
    *,
    as_json: bool = False,
    quiet: bool = False,
    yes: bool = False,
    verbose: bool = False,
) -> int:
    """Run an app until it is stopped and give the exit code; `new --dev` goes on here."""
    import asyncio

    from rtstart.cli.render.readers import WhileRead

    streams = WhileRead(sys.stdout), WhileRead(sys.stderr)
    with ExitStack() as stack:
        renderer, terminal = _renderer(
            request, streams, as_json=as_json, quiet=quiet, verbose=verbose
        )
        stack.callback(renderer.close)
        asks = not (yes or as_json or quiet) and sys.stdin.isatty() and sys.stderr.isatty()
        request = dataclasses.replace(request, is_attended=asks)
        run = _run(request, renderer, terminal, streams=streams, asks=asks, yes=yes)
        return asyncio.run(_with_logs(run, renderer) if verbose else run)


async def _with_logs(run: Coroutine[None, None, int], renderer: Renderer) -> int:
    from rtstart.adapters.log_lines import log_lines

    with log_lines(renderer):
        return await run


async def _run(
    request: "DevRequest",
    renderer: Renderer,
    terminal: "TerminalDev | None",
    *,
    streams: Iterable["WhileRead"],
    asks: bool,
    yes: bool,
) -> int:
    import asyncio

    from rtstart.adapters.keyboard import listen_for_keys
    from rtstart.adapters.processes.signals import on_stop_signals
    from rtstart.commands.dev import DevSession

    async def consent(finding: "Finding") -> bool:
        if not asks:
            return yes
        from rtstart.cli.ask import TerminalAsker
        from rtstart.cli.render.style import standard_error, style_of

        err = standard_error()
        asker = TerminalAsker(err, style=style_of(err))
        ask = asker.may_bring if finding.code in _TOOL_CODES else asker.may_go_on
        return await asyncio.to_thread(ask, finding)

    session = DevSession(request, consent=consent, emit=renderer)
    for stream in streams:
        stream.on_gone = session.request_stop
    keys = (
        listen_for_keys(_on_key(session, terminal))
        if terminal is not None and not request.command
        else nullcontext()
    )
    with on_stop_signals(lambda _: session.request_stop()), keys:
        try:
            return await session.run()
        finally:
            renderer.close()


def _on_key(session: "DevSession", terminal: "TerminalDev") -> Callable[[str], None]:
    actions: dict[str, Callable[[], None]] = {
        "i": terminal.toggle_qr,
        "n": session.new_invitation,
        "o": session.open_browser,
        "r": session.restart,
        "t": session.toggle_tunnel,
        "c": lambda: terminal.toggle_people(session.people),
        "k": session.toggle_calls,
        "l": lambda: terminal.say(f"logs are in {session.log_dir}"),
        "?": terminal.toggle_help,
        "h": terminal.toggle_help,
        "q": session.request_stop,
    }

    def press(key: str) -> None:
        if key.isdecimal() and (visitor := terminal.person(int(key))):
            session.drop(visitor)
            return
        action = actions.get(key)
        if action is not None:
            action()

    return press


def _renderer(
    request: "DevRequest",
    streams: tuple["WhileRead", "WhileRead"],
    *,
    as_json: bool,
    quiet: bool,
    verbose: bool,
) -> tuple[Renderer, "TerminalDev | None"]:
    from rtstart.cli.render.style import may_move, style_of

    out, err = streams
    if request.command:
        out = err  # the command's own output is the result then
    if as_json:
        from rtstart.cli.render.jsonl import JsonLines

        return JsonLines(out), None
    from rtstart.cli.render.dev import PlainDev, QuietDev, TerminalDev

    if quiet:
        return QuietDev(out), None
    if may_move(out) and not request.command:
        terminal = TerminalDev(out, style=style_of(out), verbose=verbose)
        return terminal, terminal
    styles = (style_of(out), style_of(err))
    return PlainDev(out, err, styles=styles, verbose=verbose), None


def request_for(folder: Path) -> "DevRequest":
    """The request to run the app in this folder as its files say, shown on this terminal."""
    from rtstart.cli.render.style import standard_output, style_of
    from rtstart.commands.dev import DevRequest

    out = standard_output()
    return DevRequest(
        project_dir=folder,
        is_colored=style_of(out).color,
        columns=shutil.get_terminal_size().columns if out.isatty() else None,
    )


def _folder(project: Path | None, command: tuple[str, ...]) -> Path:
    from rtstart.core.errors import NotAProject, Usage

    folder = (project or Path()).absolute()
    if not folder.is_dir():
        raise NotAProject(f'There is no folder "{folder}"', hint="rtstart new myapp")
    if len(command) == 1 and (Path(command[0]) / "rtstart.toml").exists():
        raise Usage(
            f'"{command[0]}" is an app, not a command',
            why="What follows `dev` is a command to run once all is ready.",
            hint=f"rtstart dev --project {command[0]}",
        )
    return folder


def _seconds(stop_after: str | None) -> float | None:
    from rtstart.core.errors import Usage
    from rtstart.core.reading import parse_duration

    seconds = parse_duration(stop_after) if stop_after else None
    if stop_after and not seconds:
        raise Usage(f'--for does not know the time "{stop_after}"', hint="rtstart dev --for 10m")
    return seconds
