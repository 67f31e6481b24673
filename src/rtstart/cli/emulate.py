"""`rtstart emulate`: options in, an address out."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from rtstart.adapters.emulator.server import Emulator, EmulatorOptions
    from rtstart.core.realtime.chat import ChatEndpoint
    from rtstart.core.realtime.faults import FaultRule

DEFAULT_PORT = 8765
DEFAULT_CHAT_URL = "http://localhost:11434/v1"
"""Where Ollama listens (its OpenAI-compatible side, docs.ollama.com, 2026-11)."""

CHAT_KEY = "RTSTART_CHAT_KEY"


def emulate(
    command: Annotated[
        list[str] | None,
        typer.Argument(metavar="[-- COMMAND]", help="Run this with the emulator, then stop."),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(
            metavar="PORT",
            min=0,
            max=65535,
            help="The port; 0 takes a free one.  [default: 8765, or a free one for a command]",
            envvar="RTSTART_EMULATOR_PORT",
        ),
    ] = None,
    host: Annotated[
        str,
        typer.Option(
            metavar="ADDRESS", help="Address to listen on.", envvar="RTSTART_EMULATOR_HOST"
        ),
    ] = "127.0.0.1",
    advertise: Annotated[
        list[str] | None,
        typer.Option(
            metavar="IP",
            help="Address offered for WebRTC sound; may be repeated. "
            "Without it: loopback and this machine's own.",
            envvar="RTSTART_EMULATOR_ADVERTISE",
        ),
    ] = None,
    tls_port: Annotated[
        int | None,
        typer.Option(
            metavar="PORT",
            min=0,
            max=65535,
            help="Also listen with TLS there; 0 takes a free one. "
            "The WebSocket of Node's openai needs it.",
            envvar="RTSTART_EMULATOR_TLS_PORT",
        ),
    ] = None,
    scenario: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Who says what, in YAML.", envvar="RTSTART_EMULATOR_SCENARIO"
        ),
    ] = None,
    replay: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Give the answers of a recorded call again.",
            envvar="RTSTART_EMULATOR_REPLAY",
        ),
    ] = None,
    record: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Write every call to a file there, without secrets.",
            envvar="RTSTART_EMULATOR_RECORD",
        ),
    ] = None,
    answers: Annotated[
        Literal["echo", "speech", "chat"],
        typer.Option(
            help="Who answers: your own voice, your own words (needs rtstart[speech]), or a chat "
            "endpoint between recognition and synthesis.",
            envvar="RTSTART_EMULATOR_ANSWERS",
        ),
    ] = "echo",
    chat_url: Annotated[
        str,
        typer.Option(
            metavar="URL",
            help="Any OpenAI-compatible endpoint; its key, if it wants one, in RTSTART_CHAT_KEY.",
            envvar="RTSTART_CHAT_URL",
        ),
    ] = DEFAULT_CHAT_URL,
    chat_model: Annotated[
        str,
        typer.Option(
            metavar="NAME", help="The model to ask for there.", envvar="RTSTART_CHAT_MODEL"
        ),
    ] = "",
    fault: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME[:KEY=VALUE,…]",
            help="What goes wrong (drop:at=5s); may be repeated. --list-faults shows all.",
            envvar="RTSTART_EMULATOR_FAULT",
        ),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(
            metavar="NUMBER", help="Makes chance repeatable.", envvar="RTSTART_EMULATOR_SEED"
        ),
    ] = None,
    session: Annotated[
        str,
        typer.Option(
            metavar="TIME", help="How long a session may last.", envvar="RTSTART_EMULATOR_SESSION"
        ),
    ] = "60m",
    list_faults: Annotated[
        bool, typer.Option("--list-faults", help="List the faults and stop.")
    ] = False,
    node_helper: Annotated[
        bool,
        typer.Option(
            "--node-helper", help="Write the helper for tests in Node to standard output and stop."
        ),
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Write JSON lines.", envvar="RTSTART_JSON")
    ] = False,
) -> None:
    """Run the Realtime API on this machine: no key, no network, no model."""
    from rtstart.core.errors import Usage

    if list_faults:
        _list_faults()
        return
    if node_helper:
        _write_node_helper()
        return
    import asyncio

    from rtstart.adapters.emulator.server import EmulatorOptions
    from rtstart.commands.emulate import EmulateRequest
    from rtstart.commands.emulate import emulate as run

    given = tuple(command or ())
    usual = 0 if given else DEFAULT_PORT
    options = EmulatorOptions(
        host=host,
        port=usual if port is None else port,
        advertise=_addresses(advertise or ()),
        session_s=_seconds(session),
        answers=_chat(chat_url, chat_model) if answers == "chat" else answers,
        seed=seed,
        faults=_faults(fault or ()),
        record_dir=record,
    )
    if scenario is not None and replay is not None:
        raise Usage(
            "--scenario and --replay cannot be given together", hint="Leave one of them out."
        )
    request = EmulateRequest(options, scenario, replay, tls_port, given)
    tell = partial(_tell_json if as_json else _tell, for_command=bool(given))
    raise typer.Exit(asyncio.run(run(request, on_ready=tell)))


def _chat(url: str, model: str) -> "ChatEndpoint":
    import os

    from rtstart.core.errors import Usage
    from rtstart.core.realtime.chat import ChatEndpoint

    if not model:
        raise Usage(
            f"Which model shall answer at {url}?",
            hint="rtstart emulate --answers chat --chat-model llama3.2",
        )
    if not url.startswith(("http://", "https://")):
        raise Usage(
            f'"{url}" is no address of a chat endpoint', hint=f"--chat-url {DEFAULT_CHAT_URL}"
        )
    return ChatEndpoint(url, model, os.environ.get(CHAT_KEY, ""))


def _seconds(text: str) -> float:
    from rtstart.core.errors import Usage
    from rtstart.core.reading import parse_duration

    seconds = parse_duration(text)
    if not seconds:
        raise Usage(f'"{text}" is no time', hint="rtstart emulate --session 15m")
    return seconds


def _addresses(given: Sequence[str]) -> tuple[str, ...]:
    from ipaddress import AddressValueError, IPv4Address

    from rtstart.core.errors import Usage

    for text in given:
        try:
            IPv4Address(text)
        except AddressValueError as error:
            raise Usage(
                f'"{text}" is no address of this machine',
                why=f"It has to be IPv4: {error}.",
                hint="rtstart emulate --advertise 192.168.1.20",
            ) from error
    return tuple(given)


def _faults(given: Sequence[str]) -> "tuple[FaultRule, ...]":
    """All faults that are asked for, or all that is wrong with them."""
    from rtstart.core.errors import Usage
    from rtstart.core.realtime.faults import FaultRule, parse_fault

    read = [(text, parse_fault(text)) for text in given]
    wrong = [f"{text}: {words}" for text, words in read if isinstance(words, str)]
    if wrong:
        many = "These faults are" if len(wrong) > 1 else "This fault is"
        raise Usage(
            f"{many} not understood", why="\n".join(wrong), hint="rtstart emulate --list-faults"
        )
    return tuple(rule for _, rule in read if isinstance(rule, FaultRule))


def _list_faults() -> None:
    from rtstart.cli.render.style import standard_output, style_of
    from rtstart.core.realtime.faults import FAULT_KEYS, FAULTS

    out = standard_output()
    style = style_of(out)
    width = max(len(name) for name in FAULTS)
    for name, words in FAULTS.items():
        out.write(f"  {style.ink(name.ljust(width), 'bold')}  {words}\n")
        keys = ", ".join(FAULT_KEYS[name])
        out.write(f"  {' ' * width}  {style.ink(keys, 'dim')}\n")
    out.write(
        "\n  at=5s counts from the call's beginning, turn=2 is its second answer; "
        "drop:at=5s,times=1\n"
    )


def _write_node_helper() -> None:
    from importlib.resources import files

    from rtstart.cli.render.style import standard_output

    helper = files("rtstart").joinpath("testing", "emulator.mjs")
    standard_output().write(helper.read_text(encoding="utf-8"))


def _tell(emulator: "Emulator", *, for_command: bool) -> None:
    from rtstart import __version__
    from rtstart.cli.render.style import standard_error, standard_output, style_of
    from rtstart.commands.emulate import TEST_KEY
    from rtstart.core.realtime.faults import told

    talk, result = standard_error(), standard_output()
    style = style_of(talk)
    arrow = style.ink(style.glyphs.arrow, "accent")
    options, tls = emulator.options, emulator.options.tls
    who = _who(options)
    title = f"  {style.ink('rtstart', 'accent', 'bold')} {style.ink(__version__, 'dim')}  "
    talk.write(f"\n{title}{style.ink('EMULATED', 'warn', 'bold')}  {who}\n\n")
    rows = [("OPENAI_BASE_URL", emulator.base_url), ("OPENAI_API_KEY", TEST_KEY)]
    if tls is not None:
        rows += [("over TLS", emulator.tls_base_url), ("NODE_EXTRA_CA_CERTS", tls.authority_path)]
    for label, value in rows:
        talk.write(f"  {arrow}  {style.ink(label.ljust(21), 'bold')}{value}\n")
    for rule in emulator.board.rules:
        talk.write(
            f"  {style.ink(style.glyphs.warning, 'warn')}  {'fault'.ljust(21)}{told(rule)}\n"
        )
    if not for_command:
        talk.write(f"\n  {style.ink('Real keys are refused. Ctrl-C stops.', 'dim')}\n")
    talk.write("\n")
    talk.flush()
    # Standard output is the command's own when there is one.
    if not for_command and not result.isatty():
        result.write(f"{emulator.base_url}\n")
        result.flush()


def _who(options: "EmulatorOptions") -> str:
    if options.scenario is not None:
        return "no model answers: a scenario does"
    match options.answers:
        case "echo":
            return "no model answers: your own voice comes back, higher"
        case "speech":
            return "no model answers: your own words are said back"
        case endpoint:
            return f"{endpoint.model} at {endpoint.url} answers"


def _tell_json(emulator: "Emulator", *, for_command: bool) -> None:
    from rtstart.cli.render.jsonl import JsonLines
    from rtstart.cli.render.style import standard_error, standard_output
    from rtstart.commands.emulate import environment

    tls = emulator.options.tls
    JsonLines(standard_error() if for_command else standard_output()).write(
        "emulating",
        {
            "url": emulator.url,
            "base_url": emulator.base_url,
            "realtime_url": emulator.realtime_url,
            "tls_base_url": emulator.tls_base_url,
            "authority_path": tls.authority_path if tls is not None else "",
            "env": dict(environment(emulator)),
        },
    )
