from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtstart.core.routes import (
    BadPath,
    RequestPath,
    Route,
    RouteTable,
    Upstream,
    is_private,
    is_same_path,
    parse_target,
)

WEB = Upstream("web", 5173, framework="vite")
TOKEN = Upstream("token", 8787)
CONFIG = Upstream("config", 8788)
TABLE = RouteTable(
    (WEB, TOKEN, CONFIG),
    (Route("/session", "token"), Route("session/config/", "config")),
    default="web",
)


def _path(target: str) -> RequestPath:
    path = parse_target(target)
    assert isinstance(path, RequestPath), path
    return path


def test_target_is_split_and_kept_as_sent() -> None:
    path = _path("/src/main.ts?t=1?2")

    assert path == RequestPath("/src/main.ts", "t=1?2", ("src", "main.ts"))
    assert [path.target, _path("/a").target] == ["/src/main.ts?t=1?2", "/a"]


@pytest.mark.parametrize(
    ("target", "segments"),
    [
        ("/", ()),
        ("/a/", ("a",)),
        ("/@fs/home/x.ts", ("@fs", "home", "x.ts")),
        ("/.well-known/x", (".well-known", "x")),
        ("/a//b", ("a", "b")),
        ("/a%20b", ("a b",)),
        ("/a%252Fb", ("a", "b")),
        ("/caf%C3%A9", ("café",)),
        ("/%ff", ("\udcff",)),
        ("/" + "a" * 300, ("a" * 300,)),
        ("/café", ("café",)),
        ("/node_modules/.vite/deps/react.js", ("node_modules", ".vite", "deps", "react.js")),
        ("/@id/__x00__virtual:thing", ("@id", "__x00__virtual:thing")),
    ],
)
def test_unusual_but_honest_paths_are_read(target: str, segments: tuple[str, ...]) -> None:
    assert _path(target).segments == segments


@pytest.mark.parametrize(
    "target",
    [
        "",
        "a",
        "*",
        "http://evil.test/",
        "//evil.test/",
        "/a/../b",
        "/..",
        "/./a",
        "/a/.",
        "/%2e%2e/a",
        "/x/..;/session",
        "/%2E./a",
        "/a%2f..%2fb",
        "/a%5c..%5cb",
        "/a\\b",
        "/%252e%252e/a",
        "/%25252e%25252e/x",
        "/a%00",
        "/a%2500",
        "/a%0d%0aX: y",
        "/a b",
        "/a\tb",
        "/a#b",
        "/a%",
        "/a%zz",
        "/%2525252525252561",
    ],
)
def test_paths_that_two_servers_could_read_differently_are_refused(target: str) -> None:
    assert isinstance(parse_target(target), BadPath)


@pytest.mark.parametrize(
    ("target", "upstream"),
    [
        ("/", WEB),
        ("/session", TOKEN),
        ("/session/", TOKEN),
        ("/session?x=1", TOKEN),
        ("/session/other", TOKEN),
        ("/session/config", CONFIG),
        ("/session/config/x", CONFIG),
        ("/session/configs", TOKEN),
        ("/sessions", WEB),
        ("/Session", WEB),
        ("/x/session", WEB),
        ("/a//b", WEB),
    ],
)
def test_longest_prefix_wins(target: str, upstream: Upstream) -> None:
    assert TABLE.find(_path(target)) == upstream


@pytest.mark.parametrize("target", ["/%73ession", "/session%2Fconfig", "/x/%2fsession/..%20"])
def test_disguised_route_is_refused_or_goes_where_it_reads(target: str) -> None:
    found = TABLE.find(_path(target))

    assert isinstance(found, BadPath) or found == WEB


@given(st.text(min_size=1, max_size=30))
def test_no_spelling_leads_to_another_service_than_its_decoded_form(text: str) -> None:
    for target in ("/" + quote(text, safe=""), "/" + quote(text), "/" + text):
        path = parse_target(target)
        if isinstance(path, RequestPath) and path.query is None:
            found = TABLE.find(path)
            meant = TABLE.find(RequestPath("/" + "/".join(path.segments), None, path.segments))
            assert isinstance(found, BadPath) or found == meant


@given(st.text(alphabet="/.%25eEfF\\session2Aa;", max_size=24))
def test_no_path_that_is_accepted_climbs(text: str) -> None:
    path = parse_target("/" + text)

    if isinstance(path, RequestPath):
        assert not {".", ".."} & set(path.segments)


def test_route_to_a_service_that_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match="no upstream is named 'gone'"):
        RouteTable((WEB,), (Route("/x", "gone"),), default="web")


@pytest.mark.parametrize(
    ("target", "same"),
    [
        ("/session", True),
        ("/session/", True),
        ("/session//", True),
        ("/SESSION", True),
        ("/%73ession", True),
        ("/session;v=1", True),
        ("/session?x", True),
        ("/session/config", False),
        ("/sessions", False),
        ("/", False),
    ],
)
def test_lenient_spellings_of_the_mint_path_are_known(target: str, *, same: bool) -> None:
    assert is_same_path(_path(target), "/session") is same


@pytest.mark.parametrize(
    "target",
    [
        "/.env",
        "/.ENV",
        "/.env.local",
        "/.env.",
        "/.env%20",
        "/.env::$DATA",
        "/.env;x",
        "/a/.env/b",
        "/%2eenv",
        "/%252eenv",
        "/@fs/home/me/app/.env",
        "/@fs//home/me/app/.env?raw??",
        "/x%5c.env",
        "/.git/config",
        "/.npmrc",
        "/key.pem",
        "/server.KEY",
        "/.rtstart/log",
        "/__open-in-editor?file=x",
        "/%5f_open-in-editor",
    ],
)
def test_what_no_visitor_may_see(target: str) -> None:
    assert is_private(_path(target), "vite")


@pytest.mark.parametrize(
    "target", ["/", "/.well-known/x", "/environment", "/src/env.ts", "/keys", "/a.env.ts"]
)
def test_what_visitors_may_see(target: str) -> None:
    assert not is_private(_path(target), "vite")


def test_developer_tools_belong_to_their_framework() -> None:
    paths = ("/base/__nextjs_launch-editor?file=x", "/_next/mcp", "/__open-in-editor", "/_next/hmr")

    assert [is_private(_path(path), "next") for path in paths] == [True, True, False, False]
    assert [is_private(_path(path), "none") for path in paths] == [False] * 4


def test_server_knows_itself_as_localhost() -> None:
    assert WEB.own_host == "localhost:5173"
