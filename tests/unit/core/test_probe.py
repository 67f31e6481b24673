"""An upgrade taken apart: reading, judging, blaming."""

import pytest

from rtstart.core.findings import Finding
from rtstart.core.probe import (
    Head,
    Layer,
    Place,
    blame,
    exit_code,
    finding_of,
    judge_upgrade,
    parse_head,
    parse_place,
    title_of,
    who_answered,
)
from rtstart.core.websocket import Frame, accept_for, decode, encode

_KEY = "dGhlIHNhbXBsZSBub25jZQ=="
_ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
_PLACE = Place("voice.example.test", 443, "/socket", is_secure=True)


def _head(status: int = 101, **headers: str) -> Head:
    given = {
        "Upgrade": "websocket",
        "Connection": "keep-alive, Upgrade",
        "Sec-WebSocket-Accept": _ACCEPT,
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    return Head(status, "", tuple(given.items()))


def test_accept_is_the_papers_own_example() -> None:
    assert accept_for(_KEY) == _ACCEPT


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("wss://voice.example.test/socket", _PLACE),
        ("https://voice.example.test/socket", _PLACE),
        ("voice.example.test/socket", _PLACE),
        ("ws://localhost:8080", Place("localhost", 8080, "/", is_secure=False)),
        ("ws://[::1]/a?b=c", Place("::1", 80, "/a?b=c", is_secure=False)),
    ],
)
def test_place_is_read_when_an_address_has_any_of_four_schemes(url: str, place: Place) -> None:
    assert parse_place(url) == place


@pytest.mark.parametrize("url", ["ftp://x", "wss://", "wss://x:99999"])
def test_place_is_refused_when_it_is_no_address(url: str) -> None:
    assert isinstance(parse_place(url), Finding)


@pytest.mark.parametrize(
    ("place", "authority", "origin"),
    [
        (_PLACE, "voice.example.test", "https://voice.example.test"),
        (Place("::1", 80, "/", is_secure=False), "[::1]", "http://[::1]"),
        (Place("x", 8443, "/", is_secure=True), "x:8443", "https://x:8443"),
    ],
)
def test_place_names_itself_as_a_browser_would(place: Place, authority: str, origin: str) -> None:
    assert (place.authority, place.origin) == (authority, origin)


def test_head_is_read_with_every_header() -> None:
    data = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nX-A: 1\r\nX-A: 2\r\nbroken"

    head = parse_head(data)

    assert head == Head(
        101, "Switching Protocols", (("Upgrade", "websocket"), ("X-A", "1"), ("X-A", "2"))
    )
    assert (head.get("x-a"), head.get("missing")) == ("1", "")


@pytest.mark.parametrize("data", [b"", b"SSH-2.0-OpenSSH_9.2p1", b"HTTP/2 200"])
def test_head_is_none_when_it_is_no_http_1(data: bytes) -> None:
    assert parse_head(data) is None


@pytest.mark.parametrize(
    ("head", "protocols", "wrong"),
    [
        (_head(), [], ""),
        (_head(Sec_WebSocket_Protocol="vite-hmr"), ["vite-hmr"], ""),
        (Head(404, "Not Found", ()), [], "the upgrade was answered with 404 Not Found"),
        (Head(404, "", ()), [], "the upgrade was answered with 404"),
        (_head(Upgrade="h2c"), [], 'the answer upgrades to "h2c"'),
        (_head(Connection="close"), [], "the answer has no Connection: Upgrade"),
        (
            _head(Sec_WebSocket_Accept="x"),
            [],
            "Sec-WebSocket-Accept does not belong to our key: the answer was made for another",
        ),
        (
            _head(Sec_WebSocket_Protocol="other"),
            ["a"],
            'the answer chose the subprotocol "other", which was not offered',
        ),
        (_head(), ["a", "b"], "none of the subprotocols was chosen (a, b)"),
    ],
)
def test_upgrade_is_judged_by_the_paper(head: Head, protocols: list[str], wrong: str) -> None:
    assert judge_upgrade(head, key=_KEY, protocols=protocols) == wrong


