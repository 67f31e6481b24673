"""Which ways are tried, in which order, and why."""

import pytest

from rtstart.core.findings import Finding, tunnel
from rtstart.core.findings import tunnel_refusals as refusals
from rtstart.core.tunnels import (
    Candidate,
    Choice,
    Known,
    Standing,
    Traits,
    choose,
    parse_own_address,
    parse_wish,
)

_EVERYONE = Traits("x")
_BY_NAME_ONLY = Traits("x", is_automatic=False)
_NETWORK = Traits("x", reach="network")
_TAILNET = Traits("x", reach="tailnet")
_READY = Standing("ready")
_SET_UP = Standing("ready", is_configured=True)
_MISSING = Standing("missing", finding=tunnel.PROGRAM_MISSING.found("x is not installed"))
_FETCH = Standing("missing", finding=_MISSING.finding, may_fetch=True)

_ALL_READY = (
    Known("codespaces", _EVERYONE, Standing("unusable", "not here")),
    Known("cloudflared", _EVERYONE, _READY),
    Known("lan", _NETWORK, _READY),
    Known("localhost.run", _EVERYONE, _READY),
    Known("ngrok", _EVERYONE, _SET_UP),
    Known("pinggy", _BY_NAME_ONLY, _READY),
    Known("ssh", _EVERYONE, _SET_UP),
    Known("tailscale", _TAILNET, _READY),
    Known("zrok", _BY_NAME_ONLY, _MISSING),
)


def _chosen(*known: Known, wish: str = "auto", may_open_public: bool = True) -> Choice:
    choice = choose(parse_wish(wish), known, may_open_public=may_open_public)
    assert isinstance(choice, Choice)
    return choice


def test_order_is_that_of_the_facts_when_everything_is_there() -> None:
    choice = _chosen(*_ALL_READY)

    assert [(one.name, one.reason) for one in choice.candidates] == [
        ("ssh", "you set it up"),
        ("ngrok", "its token is set"),
        ("cloudflared", "cloudflared is installed and needs no account"),
        ("localhost.run", "ssh is installed and nothing else is needed"),
        ("lan", "this network can reach it"),
    ]
    assert choice.left_out == {
        "codespaces": "not here",
        "pinggy": "taken only when it is named",
        "tailscale": "it is not set up in rtstart.toml",
        "zrok": "x is not installed",
    }


def test_only_the_network_is_left_when_nobody_agreed_to_more() -> None:
    choice = _chosen(*_ALL_READY, may_open_public=False)

    assert [one.name for one in choice.candidates] == ["lan"]
    assert choice.left_out["ngrok"] == "nobody agreed to open this app to everyone"


def test_tailnet_needs_no_agreement_when_it_is_set_up() -> None:
    known = Known("tailscale", _TAILNET, _SET_UP)

    assert _chosen(known, may_open_public=False).candidates == (
        Candidate("tailscale", _TAILNET, "you set it up"),
    )


def test_nothing_else_is_tried_when_the_place_has_an_address() -> None:
    choice = _chosen(
        Known("lan", _NETWORK, _READY),
        Known("codespaces", _EVERYONE, _SET_UP),
        may_open_public=False,
    )

    assert choice == Choice(
        (Candidate("codespaces", _EVERYONE, "this place has an address already"),),
        {"lan": "codespaces has an address already"},
    )


def test_program_is_fetched_when_it_is_missing_and_may_be() -> None:
    assert _chosen(Known("cloudflared", _EVERYONE, _FETCH)).candidates == (
        Candidate(
            "cloudflared",
            _EVERYONE,
            "cloudflared can be fetched and needs no account",
            must_fetch=True,
        ),
    )


@pytest.mark.parametrize(
    ("known", "reason"),
    [
        (
            Known("ngrok", _EVERYONE, _READY),
            "it is signed in, and NGROK_AUTHTOKEN is not set",
        ),
        (Known("ngrok", _EVERYONE, _MISSING), "x is not installed"),
        (Known("lan", _NETWORK, Standing("unusable")), "unusable"),
    ],
)
def test_way_is_left_out_with_its_reason_when_it_cannot_be_taken(known: Known, reason: str) -> None:
    assert _chosen(known) == Choice((), {known.name: reason})


def test_only_what_is_named_is_tried_when_names_are_given() -> None:
    assert _chosen(*_ALL_READY, wish="pinggy, lan", may_open_public=False) == Choice(
        (
            Candidate("pinggy", _BY_NAME_ONLY, "asked for"),
            Candidate("lan", _NETWORK, "asked for"),
        ),
        {},
        is_named=True,
    )


def test_finding_is_kept_when_a_named_way_cannot_be_taken() -> None:
    assert _MISSING.finding is not None
    assert _chosen(*_ALL_READY, wish="zrok") == Choice((), {}, (_MISSING.finding,), is_named=True)


def test_nothing_is_opened_when_none_is_asked_for() -> None:
    assert _chosen(*_ALL_READY, wish="none") == Choice((), {}, is_named=True)


