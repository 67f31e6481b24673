import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtstart.core.forwarding import (
    AnswerPolicy,
    Arrival,
    HeaderList,
    client_address,
    cookie_values,
    downstream_headers,
    upgrade_headers,
    upstream_headers,
    without_cookie,
)
from rtstart.core.hosts import Origin
from rtstart.core.routes import Upstream

NEXT = Upstream("web", 3000, framework="next")
PUBLIC = Arrival(Origin("https", "app.test", 8443), "203.0.113.9", "public")
LOCAL = Arrival(Origin("http", "localhost", 4173), "::1", "local")
OPEN = AnswerPolicy(frames_refused=False)


def test_ordinary_request_keeps_its_origin_and_carries_the_public_host() -> None:
    headers: HeaderList = [
        (b"Host", b"app.test:8443"),
        (b"Origin", b"https://app.test:8443"),
        (b"accept-language", b"de"),
        (b"Content-Length", b"5"),
        (b"Expect", b"100-continue"),
    ]

    assert upstream_headers(headers, arrival=PUBLIC, upstream=NEXT) == [
        (b"Origin", b"https://app.test:8443"),
        (b"accept-language", b"de"),
        (b"Host", b"localhost:3000"),
        (b"X-Forwarded-For", b"203.0.113.9"),
        (b"X-Forwarded-Host", b"app.test:8443"),
        (b"X-Forwarded-Port", b"8443"),
        (b"X-Forwarded-Proto", b"https"),
        (b"Forwarded", b'for=203.0.113.9;host="app.test:8443";proto=https'),
    ]


def test_upgrade_carries_the_servers_own_host_and_origin() -> None:
    headers: HeaderList = [
        (b"Host", b"app.test:8443"),
        (b"Origin", b"https://app.test:8443"),
        (b"Connection", b"keep-alive, Upgrade"),
        (b"Upgrade", b"websocket"),
        (b"Sec-WebSocket-Key", b"x"),
        (b"Sec-WebSocket-Protocol", b"vite-hmr"),
    ]

    passed = upgrade_headers(headers, arrival=PUBLIC, upstream=NEXT)

    assert passed[:6] == [
        (b"Sec-WebSocket-Key", b"x"),
        (b"Sec-WebSocket-Protocol", b"vite-hmr"),
        (b"Host", b"localhost:3000"),
        (b"Origin", b"http://localhost:3000"),
        (b"Connection", b"Upgrade"),
        (b"Upgrade", b"websocket"),
    ]
    assert (b"X-Forwarded-Host", b"app.test:8443") in passed


def test_what_a_client_claims_about_forwarding_is_dropped() -> None:
    claims: HeaderList = [
        (name, b"evil")
        for name in (
            b"X-Forwarded-For",
            b"x-forwarded-host",
            b"Forwarded",
            b"X-Real-IP",
            b"CF-Connecting-IP",
            b"OpenAI-Safety-Identifier",
            b"X-Rtstart-Token",
            b"x-middleware-subrequest",
        )
    ]

    passed = upstream_headers(claims, arrival=PUBLIC, upstream=NEXT)

    assert [value for _, value in passed if value == b"evil"] == []


def test_headers_named_by_connection_end_here_wherever_they_stand() -> None:
    headers: HeaderList = [
        (b"X-Early", b"1"),
        (b"Connection", b"close, x-early , X-Late,"),
        (b"X-Late", b"1"),
        (b"X-Kept", b"1"),
    ]

    passed = upstream_headers(headers, arrival=PUBLIC, upstream=NEXT)

    assert [name for name, _ in passed if name.startswith(b"X-") and b"Forw" not in name] == [
        b"X-Kept"
    ]


def test_visitor_hash_goes_to_the_mint() -> None:
    passed = upstream_headers([], arrival=LOCAL, upstream=NEXT, visitor="abc")

    assert passed[-1] == (b"OpenAI-Safety-Identifier", b"abc")
    assert (b"Forwarded", b'for="[::1]";host="localhost:4173";proto=http') in passed


def test_own_cookie_is_taken_out_and_others_stay() -> None:
    assert [
        without_cookie(b"a=1; __Host-rtstart=v1.x; b=2"),
        without_cookie(b"__Host-rtstart=v1.x"),
        without_cookie(b"a=__Host-rtstart"),
        without_cookie(b"a=1"),
    ] == [b"a=1; b=2", b"", b"a=__Host-rtstart", b"a=1"]
    sent: HeaderList = [(b"Cookie", b"__Host-rtstart=v1.x"), (b"Cookie", b"c=3; __Host-rtstart=y")]
    passed = upstream_headers(sent, arrival=PUBLIC, upstream=NEXT)
    assert [pair for pair in passed if pair[0] == b"Cookie"] == [(b"Cookie", b"c=3")]


