"""Who is in and who talks: the block behind the key `c`."""

from collections.abc import Iterator

from rtstart.cli.render.style import Style
from rtstart.commands.dev.people import People, calls_words, span_words

_MOST_ROWS = 9
"""As many as there are keys to put somebody out with."""
_NAME_WIDTH = 18
_TIME_WIDTH = 12


def people_lines(people: People, *, style: Style) -> Iterator[str]:
    """Calls that go on, then visitors, each with the digit that puts them out."""
    so_far = calls_words(people.spent, is_emulated=people.is_emulated)
    state = style.ink("stopped: k allows calls again", "bad") if people.is_stopped else ""
    yield _row(style, "Calls", f"{so_far} so far", state)
    for name, call, dollars in people.calls[:_MOST_ROWS]:
        cost = "" if people.is_emulated else f"about ${dollars:.2f}"
        span = span_words(call.seconds(people.now))
        yield _row(style, "", f"{name:<{_NAME_WIDTH}}{span:<{_TIME_WIDTH}}{call.model}", cost)
    if len(people.calls) > _MOST_ROWS:
        yield _row(style, "", f"and {len(people.calls) - _MOST_ROWS} more", "")
    if not people.visitors:
        yield _row(style, "Visitors", "nobody is in", "")
    for number, visitor in enumerate(people.visitors[:_MOST_ROWS], start=1):
        span = span_words(people.now - visitor.since)
        label = "Visitors" if number == 1 else ""
        out = f"press {number} to put them out"
        yield _row(style, label, f"{visitor.name:<{_NAME_WIDTH}}{span:<{_TIME_WIDTH}}", out)


def _row(style: Style, label: str, text: str, note: str) -> str:
    line = f"     {style.ink(label.ljust(9), 'bold')}{text}"
    return (line + (f"  {style.ink(note, 'dim')}" if note else "")).rstrip()
