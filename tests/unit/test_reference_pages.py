"""docs/commands.md is what the commands say, and docs/configuration.md knows every key."""

import re
import tomllib
from pathlib import Path

import typer.main

from rtstart.cli.app import app
from rtstart.core.config import parse_config, read_table
from rtstart.core.reading import Fault, Reader
from tools.reference import PAGE, page

_DOCS = Path(__file__).parents[2] / "docs"


class _Asked(dict[str, object]):
    """A table that remembers which keys were asked for and are not there."""

    missing: frozenset[str] = frozenset()

    def get(self, key: str, default: object = None) -> object:
        if key not in self:
            self.missing |= {key}
        return super().get(key, default)


def _asked(value: object) -> object:
    if isinstance(value, dict):
        return _Asked({key: _asked(inner) for key, inner in value.items()})
    return value


def _missing(table: object) -> set[str]:
    if not isinstance(table, _Asked):
        return set()
    return set(table.missing).union(*(_missing(inner) for inner in table.values()))


def _example() -> str:
    text = (_DOCS / "configuration.md").read_text(encoding="utf-8")
    return text.partition("```toml\n")[2].partition("```")[0]


def test_commands_page_is_what_the_commands_say() -> None:
    """When it is not: `uv run python -m tools.reference`."""
    assert PAGE.read_text(encoding="utf-8") == page()


def test_every_option_of_dev_has_its_twin_in_the_environment() -> None:
    dev = typer.main.get_command(app).commands["dev"]  # type: ignore[attr-defined]
    options = [one for one in dev.params if one.param_type_name == "option"]
    twins = {one.opts[0]: one.envvar for one in options}

    assert twins == {name: f"RTSTART_{name[2:].replace('-', '_').upper()}" for name in twins}


def test_example_of_the_configuration_has_no_fault() -> None:
    assert parse_config(_example())[1] == ()


def test_example_of_the_configuration_shows_every_key() -> None:
    top = _asked(tomllib.loads(_example()))
    faults: list[Fault] = []
    assert isinstance(top, _Asked)

    read_table(Reader(top, (), faults))

    shown = set(re.findall(r"(\w+)(?: =|\])", _example()))
    assert (_missing(top) - shown, faults) == (set(), [])
