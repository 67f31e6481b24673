"""In which line of a TOML text a key stands; Python's own reader does not say."""

import re
from collections.abc import Mapping

_TABLE = re.compile(r"^\s*\[\[?\s*([^\]]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"""^\s*((?:[A-Za-z0-9_\-]+|"[^"]*"|'[^']*')(?:\s*\.\s*[\w\-"']+)*)\s*=""")


def key_lines(text: str) -> Mapping[tuple[str, ...], int]:
    """The line (from 1) of each table and key, by its path; good enough for pointing at it.

    Keys inside inline tables are not listed: `line_of` falls back to what surrounds them.
    """
    lines: dict[tuple[str, ...], int] = {}
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), start=1):
        if head := _TABLE.match(line):
            table = _path(head.group(1))
            lines.setdefault(table, number)
        elif key := _KEY.match(line):
            lines.setdefault((*table, *_path(key.group(1))), number)
    return lines


def line_of(lines: Mapping[tuple[str, ...], int], path: tuple[str, ...]) -> int | None:
    """The line of a path, or of the nearest thing around it, or None for the whole file."""
    while path:
        if path in lines:
            return lines[path]
        path = path[:-1]
    return None


def _path(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip().strip("\"'") for part in dotted.split("."))
