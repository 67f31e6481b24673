"""A failure as a block of at most ten lines: what, where, why, what to do, the code."""

import shutil
from collections.abc import Iterator
from itertools import groupby
from textwrap import TextWrapper

from rtstart.cli.render.style import Ink, Style
from rtstart.core.errors import RtstartError
from rtstart.core.findings import Finding, Level

_WIDTH = 76
_INDENT = 4
_INK: dict[Level, Ink] = {"error": "bad", "warning": "warn", "note": "accent", "ok": "good"}


def failure_lines(error: RtstartError, *, style: Style) -> Iterator[str]:
    """The lines that say an error, ready for standard error; a list when it has several faults."""
    yield ""
    if len(error.findings) > 1:
        yield style.ink(f"  {style.glyphs.failed} {error.what}", "bad")
        for fix, findings in groupby(error.findings, key=_fix):
            yield ""
            for finding in findings:
                yield from _short(finding, style)
            yield from (style.ink(f"    {line}", "dim") for line in _wrap(fix))
        yield ""
        return
    place = "" if error.where.lower() in error.what.lower() else f"  {error.where}"
    yield style.ink(f"  {style.glyphs.failed} {error.what}", "bad") + style.ink(place, "dim")
    if error.why:
        yield ""
        yield from (f"  {line}" for part in error.why.splitlines() for line in _wrap(part))
    yield ""
    yield from _hint(error.hint, style)
    if error.code:
        yield ""
        yield style.ink(f"  {error.code}  rtstart explain {error.code}", "dim")
    yield ""


def finding_lines(finding: Finding, *, style: Style) -> Iterator[str]:
    """The lines that say a finding in the middle of a run, shorter than a failure."""
    sign = style.glyphs.failed if finding.level == "error" else style.glyphs.warning
    place = "" if finding.where.lower() in finding.what.lower() else f"  {finding.where}"
    first, *rest = _wrap(finding.what) or [""]
    yield style.ink(f"  {sign} {first}", _INK[finding.level]) + style.ink(
        place if not rest else "", "dim"
    )
    yield from (style.ink(f"    {line}", _INK[finding.level]) for line in rest)
    if finding.level != "note":
        yield from (style.ink(f"    {line}", "dim") for line in _wrap(finding.why))
    yield from (f"    {line}" for line in _wrap(finding.fix.words))
    for command in finding.fix.command.splitlines():
        yield f"    {style.ink(command, 'bold')}"
    yield style.ink(f"    {finding.code}  rtstart explain {finding.code}", "dim")


def _short(finding: Finding, style: Style) -> Iterator[str]:
    place = f"{finding.where}  " if finding.where else ""
    first, *rest = _wrap(f"{place}{finding.what}")
    words = first.removeprefix(place)
    yield f"  {style.ink(place if words != first else '', 'dim')}{words}"
    yield from (f"    {line}" for line in rest)


def _fix(finding: Finding) -> str:
    return f"{finding.fix.command or finding.fix.words}  ({finding.code})"


def _hint(hint: str, style: Style) -> Iterator[str]:
    for paragraph in hint.splitlines():
        for line in _wrap(paragraph) or [""]:
            yield f"  {style.ink(line, 'bold')}"


def _wrap(text: str) -> list[str]:
    """The text in lines that fit, 76 columns at most; what can be pasted stays in one piece."""
    columns = shutil.get_terminal_size((80, 24)).columns
    width = max(min(_WIDTH, columns - _INDENT), 2 * _INDENT)
    return TextWrapper(width, break_long_words=False, break_on_hyphens=False).wrap(text)
