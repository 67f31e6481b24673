"""The ways to a public address as a list: taken by itself, taken when named, not here yet."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict

from rtstart.cli.render.failure import finding_lines
from rtstart.cli.render.style import Style
from rtstart.commands.tunnels import TunnelTable
from rtstart.core.findings import Finding
from rtstart.core.tunnels import PLACES, Known, Traits

_NAME = 19
_DETAIL = 16


def table_lines(table: TunnelTable, *, style: Style) -> Iterator[str]:
    """The table for people."""
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
        yield style.ink(f"     {' ' * _NAME}{_traits(one.traits)}", "dim")
    if not chosen:
        yield style.ink("     none: only http://localhost will be there", "warn")
    yield from _group("only when it is named, as in --tunnel NAME", ready, table, style)
    yield from _needs(rest, style)
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
        }


def _group(title: str, ways: Iterable[Known], table: TunnelTable, style: Style) -> Iterator[str]:
    ways = list(ways)
    if not ways:
        return
    yield ""
    yield style.ink(f"  {title}", "dim")
    yield ""
    for one in ways:
        yield _row(" ", one, table.choice.left_out.get(one.name, ""), style)
        yield style.ink(f"     {' ' * _NAME}{_traits(one.traits)}", "dim")


def _needs(ways: Iterable[Known], style: Style) -> Iterator[str]:
    ways = list(ways)
    if not ways:
        return
    yield ""
    yield style.ink("  not ready here", "dim")
    yield ""
    for one in ways:
        finding = one.standing.finding
        words = finding.what if finding is not None else one.standing.detail
        yield f"     {one.name.ljust(_NAME)}{style.ink(words, 'dim')}"
        if finding is not None:
            yield from (f"     {' ' * _NAME}{line}" for line in _fix(finding))


def _fix(finding: Finding) -> list[str]:
    is_this_list = finding.fix.command == "rtstart tunnels"
    return (
        [finding.fix.words]
        if is_this_list
        else finding.fix.command.splitlines() or [finding.fix.words]
    )


def _row(mark: str, one: Known, reason: str, style: Style) -> str:
    name = style.ink(one.name.ljust(_NAME), "bold")
    detail = one.standing.detail.rsplit("/", 1)[-1] or one.standing.state
    if one.standing.may_fetch:
        detail = "to be fetched"
    return f"  {style.ink(mark, 'accent')}  {name}{detail.ljust(_DETAIL)} {reason}".rstrip()


def _traits(traits: Traits) -> str:
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
