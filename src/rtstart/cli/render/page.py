"""The catalogue of findings as pages and as a list."""

from collections.abc import Iterable, Iterator
from textwrap import wrap

from rtstart.cli.render.style import Style
from rtstart.core.findings import Entry

_WIDTH = 76
_LABEL = 12
_FAMILIES = {
    "RT1": "The project's files",
    "RT2": "This machine",
    "RT3": "Services",
    "RT4": "Tunnels and addresses",
    "RT5": "Tokens and the API",
    "RT6": "Calls and sound",
    "RT7": "Security",
}


def page_lines(page: Entry, *, style: Style) -> Iterator[str]:
    """One finding, whole."""
    yield ""
    yield f"  {style.ink(page.code, 'accent', 'bold')}  {style.ink(page.title, 'bold')}"
    yield ""
    yield from _row("why", page.why, style)
    yield from _row("what to do", page.fix.words, style)
    for command in page.fix.command.splitlines():
        yield f"  {' ' * _LABEL}{style.ink(command, 'bold')}"
    yield from _row("known by", page.recognised, style)
    yield from _row("source", page.source, style)
    yield ""


def list_lines(pages: Iterable[Entry], *, style: Style) -> Iterator[str]:
    """All findings, a line each, by families."""
    family = ""
    for page in pages:
        if page.code[:3] != family:
            family = page.code[:3]
            yield ""
            yield f"  {style.ink(_FAMILIES[family], 'bold')}"
        yield f"  {style.ink(page.code, 'accent')}  {page.title}"


def _row(label: str, text: str, style: Style) -> Iterator[str]:
    if not text:
        return
    first, *rest = wrap(text, _WIDTH - _LABEL)
    yield f"  {style.ink(label.ljust(_LABEL), 'dim')}{first}"
    yield from (f"  {' ' * _LABEL}{line}" for line in rest)
