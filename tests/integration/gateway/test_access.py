"""Who comes in, by which door, and what a stranger sees."""

import asyncio

import aiohttp
import pytest

from rtstart.adapters.gateway import Bounds
from rtstart.core.errors import Conflict
from rtstart.core.events import Minted, Visited
from tests.fakes.gateways import ORIGIN, running

pytestmark = pytest.mark.integration

PAGE = {"Accept": "text/html", "Sec-Fetch-Dest": "document"}


async def test_stranger_sees_how_to_get_in_and_nothing_else() -> None:
    async with running() as r:
        async with r.client.get(r.public_url + "/", headers=r.outside(**PAGE)) as answer:
            text = await answer.text()
        async with r.client.get(r.public_url + "/app.js", headers=r.outside()) as program:
            told = await program.json()

        assert (answer.status, "This app is private" in text) == (401, True)
        assert (program.status, told["error"]["code"]) == (401, "not_invited")
        assert r.web.requests == []
        assert r.events == [Visited("somebody", "refused", "not invited, 203.0.113.0")]


async def test_invitation_is_spent_by_post_and_not_by_looking() -> None:
    async with running() as r:
        url = r.public_url + r.gateway.invite("Ada").path
        looks = []
        for method in ("GET", "HEAD", "GET"):
            async with r.client.request(method, url, headers=r.outside()) as answer:
                looks.append(answer.status)
        posts = []
        for _ in range(2):
            headers = r.outside(Origin=ORIGIN)
            async with r.client.post(url, headers=headers, allow_redirects=False) as answer:
                posts.append((answer.status, answer.headers.get("Location")))
                cookies = answer.headers.getall("Set-Cookie", [])

        assert looks == [200, 200, 200]
        assert posts == [(303, "/"), (403, None)]
        assert cookies == []
        assert [visitor.name for visitor in r.gateway.visitors()] == ["Ada"]


async def test_cookie_is_as_strict_as_cookies_can_be() -> None:
    async with running() as r:
        url = r.public_url + r.gateway.invite().path
        async with r.client.post(url, headers=r.outside(), allow_redirects=False) as answer:
            cookie = answer.headers["Set-Cookie"]

    value, *attributes = cookie.split("; ")
    assert value.startswith("__Host-rtstart=v1.")
    assert attributes == ["Path=/", "Max-Age=43200", "HttpOnly", "Secure", "SameSite=Lax"]


async def test_invitation_expires() -> None:
    async with running() as r:
        url = r.public_url + r.gateway.invite().path
        r.clock.now += 31 * 60
        async with r.client.post(url, headers=r.outside()) as answer:
            assert (answer.status, "too old" in await answer.text()) == (403, True)


async def test_invitation_posted_by_another_site_is_not_spent() -> None:
    async with running() as r:
        url = r.public_url + r.gateway.invite().path
        evil = r.outside(Origin="https://evil.test")
        async with r.client.post(url, headers=evil) as answer:
            assert answer.status == 403
        form = r.outside(Origin="null") | {"Sec-Fetch-Site": "same-origin"}
        async with r.client.post(url, headers=form, allow_redirects=False) as answer:
            assert answer.status == 303


async def test_code_that_was_mistyped_can_be_typed_again() -> None:
    async with running() as r:
        right = r.gateway.invite().code
        pages = []
        for typed in ("nonsense", "AAAA-AAAA", right.lower().replace("-", " ")):
            url = r.public_url + "/.rtstart/enter"
            async with r.client.get(url, params={"code": typed}, headers=r.outside()) as answer:
                pages.append((answer.status, 'action="/.rtstart/enter"' in await answer.text()))

        assert pages == [(403, True), (403, True), (200, False)]


async def test_guessing_is_slowed_down() -> None:
    async with running() as r:
        statuses = []
        for letter in "23456789ABCD":
            url = f"{r.public_url}/i/ZZZZ-ZZZ{letter}"
            async with r.client.get(url, headers=r.outside()) as answer:
                statuses.append(answer.status)

        assert statuses == [403] * 10 + [429] * 2
        assert int(answer.headers["Retry-After"]) > 0


@pytest.mark.parametrize("is_in_path", [True, False])
async def test_guessing_the_standing_token_is_slowed_down(is_in_path: bool) -> None:
    right = "a-token-for-the-build-server"
    async with running(standing_token=right) as r:
        statuses = []
        for guess in (*(f"{number:02}-is-a-wrong-guess" for number in range(10)), right):
            url = r.public_url + (f"/i/{guess}" if is_in_path else "/")
            headers = r.outside() if is_in_path else r.outside(**{"X-Rtstart-Token": guess})
            async with r.client.get(url, headers=headers) as answer:
                statuses.append(answer.status)
        r.clock.now += 61
        async with r.client.get(r.public_url, headers=r.outside(**{"X-Rtstart-Token": right})) as a:
            statuses.append(a.status)

        assert statuses == [401] * 11 + [200]


