"""A failure as a block of at most ten lines: what, where, why, what to do, the code."""

from collections.abc import Iterator, Mapping
from textwrap import wrap
from typing import Protocol

from rtstart.core.errors import RtstartError
from rtstart.core.findings import Finding

_RED = "\x1b[31m"
_BOLD = "\x1b[1m"
_DIM = "\x1b[2m"
_RESET = "\x1b[0m"
_WIDTH = 76


class _Stream(Protocol):
    def isatty(self) -> bool: ...


def supports_color(stream: _Stream, environment: Mapping[str, str]) -> bool:
    """Whether colour codes may be written there (no-color.org, force-color.org, TERM=dumb)."""
    if environment.get("NO_COLOR"):
        return False
    if environment.get("FORCE_COLOR") not in (None, "", "0"):
        return True
    return stream.isatty() and environment.get("TERM") != "dumb"


def failure_lines(error: RtstartError, *, color: bool) -> Iterator[str]:
    """The lines that say an error, ready for standard error; a list when it has several faults."""
    yield ""
    if len(error.findings) > 1:
        yield _styled(f"  x {error.what}", _RED, color=color)
        for finding in error.findings:
            yield ""
            yield from _short(finding, color=color)
        yield ""
        return
    place = f"  {error.where}" if error.where else ""
    yield _styled(f"  x {error.what}", _RED, color=color) + _styled(place, _DIM, color=color)
    if error.why:
        yield ""
        yield from (f"  {line}" for line in wrap(error.why, _WIDTH))
    yield ""
    yield from _hint(error.hint, color=color)
    if error.code:
        yield ""
        yield _styled(f"  {error.code}  rtstart explain {error.code}", _DIM, color=color)
    yield ""


def _short(finding: Finding, *, color: bool) -> Iterator[str]:
    place = f"{finding.where}  " if finding.where else ""
    yield f"  {_styled(place, _DIM, color=color)}{finding.what}"
    fix = finding.fix.command or finding.fix.words
    yield _styled(f"    {fix}  ({finding.code})", _DIM, color=color)


def _hint(hint: str, *, color: bool) -> Iterator[str]:
    for line in hint.splitlines():
        yield f"  {_styled(line, _BOLD, color=color)}"


def _styled(text: str, style: str, *, color: bool) -> str:
    return f"{style}{text}{_RESET}" if color and text else text
