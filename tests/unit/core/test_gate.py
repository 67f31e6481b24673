import pytest

from rtstart.core.access import Visitor
from rtstart.core.gate import (
    Asked,
    ForeignOrigin,
    Judgement,
    ListenerKind,
    NotInvited,
    Passed,
    WrongHost,
    is_from_own_page,
    judge,
    place,
    told_origin,
)
from rtstart.core.hosts import Origin

TUNNEL = Origin("https", "app.tunnel.test", 443)
LAN = Origin("https", "192.168.1.20", 4443)
ADA = Visitor("v1", "Ada", 0.0, 0.0, 100.0)


def _place(asked: Asked, listener: ListenerKind, *origins: Origin) -> Origin | WrongHost:
    return place(asked, listener=listener, scheme="http", public_origins=origins)


@pytest.mark.parametrize(
    ("hosts", "placed"),
    [
        (("localhost:4173",), Origin("http", "localhost", 4173)),
        (("[::1]",), Origin("http", "[::1]", 80)),
        (("app.tunnel.test",), WrongHost("foreign", "app.tunnel.test")),
        (("evil.test",), WrongHost("foreign", "evil.test")),
        (("a b",), WrongHost("malformed", "a b")),
        ((), WrongHost("missing")),
        (("localhost", "localhost"), WrongHost("malformed")),
    ],
)
def test_local_listener_answers_to_names_of_this_machine(
    hosts: tuple[str, ...], placed: Origin | WrongHost
) -> None:
    assert _place(Asked("GET", hosts), "local", TUNNEL) == placed


def test_local_listener_refuses_what_a_tunnel_forwards() -> None:
    asked = Asked("GET", ("localhost",), is_forwarded=True)

    assert _place(asked, "local") == WrongHost("forwarded", "localhost")


@pytest.mark.parametrize(
    ("host", "placed"),
    [
        ("app.tunnel.test", TUNNEL),
        ("app.tunnel.test:443", TUNNEL),
        ("app.tunnel.test:80", WrongHost("foreign", "app.tunnel.test:80")),
        ("192.168.1.20:4443", LAN),
        ("192.168.1.20", WrongHost("foreign", "192.168.1.20")),
        ("localhost:9", TUNNEL),
        ("evil.test", WrongHost("foreign", "evil.test")),
    ],
)
def test_public_listener_answers_to_what_was_announced(
    host: str, placed: Origin | WrongHost
) -> None:
    assert _place(Asked("GET", (host,)), "public", TUNNEL, LAN) == placed


def test_public_listener_before_its_address_is_known() -> None:
    asked = [Asked("GET", (host,)) for host in ("localhost:9", "app.tunnel.test")]

    assert [_place(one, "public") for one in asked] == [
        Origin("http", "localhost", 9),
        WrongHost("foreign", "app.tunnel.test"),
    ]


@pytest.mark.parametrize(
    ("listener", "visitor", "is_open", "judgement"),
    [
        ("local", None, False, Passed(None)),
        ("public", None, False, NotInvited()),
        ("public", ADA, False, Passed(ADA)),
        ("public", None, True, Passed(None)),
    ],
)
def test_listener_decides_who_needs_an_invitation(
    listener: ListenerKind, visitor: Visitor | None, *, is_open: bool, judgement: Judgement
) -> None:
    asked = Asked("GET", ("localhost",))

    assert (
        judge(asked, listener=listener, arrived=TUNNEL, visitor=visitor, is_open=is_open)
        == judgement
    )


@pytest.mark.parametrize(
    ("listener", "origin", "judgement"),
    [
        ("public", "https://app.tunnel.test", Passed(ADA)),
        ("public", "http://app.tunnel.test", ForeignOrigin("http://app.tunnel.test")),
        ("public", "https://evil.test", ForeignOrigin("https://evil.test")),
        ("public", "null", ForeignOrigin("null")),
        ("public", None, ForeignOrigin("")),
        ("local", None, Passed(ADA)),
        ("local", "https://evil.test", ForeignOrigin("https://evil.test")),
    ],
)
def test_socket_must_come_from_our_own_page(
    listener: ListenerKind, origin: str | None, judgement: Judgement
) -> None:
    asked = Asked("GET", ("app.tunnel.test",), origin=origin, is_upgrade=True)

    assert judge(asked, listener=listener, arrived=TUNNEL, visitor=ADA) == judgement


@pytest.mark.parametrize(
    ("host", "origin", "told"),
    [
        # Codespaces and dev tunnels write the address they dial into both.
        ("localhost:4200", "http://localhost:4200", "https://app.tunnel.test"),
        ("localhost:4200", "https://localhost:4200", "https://app.tunnel.test"),
        ("127.0.0.1:4200", "http://127.0.0.1:4200", "https://app.tunnel.test"),
        ("localhost:4200", "http://localhost:3000", "http://localhost:3000"),
        ("localhost:4200", "https://evil.test", "https://evil.test"),
        ("app.tunnel.test", "http://localhost:4200", "http://localhost:4200"),
        ("localhost:4200", "https://app.tunnel.test", "https://app.tunnel.test"),
        ("localhost:4200", "null", "null"),
        ("localhost:4200", None, None),
    ],
)
def test_origin_is_the_browsers_own_when_it_was_rewritten_with_the_host(
    host: str, origin: str | None, told: str | None
) -> None:
    assert told_origin(Asked("GET", (host,), origin=origin), TUNNEL) == told


@pytest.mark.parametrize(
    ("origin", "fetch_site", "own"),
    [
        ("https://app.tunnel.test", None, True),
        ("https://app.tunnel.test", "same-origin", True),
        ("https://app.tunnel.test", "cross-site", False),
        ("https://evil.test", "same-origin", False),
        ("https://evil.test", None, False),
        ("null", "same-origin", True),
        ("null", "cross-site", False),
        ("null", None, False),
        (None, "same-origin", True),
        (None, "none", False),
        (None, "same-site", False),
        (None, None, None),
    ],
)
def test_page_that_asks_is_known_by_origin_and_fetch_site(
    origin: str | None, fetch_site: str | None, *, own: bool | None
) -> None:
    asked = Asked("POST", ("app.tunnel.test",), origin=origin, fetch_site=fetch_site)

    assert is_from_own_page(asked, TUNNEL) is own
