"""The list of ways to a public address, as people and programs see it."""

from dataclasses import replace

from rtstart.cli.render.style import Style
from rtstart.cli.render.tunnels import one_lines, table_lines, table_rows
from rtstart.commands.tunnels import TunnelTable
from rtstart.core.findings import Fix, tunnel
from rtstart.core.tunnels import Candidate, Choice, Known, Standing, Traits

_PLAIN = Style(color=False)
_CLOUD = Known(
    "cloud",
    Traits("Cloud tunnel", plaintext="Cloud", carries_streams=False, lasts_s=3600.0),
    Standing("ready", "/usr/bin/cloud"),
)
_LAN = Known("lan", Traits("this network", reach="network"), Standing("ready", "192.0.2.2"))
_NAMED = Known(
    "named",
    Traits("Named", needs_account=True, has_warning_page=True, carries_websockets=False),
    Standing("ready", "1.2", is_configured=True),
)
_SSH = Known(
    "ssh",
    Traits("own server", has_stable_name=True),
    Standing(
        "signed out",
        finding=tunnel.NOT_SET_UP.found(
            "No server is set up", fix=Fix("Write it.", '[tunnels.ssh]\nserver = "user@host"')
        ),
    ),
)
_OTHER = Known(
    "other",
    Traits("Other"),
    Standing(
        "missing",
        finding=tunnel.PROGRAM_MISSING.found(
            "other is not installed", fix=Fix("Install it.", "npm install --global other-tunnel")
        ),
    ),
)
_ODD = Known("odd", Traits("Odd"), Standing("unusable", "ValueError: no"))
_TABLE = TunnelTable(
    (_CLOUD, _LAN, _NAMED, _SSH, _OTHER, _ODD),
    Choice(
        (
            Candidate("cloud", _CLOUD.traits, "it is installed and needs no account"),
            Candidate("lan", _LAN.traits, "this network can reach it"),
        ),
        {"named": "taken only when it is named", "ssh": "No server is set up"},
    ),
    (),
)


def test_table_fits_into_80_columns() -> None:
    lines = list(table_lines(_TABLE, style=_PLAIN, columns=80))

    assert lines == [
        "",
        "  rtstart dev takes the first of these that works",
        "",
        "  1  cloud              cloud            it is installed and needs no account",
        "                        everyone with the link, readable by Cloud, no event",
        "                        streams, ends after 60 min",
        "  2  lan                192.0.2.2        this network can reach it",
        "                        this network",
        "",
        "  ready, and taken only when it is named, as in --tunnel NAME",
        "",
        "     named              1.2",
        "                        everyone with the link, warning page, no WebSockets",
        "",
        "  not ready here",
        "",
        "     ssh                No server is set up     rtstart tunnels ssh",
        "     other              other is not installed",
        "                        npm install --global other-tunnel",
        "     odd                ValueError: no",
        "",
    ]


def test_table_takes_a_line_a_way_in_120_columns() -> None:
    lines = list(table_lines(_TABLE, style=_PLAIN, columns=120))
    traits = "everyone with the link, warning page, no WebSockets"

    assert lines[10:17] == [
        f"     named              1.2              {traits}",
        "",
        "  not ready here",
        "",
        "     ssh                No server is set up     rtstart tunnels ssh",
        "     other              other is not installed  npm install --global other-tunnel",
        "     odd                ValueError: no",
    ]


def test_table_says_so_when_nothing_can_be_taken() -> None:
    empty = TunnelTable((), Choice((), {}), (tunnel.PLUG_IN_BROKEN.found("acme is broken"),))

    lines = list(table_lines(empty, style=_PLAIN, columns=80))

    assert lines[3] == "     none: only http://localhost will be there"
    assert "  ⚠ acme is broken" in lines


def test_one_way_is_told_with_all_that_it_needs() -> None:
    assert list(one_lines(_NAMED, style=_PLAIN, columns=80)) == [
        "",
        "  named  Named",
        "",
        "  here        1.2",
        "  you get     everyone with the link, warning page, no WebSockets",
        "  needs       an account there",
        "  take it     rtstart dev --tunnel named",
        "",
    ]
    lines = list(one_lines(_SSH, style=_PLAIN, columns=80))
    assert lines[3] == "  you get     everyone with the link, name stays"
    assert lines[-5:] == [
        "    Write it.",
        "    [tunnels.ssh]",
        '    server = "user@host"',
        "    RT444  rtstart explain RT444",
        "",
    ]


def test_options_of_one_way_are_told_with_what_they_mean() -> None:
    known = replace(_NAMED, name="na.med", accepts={"host": "the name", "port": "where it leads"})

    assert list(one_lines(known, style=_PLAIN, columns=80))[6:9] == [
        '  options     [tunnels."na.med"] in rtstart.toml',
        "              host  the name",
        "              port  where it leads",
    ]


def test_rows_hold_place_reason_and_traits() -> None:
    rows = list(table_rows(_TABLE))

    assert [(row["name"], row["place"], row["reason"]) for row in rows] == [
        ("cloud", 1, "it is installed and needs no account"),
        ("lan", 2, "this network can reach it"),
        ("named", None, "taken only when it is named"),
        ("ssh", None, "No server is set up"),
        ("other", None, ""),
        ("odd", None, ""),
    ]
    assert rows[3]["finding"] is not None
    assert rows[0]["traits"]["plaintext"] == "Cloud"  # type: ignore[index]  # a mapping