@pytest.mark.parametrize(
    ("believed", "forged"),
    [
        ("x-forwarded-for", "CF-Connecting-IP"),
        ("x-forwarded-for", "X-Real-IP"),
        ("cf-connecting-ip", "X-Forwarded-For"),
        ("", "X-Forwarded-For"),
        ("", "CF-Connecting-IP"),
    ],
)
async def test_guessing_is_slowed_down_when_addresses_are_forged(
    believed: str, forged: str
) -> None:
    async with running() as r:
        r.gateway.believe_client_header(ORIGIN, believed)
        statuses = []
        for number, letter in enumerate("23456789ABCD"):
            told = {"Host": "app.tunnel.test", forged: f"198.51.100.{number}"}
            if believed:
                told[believed] = "203.0.113.9"
            async with r.client.get(f"{r.public_url}/i/ZZZZ-ZZZ{letter}", headers=told) as answer:
                statuses.append(answer.status)

        assert statuses == [403] * 10 + [429] * 2


async def test_developer_needs_no_invitation_but_a_name_of_this_machine() -> None:
    async with running() as r:
        statuses = {}
        for host in (
            "localhost",
            f"localhost:{r.local}",
            "127.0.0.1",
            "[::1]",
            "myapp.localhost",
            "evil.test",
            "localhost.evil.test",
            "192.168.1.2",
            "app.tunnel.test",
            "localhost:99999",
        ):
            async with r.client.get(r.local_url + "/", headers={"Host": host}) as answer:
                statuses[host] = answer.status

        assert statuses == {
            "localhost": 200,
            f"localhost:{r.local}": 200,
            "127.0.0.1": 200,
            "[::1]": 200,
            "myapp.localhost": 200,
            "evil.test": 421,
            "localhost.evil.test": 421,
            "192.168.1.2": 421,
            "app.tunnel.test": 421,
            "localhost:99999": 400,
        }


async def test_tunnel_that_points_at_the_local_port_is_refused() -> None:
    async with running() as r:
        headers = {"Host": "localhost", "X-Forwarded-For": "203.0.113.9"}
        async with r.client.get(r.local_url + "/", headers=headers) as answer:
            assert (answer.status, "public port" in await answer.text()) == (421, True)


async def test_public_port_answers_only_to_what_was_announced() -> None:
    async with running() as r:
        cookie = await r.come_in()
        statuses = {}
        for host in ("app.tunnel.test", "APP.tunnel.test:443", "localhost:1", "evil.test"):
            headers = r.outside(Cookie=cookie) | {"Host": host}
            async with r.client.get(r.public_url + "/", headers=headers) as answer:
                statuses[host] = answer.status

        assert statuses == {
            "app.tunnel.test": 200,
            "APP.tunnel.test:443": 200,
            "localhost:1": 200,
            "evil.test": 421,
        }


async def test_local_form_of_host_does_not_open_the_public_port() -> None:
    async with running() as r:
        async with r.client.get(r.public_url + "/", headers={"Host": "localhost"}) as answer:
            assert answer.status == 401
        assert r.web.requests == []


async def test_old_address_is_refused_after_a_new_one_was_announced() -> None:
    async with running() as r:
        r.gateway.set_public_origin("https://second.tunnel.test", "https://192.168.1.20:4443")
        statuses = []
        for host in ("app.tunnel.test", "second.tunnel.test", "192.168.1.20:4443"):
            async with r.client.get(r.public_url + "/", headers={"Host": host}) as answer:
                statuses.append(answer.status)

    assert statuses == [421, 401, 401]


async def test_open_to_all_needs_no_invitation() -> None:
    async with (
        running(is_open=True) as r,
        r.client.get(r.public_url + "/", headers=r.outside()) as answer,
    ):
        assert answer.status == 200


async def test_nonce_is_told_to_everybody_and_is_new_each_run() -> None:
    nonces = []
    for _ in range(2):
        async with running() as r:
            async with r.client.get(
                r.public_url + "/.rtstart/nonce", headers=r.outside()
            ) as answer:
                assert await answer.text() == r.gateway.nonce
            nonces.append(r.gateway.nonce)

    assert nonces[0] != nonces[1]


async def test_phones_can_fetch_the_authority_that_they_must_trust() -> None:
    async with running() as r:
        url = r.public_url + "/.rtstart/ca.crt"
        async with r.client.get(url, headers=r.outside()) as before:
            assert before.status == 404
        r.gateway.set_authority(b"-----BEGIN CERTIFICATE-----")
        async with r.client.get(url, headers=r.outside()) as answer:
            assert answer.content_type == "application/x-x509-ca-cert"
            assert await answer.read() == b"-----BEGIN CERTIFICATE-----"


async def test_security_headers_on_what_visitors_get() -> None:
    async with running() as r:
        cookie = await r.come_in()
        async with r.client.get(r.public_url + "/", headers=r.outside(Cookie=cookie)) as answer:
            found = {
                name: answer.headers.get(name)
                for name in (
                    "Referrer-Policy",
                    "X-Robots-Tag",
                    "Permissions-Policy",
                    "Content-Security-Policy",
                    "X-Frame-Options",
                )
            }

    assert found == {
        "Referrer-Policy": "no-referrer",
        "X-Robots-Tag": "noindex, nofollow",
        "Permissions-Policy": "microphone=(self)",
        "Content-Security-Policy": "frame-ancestors 'none'",
        "X-Frame-Options": "DENY",
    }


