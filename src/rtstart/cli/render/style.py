"""Colour and glyphs: one accent, dim for the past, red for failure, ASCII where it must be."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

Ink: TypeAlias = Literal["accent", "bold", "dim", "good", "warn", "bad"]

_INKS: Mapping[Ink, str] = {
    "accent": "36",
    "bold": "1",
    "dim": "2",
    "good": "32",
    "warn": "33",
    "bad": "31",
}
_NAMES = ("36", "35", "34", "33", "32", "95", "96", "94")
"""Hues for the names of services; red is kept for failure. They follow the terminal's theme, so
that they are readable on light and dark grounds."""


@dataclass(frozen=True, slots=True)
class Glyphs:
    """Signs of single width, so that columns stay straight."""

    done: str
    failed: str
    warning: str
    arrow: str
    on: str
    off: str
    rule: str
    ellipsis: str
    dash: str


_UNICODE = Glyphs("✓", "✗", "⚠", "➜", "●", "○", "─", "…", "·")
_ASCII = Glyphs("+", "x", "!", "->", "*", "o", "-", "...", "-")


class Stream(Protocol):
    """What a renderer writes to."""

    @property
    def encoding(self) -> str: ...

    def isatty(self) -> bool: ...

    def write(self, text: str, /) -> int: ...

    def flush(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Style:
    """How to write to one stream."""

    color: bool
    glyphs: Glyphs = _UNICODE

    def ink(self, text: str, *inks: Ink) -> str:
        """The text in these inks, or as it is where there is no colour."""
        if not self.color or not text:
            return text
        return f"\x1b[{';'.join(_INKS[one] for one in inks)}m{text}\x1b[0m"

    def name(self, text: str, position: int) -> str:
        """A service's name in the hue of its position among the services."""
        if not self.color:
            return text
        return f"\x1b[{_NAMES[position % len(_NAMES)]}m{text}\x1b[0m"


def style_of(stream: Stream, environment: Mapping[str, str] | None = None) -> Style:
    """How to write to this stream, by what it is and what the environment asks for."""
    environment = os.environ if environment is None else environment
    return Style(color=supports_color(stream, environment), glyphs=glyphs_for(stream, environment))


def supports_color(stream: Stream, environment: Mapping[str, str]) -> bool:
    """Whether colour codes may be written there (no-color.org, force-color.org, TERM=dumb)."""
    if environment.get("NO_COLOR"):
        return False
    if environment.get("FORCE_COLOR") not in (None, "", "0"):
        return True
    return stream.isatty() and environment.get("TERM") != "dumb"


def may_move(stream: Stream, environment: Mapping[str, str] | None = None) -> bool:
    """Whether lines may be drawn again in place there: a terminal that somebody looks at.

    Build servers set CI; some give a terminal too, whose log keeps every frame.
    """
    environment = os.environ if environment is None else environment
    return (
        stream.isatty()
        and environment.get("TERM") != "dumb"
        and environment.get("CI", "") in ("", "0", "false")
    )


def glyphs_for(stream: Stream, environment: Mapping[str, str]) -> Glyphs:
    """Unicode signs where the stream can carry them, else their ASCII twins."""
    encoding = (stream.encoding or "").lower().replace("-", "")
    if not encoding.startswith("utf") or environment.get("TERM") in {"dumb", "linux"}:
        return _ASCII
    return _UNICODE


def standard_error() -> Stream:
    """Where talk goes."""
    return sys.stderr


def standard_output() -> Stream:
    """Where results go."""
    return sys.stdout
