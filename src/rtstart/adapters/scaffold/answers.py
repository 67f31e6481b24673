"""Answers from a file: TOML, YAML or JSON by the end of its name, each with its line."""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rtstart.core.findings import Finding
from rtstart.core.findings.project import BAD_ANSWERS_FILE
from rtstart.core.toml_places import key_lines


@dataclass(frozen=True, slots=True)
class Given:
    """An answer as it was given; `where` is the option or `file:line`."""

    raw: object
    where: str


def read_answers(path: Path) -> tuple[dict[str, Given], list[Finding]]:
    """The answers in a file, and what is wrong with it. Never raises for its content.

    Names that begin with an underscore are Copier's own and are left out, so that the answers
    file of another app can be given as it is.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        table, lines = _parse(text, path.suffix.lower())
    except (OSError, ValueError) as error:
        return {}, [BAD_ANSWERS_FILE.found(f"{path.name}: {_words(error)}", where=str(path))]
    if not isinstance(table, dict):
        what = f"{path.name} holds no names with values"
        return {}, [BAD_ANSWERS_FILE.found(what, where=str(path))]
    return {
        str(name): Given(raw, f"{path.name}:{lines[name]}" if name in lines else path.name)
        for name, raw in table.items()
        if not str(name).startswith("_")
    }, []


def _parse(text: str, suffix: str) -> tuple[object, Mapping[str, int]]:
    match suffix:
        case ".toml":
            return tomllib.loads(text), {key[0]: line for key, line in key_lines(text).items()}
        case ".json":
            return json.loads(text), {}
        case ".yml" | ".yaml":
            return _parse_yaml(text)
        case _:
            raise ValueError("its name must end in .toml, .yml, .yaml or .json")


def _parse_yaml(text: str) -> tuple[object, Mapping[str, int]]:
    import yaml

    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        pairs = node.value if isinstance(node, yaml.MappingNode) else []
        lines = {key.value: key.start_mark.line + 1 for key, _ in pairs}
        return yaml.safe_load(text), lines
    except yaml.YAMLError as error:
        raise ValueError(" ".join(str(error).split())) from error


def _words(error: Exception) -> str:
    return error.strerror or str(error) if isinstance(error, OSError) else str(error)