async def test_secrets_in_files_and_the_developers_tools_stay_inside() -> None:
    async with running() as r:
        cookie = await r.come_in()
        for path in ("/.env", "/@fs/home/me/app/.env?raw", "/.git/config", "/certs/my.key"):
            async with r.client.get(
                r.public_url + path, headers=r.outside(Cookie=cookie)
            ) as answer:
                assert answer.status == 404
        assert r.web.requests == []


async def test_service_that_is_down_is_a_page_that_comes_back() -> None:
    async with running() as r:
        down = r.web.port
        async with r.client.get(r.local_url + "/.rtstart/up/web") as answer:
            assert answer.status == 204
        await r.web_stop()
        async with r.client.get(r.local_url + "/", headers=PAGE) as answer:
            text = await answer.text()
        async with r.client.get(r.local_url + "/x.json") as program:
            told = await program.json()
        async with r.client.get(r.local_url + "/.rtstart/up/web") as probe:
            assert probe.status == 503

    assert (answer.status, 'data-poll="/.rtstart/up/web"' in text) == (503, True)
    assert (program.status, told["error"]["code"]) == (503, "upstream_down")
    assert down


async def test_mint_wants_cookie_origin_post_and_json() -> None:
    async with running() as r:
        cookie = await r.come_in()
        url = r.public_url + "/session"
        json = {"Content-Type": "application/json"}
        asked: dict[str, tuple[str, dict[str, str], str]] = {
            "stranger": ("POST", r.outside(Origin=ORIGIN) | json, url),
            "get": ("GET", r.outside(Cookie=cookie, Origin=ORIGIN) | json, url),
            "no origin": ("POST", r.outside(Cookie=cookie) | json, url),
            "other origin": ("POST", r.outside(Cookie=cookie, Origin="https://e.test") | json, url),
            "form": ("POST", r.outside(Cookie=cookie, Origin=ORIGIN), url),
            "good": ("POST", r.outside(Cookie=cookie, Origin=ORIGIN) | json, url),
            "disguised": ("GET", r.outside(Cookie=cookie, Origin=ORIGIN) | json, url + "/"),
        }
        statuses = {}
        for name, (method, headers, to) in asked.items():
            async with r.client.request(method, to, headers=headers, data=b"{}") as answer:
                statuses[name] = answer.status
                if name == "good":
                    assert await answer.json() == {"value": "ek_test0000", "expires_at": 1}
                    assert answer.headers.getall("Cache-Control") == ["no-store"]

        assert statuses == {
            "stranger": 401,
            "get": 405,
            "no origin": 403,
            "other origin": 403,
            "form": 415,
            "good": 200,
            "disguised": 405,
        }
        assert r.token.requests == [("POST", "/session")]
        assert len(r.token.header("OpenAI-Safety-Identifier")[0]) == 32


async def test_mint_limits_are_told_with_the_time_to_wait() -> None:
    async with running() as r:
        url = r.local_url + "/session"
        statuses = []
        for _ in range(7):
            async with r.client.post(url, json={}) as answer:
                statuses.append(answer.status)
                last = await answer.json()
        r.clock.now += 61
        async with r.client.post(url, json={}) as later:
            statuses.append(later.status)

        assert statuses == [200] * 6 + [429, 200]
        assert answer.headers["Retry-After"] == "61"
        assert (last["error"]["code"], last["error"]["retry_after"]) == ("visitor_limit", 61)
        assert [e.status for e in r.events if isinstance(e, Minted)] == statuses


async def test_taken_port_is_named() -> None:
    async with running() as r:
        with pytest.raises(Conflict) as conflict:
            await r.gateway.listen_local(r.local)

    assert (conflict.value.code, conflict.value.where) == ("RT201", f"port {r.local}")


async def test_request_head_that_never_ends_is_cut() -> None:
    async with running(bounds=Bounds(head_within_s=0.2)) as r:
        reader, writer = await asyncio.open_connection("127.0.0.1", r.public)
        writer.write(b"GET / HTTP/1.1\r\nHost: app.tunnel.test\r\nX-Slow: ")
        async with asyncio.timeout(3):
            said = await reader.read()
        writer.close()

    assert said.startswith(b"HTTP/1.1 408 ")


async def test_mint_is_guarded_against_requests_that_pose_as_sockets() -> None:
    async with running() as r:
        cookie = await r.come_in()
        headers = r.outside(Cookie=cookie, Origin=ORIGIN)
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await r.client.ws_connect(r.public_url + "/session", headers=headers)

        assert refused.value.status == 405
        assert r.token.requests == []


async def test_dropped_visitor_loses_a_stream_that_is_under_way() -> None:
    async with running() as r:
        cookie = await r.come_in()
        headers = r.outside(Cookie=cookie)
        async with r.client.get(r.public_url + "/events", headers=headers) as answer:
            await answer.content.readuntil(b"\n\n")
            r.gateway.drop_all()
            with pytest.raises(aiohttp.ClientError):
                async with asyncio.timeout(2):
                    await answer.content.read()
