"""The text of a `.env` file as pairs, with every fault and its line.

The rules are those that people know from dotenv: `export` is allowed, a blank before `#` begins a
comment in an unquoted value, single quotes are literal, double quotes know `\\n`, `\\t`, `\\"`,
`\\\\`, quotes may span lines. Nothing is interpolated: a `$` stays a `$`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from rtstart.core.findings import Finding
from rtstart.core.findings.project import BAD_DOTENV

_NAME = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_.\-]*)\s*=[ \t]*")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\", "$": "$"}


@dataclass(frozen=True, slots=True)
class Dotenv:
    """What a `.env` file sets. `lines` says where each name was set last. Never shown whole."""

    values: Mapping[str, str] = field(repr=False)
    lines: Mapping[str, int]
    faults: tuple[Finding, ...] = ()


def parse_dotenv(text: str, *, file: str = ".env") -> Dotenv:
    """Read the text of a `.env` file; a line that cannot be read is a fault, never dropped."""
    values: dict[str, str] = {}
    places: dict[str, int] = {}
    faults: list[Finding] = []
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
    index = 0
    while index < len(lines):
        number = index + 1
        line = lines[index].lstrip()
        index += 1
        if not line or line.startswith("#"):
            continue
        head = _NAME.match(line)
        if head is None:
            faults.append(_fault(file, number, "is no `NAME=value`"))
            continue
        raw = line[head.end() :]
        if raw[:1] in {'"', "'"}:
            value, used, problem = _quoted(raw, lines[index:])
            index += used
        else:
            value, problem = re.split(r"(?:^|\s+)#(?=\s|$)|\s+#", raw, maxsplit=1)[0].strip(), ""
        if problem:
            faults.append(_fault(file, number, problem))
            continue
        values[head.group(1)] = value
        places[head.group(1)] = number
    return Dotenv(values, places, tuple(faults))


def _quoted(raw: str, following: list[str]) -> tuple[str, int, str]:
    """The value in quotes that begins `raw`, how many more lines it took, and what is wrong."""
    quote = raw[0]
    for used in range(len(following) + 1):
        text = "\n".join([raw, *following[:used]])
        end = _closing(text, quote)
        if end is None:
            continue
        rest = text[end + 1 :].strip()
        if rest and not rest.startswith("#"):
            return "", 0, "has text after the closing quote"
        inside = text[1:end]
        return (_unescaped(inside) if quote == '"' else inside), used, ""
    return "", 0, "has a quote that is never closed"


def _closing(text: str, quote: str) -> int | None:
    position = 1
    while position < len(text):
        if text[position] == "\\" and quote == '"':
            position += 2
            continue
        if text[position] == quote:
            return position
        position += 1
    return None


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", lambda match: _ESCAPES.get(match.group(1), match.group()), text)


def _fault(file: str, line: int, problem: str) -> Finding:
    return BAD_DOTENV.found(f"Line {line} of {file} {problem}", where=f"{file}:{line}")