@pytest.mark.parametrize(
    ("headers", "body", "who"),
    [
        ({"CF-Ray": "8f"}, "", "Cloudflare's edge"),
        ({"ngrok-error-code": "ERR_NGROK_3200"}, "", "ngrok's edge (ERR_NGROK_3200)"),
        ({"Server": "nginx/1.25"}, "", "nginx"),
        ({}, "Blocked request. This host", "a Vite dev server that does not know this host"),
        ({"Server": "something"}, "", ""),
    ],
)
def test_author_of_an_answer_is_guessed_by_its_signs(
    headers: dict[str, str], body: str, who: str
) -> None:
    assert who_answered(Head(502, "", tuple(headers.items())), body) == who


@pytest.mark.parametrize(
    ("body", "title"),
    [
        ("<html><TITLE>\n Error  1033 </TITLE>", "Error 1033"),
        ("<p>Not <b>here</b></p>", "Not here"),
        ("x" * 200, "x" * 120),
    ],
)
def test_page_is_named_by_its_title_or_first_words(body: str, title: str) -> None:
    assert title_of(body) == title


@pytest.mark.parametrize(
    ("layer", "status", "words", "code"),
    [
        ("name", 0, "", "RT412"),
        ("tcp", 0, "refused", "RT423"),
        ("tls", 0, "expired", "RT413"),
        ("http", 0, "cut", "RT415"),
        ("http", 0, "what came back is no HTTP", "RT418"),
        ("upgrade", 426, "answered with 426", "RT416"),
        ("upgrade", 302, "answered with 302", "RT445"),
        ("upgrade", 429, "answered with 429", "RT443"),
        ("upgrade", 502, "answered with 502", "RT415"),
        ("upgrade", 530, "answered with 530", "RT426"),
        ("upgrade", 200, "answered with 200", "RT416"),
        ("upgrade", 403, "by a Vite dev server", "RT419"),
        ("upgrade", 403, "forbidden", "RT415"),
        ("echo", 101, "closed", "RT415"),
    ],
)
def test_finding_belongs_to_the_layer(layer: Layer, status: int, words: str, code: str) -> None:
    assert finding_of(layer, _PLACE, words, status).code == code


@pytest.mark.parametrize(
    ("failed", "code"), [(None, 0), ("name", 11), ("upgrade", 15), ("close", 17)]
)
def test_exit_code_counts_the_layers(failed: Layer | None, code: int) -> None:
    assert exit_code(failed) == code


def test_blame_goes_to_the_side_that_fails_alone() -> None:
    assert blame("upgrade", None).startswith("The local service passes")
    assert blame("upgrade", "upgrade").startswith("The local service fails at the same place")
    assert blame("upgrade", "tcp") == "The local service fails too, at tcp: mend that first."
    assert blame("upgrade", "not asked") == ""
    assert blame(None, None) == ""


@pytest.mark.parametrize("size", [0, 5, 125, 126, 70_000 % 65_536])
def test_frame_comes_back_as_it_was_when_it_is_read_by_a_server(size: int) -> None:
    payload = bytes(at % 251 for at in range(size))

    data = encode("ping", payload, mask=b"\x01\x02\x03\x04")

    assert decode(data + b"more") == (Frame("ping", payload), len(data))
    assert all(decode(data[:cut]) is None for cut in range(0, len(data), max(1, len(data) // 7)))


@pytest.mark.parametrize(
    ("data", "frame"),
    [
        (b"\x88\x02\x03\xe9", Frame("close", b"\x03\xe9")),
        (b"\x88\x00", Frame("close", b"")),
        (b"\x82\x01x", Frame("", b"x")),
        (b"\x81\x7f" + (3).to_bytes(8, "big") + b"abc", Frame("text", b"abc")),
    ],
)
def test_servers_frame_is_read_without_a_mask(data: bytes, frame: Frame) -> None:
    assert decode(data) == (frame, len(data))


def test_close_code_is_1005_when_there_is_none() -> None:
    assert Frame("close", b"\x03\xe9").close_code == 1001
    assert Frame("close", b"").close_code == 1005
    assert Frame("text", b"").close_code is None
