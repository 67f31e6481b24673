"""Write docs/commands.md from the commands themselves, so that it cannot say anything else:

uv run python -m tools.reference
"""

import dataclasses
import re
import sys
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, get_args

import typer.main

from rtstart.adapters.tunnels.registry import GROUP, load_providers
from rtstart.cli.app import app
from rtstart.cli.render.jsonl import SCHEMA, event_name
from rtstart.cli.render.tunnels import trait_words
from rtstart.commands.dev.ways import accepts_of
from rtstart.core import errors
from rtstart.core.events import Event

PAGE = Path(__file__).parents[1] / "docs" / "commands.md"

_HEAD = """\
# Commands

Written by `uv run python -m tools.reference`; a test fails when it is stale. Options with a name in
the third column can stand in the environment instead.
"""

_OURS = frozenset(
    point.name for point in entry_points(group=GROUP) if point.value.startswith("rtstart.")
)
"""Whoever writes the page may have plug-ins installed."""

_Command = Any  # Typer carries its own copy of click, whose types it does not export


def page() -> str:
    """The whole page."""
    commands = typer.main.get_command(app).commands.values()  # type: ignore[attr-defined]
    parts = [_HEAD, *(part for one in commands for part in _command(one))]
    return "\n".join([*parts, *_tunnels(), *_exit_codes(), *_events()])


def _command(command: _Command) -> Iterator[str]:
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    options = [one for one in command.params if one.param_type_name == "option"]
    usage = " ".join(["rtstart", command.name, *(str(one.metavar) for one in arguments)])
    yield f"## {usage}\n"
    yield f"{_words(command.help)}\n"
    yield from (f"`{one.metavar}`: {one.help}\n" for one in arguments)
    if not options:
        return
    yield "| Option | Does | In the environment |"
    yield "| --- | --- | --- |"
    for one in options:
        twin = f"`{one.envvar}`" if one.envvar else ""
        yield f"| {_names(one)} | {_cell(one)} | {twin} |"
    yield ""


def _names(option: _Command) -> str:
    value = f" {option.metavar or option.type.name.upper()}" if not option.is_flag else ""
    names = [f"`{name}{value}`" for name in (*option.opts, *option.secondary_opts)]
    return ", ".join(name.replace("|", "\\|") for name in names)


def _cell(option: _Command) -> str:
    words = _words(option.help or "")
    has_default = isinstance(option.default, str | int | float) and not option.is_flag
    return f"{words} Default: {option.default}." if has_default and option.default else words


def _words(text: str) -> str:
    """A help text without the line ends of its source; blank lines still part paragraphs."""
    parts = [" ".join(part.split()) for part in re.split(r"\n\s*\n", text)]
    return "\n\n".join(parts).replace("|", "\\|")


def _tunnels() -> Iterator[str]:
    yield "## Tunnels\n"
    yield "What `--tunnel NAME` gives, and what may stand in `[tunnels.NAME]` of rtstart.toml; a"
    yield "default stands behind a semicolon. `rtstart tunnels` says which of them are ready here,"
    yield "[tunnels.md](tunnels.md) how they are held up, and how to add one.\n"
    yield "| Name | You get | Options |"
    yield "| --- | --- | --- |"
    ours = {name: one for name, one in load_providers().providers.items() if name in _OURS}
    for name, provider in sorted(ours.items()):
        accepts = accepts_of(provider) or {}
        options = "<br>".join(f"`{key}`: {_words(words)}" for key, words in accepts.items())
        traits = f"{provider.traits.title}: {trait_words(provider.traits)}"
        yield f"| `{name}` | {traits} | {options} |"
    yield ""


def _exit_codes() -> Iterator[str]:
    yield "## Exit codes\n"
    yield "| Code | Means |"
    yield "| --- | --- |"
    yield "| 0 | All went well, or `dev` was asked to stop. |"
    kinds = (
        errors.Failed,
        errors.Usage,
        errors.ChecksFailed,
        errors.NotAProject,
        errors.Conflict,
        errors.ToolFailed,
        errors.Interrupted,
    )
    for kind in kinds:
        yield f"| {kind.exit_code} | {(kind.__doc__ or '').splitlines()[0]} |"
    yield f"| {errors.EXIT_BUG} | rtstart met an error of its own; a report was written. |"
    yield ""
    yield "`dev -- COMMAND` and `emulate -- COMMAND` give the command's own code. `probe` has one"
    yield "for each layer.\n"


def _events() -> Iterator[str]:
    yield "## Events\n"
    yield f"With `--json`, one object a line: `schema` ({SCHEMA}), `event`, `at` (UTC), and the"
    yield "fields of the event. New events and new fields do not raise `schema`. The last one of a"
    yield "run is always `finished`.\n"
    yield "| Event | Means | Fields |"
    yield "| --- | --- | --- |"
    for kind in get_args(Event):
        fields = ", ".join(f"`{one.name}`" for one in dataclasses.fields(kind))
        means = _words((kind.__doc__ or "").split("\n\n")[0])
        yield f"| `{event_name(kind)}` | {means} | {fields} |"
    yield ""


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"{PAGE}\n")


if __name__ == "__main__":
    main()
