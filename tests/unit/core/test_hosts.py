import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtstart.core.hosts import Authority, Origin, is_localhost, parse_authority, parse_origin


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("localhost", Authority("localhost")),
        ("LocalHost:4173", Authority("localhost", 4173)),
        ("app.tunnel.test.", Authority("app.tunnel.test")),
        ("[::1]:80", Authority("[::1]", 80)),
        ("127.0.0.1", Authority("127.0.0.1")),
        ("", None),
        ("a b", None),
        ("host:", None),
        ("host:0", None),
        ("host:65536", None),
        ("host:80:80", None),
        ("user@host", None),
        ("a..b", None),
        ("host/path", None),
        ("host\n", None),
        ("-dash.test", None),
        ("1٣", None),
        ("host:٣", None),
    ],
)
def test_host_header_is_read_strictly(text: str, read: Authority | None) -> None:
    assert parse_authority(text) == read


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("https://app.test", Origin("https", "app.test", 443)),
        ("https://app.test:443", Origin("https", "app.test", 443)),
        ("http://localhost:4173", Origin("http", "localhost", 4173)),
        ("https://App.test/", Origin("https", "app.test", 443)),
        ("null", None),
        ("file://x", None),
        ("https://", None),
        ("https://a..b", None),
        ("https://app.test/path", None),
        ("https://user@app.test", None),
        ("https://app.test https://evil.test", None),
    ],
)
def test_origin_header_is_read_strictly(text: str, read: Origin | None) -> None:
    assert parse_origin(text) == read


def test_origin_is_written_as_a_browser_writes_it() -> None:
    origins = [Origin("https", "a.test", 443), Origin("https", "a.test", 4443)]

    assert [str(origin) for origin in origins] == ["https://a.test", "https://a.test:4443"]
    assert [str(Authority("a.test")), str(Authority("a.test", 1))] == ["a.test", "a.test:1"]


@given(st.text(max_size=40))
def test_what_is_read_as_a_host_has_no_room_for_tricks(text: str) -> None:
    authority = parse_authority(text)

    if authority is not None:
        assert set(str(authority)) <= set("abcdefghijklmnopqrstuvwxyz0123456789._-:[]")
        assert parse_authority(str(authority)) == authority


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("[::1]", True),
        ("app.localhost", True),
        ("localhost.evil.test", False),
        ("evillocalhost", False),
        ("127.0.0.1.nip.io", False),
        ("10.0.0.1", False),
        ("192.168.1.2", False),
    ],
)
def test_names_of_this_machine(host: str, *, local: bool) -> None:
    assert is_localhost(host) is local
