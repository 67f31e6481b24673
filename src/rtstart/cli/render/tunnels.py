"""The ways to a public address as a list: taken by itself, taken when named, not here yet."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from textwrap import wrap

from rtstart.cli.render.failure import finding_lines
from rtstart.cli.render.style import Style
from rtstart.commands.tunnels import TunnelTable
from rtstart.core.findings import Finding
from rtstart.core.tunnels import PLACES, Known, Traits

_NAME = 19
_DETAIL = 16
_WIDE = 110
_INDENT = " " * (5 + _NAME)


def table_lines(table: TunnelTable, *, style: Style, columns: int) -> Iterator[str]:
    """The table for people, in a terminal of so many columns."""
    by_name = {one.name: one for one in table.known}
    chosen = [(by_name[one.name], one.reason) for one in table.choice.candidates]
    taken = {one.name for one, _ in chosen}
    ready = [one for one in table.known if one.name not in taken and one.standing.state == "ready"]
    rest = [
        one
        for one in table.known
        if one.name not in taken and one.standing.state != "ready" and one.name not in PLACES
    ]
    yield ""
    yield f"  {style.ink('rtstart dev', 'bold')} takes the first of these that works"
    yield ""
    for number, (one, reason) in enumerate(chosen, 1):
        yield _row(f"{number}", one, reason, style)
        yield from _hanging(trait_words(one.traits), columns, style)
    if not chosen:
        yield style.ink("     none: only http://localhost will be there", "warn")
    yield from _named_only(ready, columns, style)
    yield from _needs(rest, columns, style)
    for finding in table.broken:
        yield ""
        yield from finding_lines(finding, style=style)
    yield ""


def table_rows(table: TunnelTable) -> Iterator[dict[str, object]]:
    """The same for programs: one mapping a provider, `place` counting from 1 or null."""
    places = {one.name: place for place, one in enumerate(table.choice.candidates, 1)}
    reasons = {one.name: one.reason for one in table.choice.candidates}
    for one in table.known:
        yield {
            "name": one.name,
            "place": places.get(one.name),
            "reason": reasons.get(one.name) or table.choice.left_out.get(one.name, ""),
            "state": one.standing.state,
            "detail": one.standing.detail,
            "finding": asdict(one.standing.finding) if one.standing.finding else None,
            "traits": asdict(one.traits),
            "options": dict(one.accepts or {}),
        }


def one_lines(one: Known, *, style: Style, columns: int) -> Iterator[str]:
    """Everything about one way."""
    standing = one.standing
    yield ""
    yield f"  {style.ink(one.name, 'bold')}  {one.traits.title}"
    yield ""
    if standing.state == "ready":
        yield f"  {'here'.ljust(12)}{standing.detail or 'ready'}"
    for number, line in enumerate(wrap(trait_words(one.traits), columns - 15)):
        yield f"  {('' if number else 'you get').ljust(12)}{line}"
    if one.traits.needs_account:
        yield f"  {'needs'.ljust(12)}an account there"
    yield from _options(one, columns, style)
    if standing.finding is not None:
        yield ""
        yield from finding_lines(standing.finding, style=style)
    elif standing.state == "ready":
        yield f"  {'take it'.ljust(12)}{style.ink(f'rtstart dev --tunnel {one.name}', 'bold')}"
    yield ""


def _options(one: Known, columns: int, style: Style) -> Iterator[str]:
    """What may stand in its table, a line an option."""
    if not one.accepts:
        return
    width = max(map(len, one.accepts)) + 2
    table = f"[tunnels.{_key(one.name)}] in rtstart.toml"
    yield f"  {'options'.ljust(12)}{style.ink(table, 'dim')}"
    for key, words in one.accepts.items():
        first, *more = wrap(words, max(columns - 17 - width, 20))
        yield f"{' ' * 14}{key.ljust(width)}{style.ink(first, 'dim')}"
        yield from (f"{' ' * (14 + width)}{style.ink(line, 'dim')}" for line in more)


def _key(name: str) -> str:
    """A name as TOML wants it in a table's head: in quotes where there is a dot in it."""
    return f'"{name}"' if "." in name else name


def _named_only(ways: Iterable[Known], columns: int, style: Style) -> Iterator[str]:
    ways = list(ways)
    if not ways:
        return
    yield ""
    yield style.ink("  ready, and taken only when it is named, as in --tunnel NAME", "dim")
    yield ""
    for one in ways:
        yield _row(" ", one, trait_words(one.traits) if columns >= _WIDE else "", style)
        if columns < _WIDE:
            yield from _hanging(trait_words(one.traits), columns, style)


def _needs(ways: Iterable[Known], columns: int, style: Style) -> Iterator[str]:
    ways = list(ways)
    if not ways:
        return
    yield ""
    yield style.ink("  not ready here", "dim")
    yield ""
    whats = [one.standing.finding.what if one.standing.finding else "" for one in ways]
    width = max(map(len, whats)) + 2
    for one, what in zip(ways, whats, strict=True):
        name = f"     {one.name.ljust(_NAME)}"
        if one.standing.finding is None:
            yield f"{name}{style.ink(one.standing.detail, 'dim')}"
            continue
        needed = _needed(one.name, one.standing.finding)
        if len(_INDENT) + width + len(needed) <= columns:
            yield f"{name}{style.ink(what.ljust(width), 'dim')}{needed}"
        else:
            yield f"{name}{style.ink(what, 'dim')}"
            yield f"{_INDENT}{needed}"


def _needed(name: str, finding: Finding) -> str:
    """The next step in one line; what takes more is said by the list of that way alone."""
    command = finding.fix.command
    if "\n" in command or command == "rtstart tunnels":
        return f"rtstart tunnels {name}"
    return command or finding.fix.words


def _hanging(words: str, columns: int, style: Style) -> Iterator[str]:
    for line in wrap(words, max(columns - len(_INDENT) - 1, 20)):
        yield style.ink(f"{_INDENT}{line}", "dim")


def _row(mark: str, one: Known, reason: str, style: Style) -> str:
    name = style.ink(one.name.ljust(_NAME), "bold")
    detail = one.standing.detail.rsplit("/", 1)[-1] or one.standing.state
    if one.standing.may_fetch:
        detail = "to be fetched"
    return f"  {style.ink(mark, 'accent')}  {name}{detail.ljust(_DETAIL)} {reason}".rstrip()


def trait_words(traits: Traits) -> str:
    """What matters when one chooses, in a few words."""
    reach = {
        "everyone": "everyone with the link",
        "tailnet": "your own devices",
        "network": "this network",
    }
    words = [reach[traits.reach]]
    if traits.plaintext != "nobody":
        words.append(f"readable by {traits.plaintext}")
    if traits.has_stable_name:
        words.append("name stays")
    if traits.has_warning_page:
        words.append("warning page")
    if not traits.carries_streams:
        words.append("no event streams")
    if not traits.carries_websockets:
        words.append("no WebSockets")
    if traits.lasts_s is not None:
        words.append(f"ends after {traits.lasts_s / 60:g} min")
    return ", ".join(words)