def test_every_planted_cookie_is_seen() -> None:
    headers: HeaderList = [
        (b"cookie", b'a=1; __Host-rtstart="v1.x"'),
        (b"Cookie", b"__Host-rtstart=v1.y; __host-rtstart=z; __Host-rtstart"),
        (b"X-Else", b"__Host-rtstart=no"),
    ]

    assert cookie_values(headers) == [b"v1.x", b"v1.y"]


@given(
    st.lists(
        st.tuples(
            st.sampled_from([b"a", b"__Host-rtstart", b"b", b" __Host-rtstart ", b""]),
            st.binary(max_size=8).filter(lambda value: not set(value) & set(b";=\r\n")),
        ),
        max_size=6,
    )
)
def test_no_form_of_the_cookie_gets_through(pairs: list[tuple[bytes, bytes]]) -> None:
    value = b";".join(name + b"=" + rest for name, rest in pairs)

    assert cookie_values([(b"Cookie", without_cookie(value))]) == []


def test_visitors_address_is_what_the_tunnel_saw() -> None:
    def of(headers: HeaderList, told_by: str = "x-forwarded-for") -> str:
        return client_address(headers, peer="127.0.0.1", told_by=told_by)

    listed: HeaderList = [(b"X-Forwarded-For", b"1.1.1.1, 203.0.113.9")]
    assert [
        of(listed),
        of([(b"x-forwarded-for", b"1.1.1.1"), *listed]),
        of([(b"CF-Connecting-IP", b"2001:db8::1"), *listed], "cf-connecting-ip"),
        of([(b"X-Forwarded-For", b"<script>")]),
        of([]),
    ] == ["203.0.113.9", "203.0.113.9", "2001:db8::1", "127.0.0.1", "127.0.0.1"]


@pytest.mark.parametrize("told_by", ["", "x-forwarded-for", "cf-connecting-ip"])
def test_visitors_address_cannot_be_forged_in_a_header_of_another_tunnel(told_by: str) -> None:
    headers: HeaderList = [
        (name, b"1.1.1.1")
        for name in (b"CF-Connecting-IP", b"X-Forwarded-For", b"X-Real-IP", b"Forwarded")
        if name.lower().decode() != told_by
    ]

    assert client_address(headers, peer="127.0.0.1", told_by=told_by) == "127.0.0.1"


def test_redirects_to_the_server_itself_lead_back() -> None:
    def moved(location: bytes) -> bytes:
        headers: HeaderList = [(b"Location", location)]
        return downstream_headers(headers, arrival=PUBLIC, upstream=NEXT, policy=OPEN)[0][1]

    assert [
        moved(b"http://localhost:3000/a?b#c"),
        moved(b"https://localhost:3000"),
        moved(b"http://127.0.0.1:3000/"),
        moved(b"http://localhost:30001/"),
        moved(b"http://localhost:3000.evil.test/"),
        moved(b"/relative"),
        moved(b"https://other.test/"),
    ] == [
        b"https://app.test:8443/a?b#c",
        b"https://app.test:8443",
        b"https://app.test:8443/",
        b"http://localhost:30001/",
        b"http://localhost:3000.evil.test/",
        b"/relative",
        b"https://other.test/",
    ]


def test_answer_gets_the_missing_security_headers() -> None:
    policy = AnswerPolicy(frames_refused=True, not_stored=True, calls_path=b"/.rtstart/calls")
    headers: HeaderList = [
        (b"Content-Type", b"text/html"),
        (b"Cache-Control", b"public"),
        (b"Transfer-Encoding", b"chunked"),
        (b"Connection", b"x-hop"),
        (b"X-Hop", b"1"),
        (b"Set-Cookie", b"__host-RTSTART=x"),
        (b"Set-Cookie", b"mine=1"),
    ]

    assert downstream_headers(headers, arrival=PUBLIC, upstream=NEXT, policy=policy) == [
        (b"Content-Type", b"text/html"),
        (b"Set-Cookie", b"mine=1"),
        (b"X-Robots-Tag", b"noindex, nofollow"),
        (b"Referrer-Policy", b"no-referrer"),
        (b"Permissions-Policy", b"microphone=(self)"),
        (b"Content-Security-Policy", b"frame-ancestors 'none'"),
        (b"X-Frame-Options", b"DENY"),
        (b"Cache-Control", b"no-store"),
        (b"X-Calls-Url", b"/.rtstart/calls"),
    ]


def test_apps_own_policies_stay() -> None:
    headers: HeaderList = [
        (b"Referrer-Policy", b"origin"),
        (b"Permissions-Policy", b"Microphone=(), camera=()"),
        (b"X-Frame-Options", b"SAMEORIGIN"),
        (b"Content-Security-Policy", b"default-src 'self'"),
    ]
    policy = AnswerPolicy(frames_refused=True)

    assert downstream_headers(headers, arrival=PUBLIC, upstream=NEXT, policy=policy) == [
        *headers,
        (b"X-Robots-Tag", b"noindex, nofollow"),
        (b"Content-Security-Policy", b"frame-ancestors 'none'"),
    ]