def test_own_address_is_taken_when_a_url_is_asked_for() -> None:
    known = Known("url", _EVERYONE, _SET_UP)

    assert _chosen(known, wish="https://voice.example.test").candidates == (
        Candidate("url", _EVERYONE, "asked for"),
    )


@pytest.mark.parametrize(
    ("wish", "why", "command"),
    [
        ("cloudflare", "Did you mean cloudflared?", "rtstart dev --tunnel cloudflared"),
        ("xyz", "There are: auto, lan, ngrok, none.", "rtstart tunnels"),
    ],
)
def test_nearest_name_is_offered_when_there_is_no_such_tunnel(
    wish: str, why: str, command: str
) -> None:
    known = [Known("lan", _NETWORK, _READY), Known("ngrok", _EVERYONE, _READY)]
    if wish == "cloudflare":
        known.append(Known("cloudflared", _EVERYONE, _READY))

    found = choose(parse_wish(wish), known, may_open_public=True)

    assert isinstance(found, Finding)
    assert (found.what, found.why, found.fix.command) == (
        f'There is no tunnel called "{wish}"',
        why,
        command,
    )


@pytest.mark.parametrize("wish", ["auto,lan", "lan,none"])
def test_wish_is_refused_when_auto_or_none_is_one_of_several(wish: str) -> None:
    found = choose(parse_wish(wish), [Known("lan", _NETWORK, _READY)], may_open_public=True)

    assert isinstance(found, Finding)
    assert found.what.endswith("cannot be one of several ways")


def test_second_address_of_ones_own_is_refused() -> None:
    known = [Known("url", _EVERYONE, _SET_UP)]

    found = choose(parse_wish("https://a.test,https://b.test"), known, may_open_public=True)

    assert isinstance(found, Finding)
    assert (found.what, found.fix.command) == (
        "2 addresses of your own were given",
        "rtstart dev --tunnel https://a.test",
    )


def test_way_is_tried_once_when_it_is_named_twice() -> None:
    choice = _chosen(Known("lan", _NETWORK, _READY), wish="lan,lan")

    assert [one.name for one in choice.candidates] == ["lan"]


def test_reason_is_told_when_a_named_way_cannot_be_taken_and_has_no_finding() -> None:
    choice = _chosen(Known("odd", _EVERYONE, Standing("unusable", "no moon")), wish="odd")

    assert [(one.what, one.why) for one in choice.findings] == [
        ("odd cannot be used here", "no moon")
    ]


def test_scheme_is_asked_for_when_a_host_was_typed_without_one() -> None:
    found = choose(("voice.example.test",), [], may_open_public=True)

    assert isinstance(found, Finding)
    assert (found.code, found.why, found.fix.command) == (
        "RT408",
        "It has no scheme.",
        "rtstart dev --tunnel https://voice.example.test",
    )


def test_wish_is_auto_when_it_is_empty() -> None:
    assert parse_wish(" , ") == ("auto",)


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("https://voice.example.test", "https://voice.example.test"),
        (" https://Voice.Example.test/ ", "https://voice.example.test"),
        ("https://voice.example.test:8443", "https://voice.example.test:8443"),
        ("https://voice.example.test:443", "https://voice.example.test"),
    ],
)
def test_own_address_is_an_origin_when_it_is_plain_https(text: str, origin: str) -> None:
    assert parse_own_address(text) == (origin, None)


def _bad(text: str, why: str) -> Finding:
    return tunnel.BAD_ADDRESS.found(f'"{text}" is no address a tunnel can have', why=why)


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        (
            "http://voice.example.test",
            refusals.NO_TLS.found('"http://voice.example.test" is not https'),
        ),
        ("ftp://voice.example.test", _bad("ftp://voice.example.test", 'Its scheme is "ftp".')),
        (
            "https://ada:pw@voice.example.test",
            _bad("https://…@voice.example.test", "It holds a user name; access is rtstart's own."),
        ),
        (
            "https://voice example.test",
            _bad("https://voice example.test", "Its host is not one that a browser would accept."),
        ),
        (
            "https://voice.example.test:99999",
            _bad("https://voice.example.test:99999", "Port out of range 0-65535."),
        ),
    ],
)
def test_finding_says_what_is_wrong_when_an_own_address_is_not_plain_https(
    text: str, finding: Finding
) -> None:
    assert parse_own_address(text) == ("", finding)


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("https://voice.example.test/app", "rtstart dev --tunnel https://voice.example.test"),
        ("https://v.test:8443/?x", "rtstart dev --tunnel https://v.test:8443"),
        ("v.test:8443/app", "rtstart dev --tunnel https://v.test:8443"),
    ],
)
def test_origin_alone_is_offered_when_an_own_address_has_more(text: str, command: str) -> None:
    _, finding = parse_own_address(text)

    assert finding is not None
    assert finding.fix.command == command
