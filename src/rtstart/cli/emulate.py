"""`rtstart emulate`: options in, an address out."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rtstart.adapters.emulator.server import Emulator

DEFAULT_PORT = 8765
TEST_KEY = "sk-test-emulated"


def emulate(
    port: Annotated[
        int, typer.Option(help="Port to listen on; 0 takes a free one.", envvar="RTSTART_PORT")
    ] = DEFAULT_PORT,
    host: Annotated[
        str, typer.Option(help="Address to listen on.", envvar="RTSTART_HOST")
    ] = "127.0.0.1",
    advertise: Annotated[
        list[str] | None,
        typer.Option(
            help="Address offered for WebRTC sound; may be repeated. "
            "Without it: loopback and this machine's own.",
            envvar="RTSTART_ADVERTISE",
        ),
    ] = None,
    tls_port: Annotated[
        int | None,
        typer.Option(
            help="Also listen with TLS on this port; 0 takes a free one. "
            "The Node SDK's WebSocket needs it.",
            envvar="RTSTART_TLS_PORT",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON lines.")] = False,
) -> None:
    """Run the Realtime API on this machine: no key, no network, no model."""
    import asyncio

    from rtstart.adapters.emulator.server import EmulatorOptions
    from rtstart.commands.emulate import emulate as run

    options = EmulatorOptions(host=host, port=port, advertise=tuple(advertise or ()))
    asyncio.run(run(options, tls_port=tls_port, on_ready=_tell_json if as_json else _tell))


def _tell(emulator: "Emulator") -> None:
    from rtstart import __version__
    from rtstart.cli.render.style import standard_error, standard_output, style_of

    talk, result = standard_error(), standard_output()
    style = style_of(talk)
    arrow = style.ink(style.glyphs.arrow, "accent")
    title = f"  {style.ink('rtstart', 'accent', 'bold')} {style.ink(__version__, 'dim')}  "
    talk.write(
        f"\n{title}{style.ink('EMULATED', 'warn', 'bold')}  no model answers: your own voice "
        "comes back, higher\n\n"
    )
    tls = emulator.options.tls
    rows = [("OPENAI_BASE_URL", emulator.base_url), ("OPENAI_API_KEY", TEST_KEY)]
    if tls is not None:
        rows += [("over TLS", emulator.tls_base_url), ("NODE_EXTRA_CA_CERTS", tls.authority_path)]
    for label, value in rows:
        talk.write(f"  {arrow}  {style.ink(label.ljust(21), 'bold')}{value}\n")
    talk.write(f"\n  {style.ink('Real keys are refused. Ctrl-C stops.', 'dim')}\n\n")
    talk.flush()
    if not result.isatty():
        result.write(f"{emulator.base_url}\n")
        result.flush()


def _tell_json(emulator: "Emulator") -> None:
    from rtstart.cli.render.style import standard_output

    tls = emulator.options.tls
    told = {
        "schema": 1,
        "event": "emulating",
        "url": emulator.url,
        "base_url": emulator.base_url,
        "realtime_url": emulator.realtime_url,
        "tls_base_url": emulator.tls_base_url,
        "authority_path": tls.authority_path if tls is not None else "",
        "key": TEST_KEY,
    }
    result = standard_output()
    result.write(f"{json.dumps(told)}\n")
    result.flush()
