"""The security rows that the gateway and the relay hold, each by its number (docs/security.md)."""

import json
import os
import sys
from pathlib import Path

import psutil
import pytest

from rtstart.adapters.gateway import Gateway, GatewaySettings, Upstream
from rtstart.adapters.leak_scan import scan_build
from rtstart.adapters.processes import Runner
from rtstart.core.config import ProjectConfig, ServiceConfig
from rtstart.core.dotenv import Dotenv
from rtstart.core.events import Event, Minted, Started, Visited
from rtstart.core.mint_guard import MintLimits
from rtstart.core.plan import Plan, make_plan
from rtstart.core.project import Key, Project
from rtstart.core.secrets import Masker
from tests.fakes.gateways import ORIGIN, running

pytestmark = pytest.mark.integration

JSON = {"Content-Type": "application/json"}
KEY = "sk-proj-" + "Ab1_" * 12


def _plan(project_dir: Path, command: str) -> Plan:
    """The plan of a project whose token service alone lists the key."""
    token = ServiceConfig(name="token", secrets=("OPENAI_API_KEY",))
    project = Project(
        name="myapp",
        project_dir=str(project_dir),
        config=ProjectConfig(services={"token": token}),
        commands={"token": command, "web": command},
        dotenv=Dotenv({}, {}),
    )
    environment = {"PATH": os.environ["PATH"], "OPENAI_API_KEY": KEY}
    return make_plan(
        project, ports={}, environment=environment, key=Key(KEY, ".env"), emulation=None
    )


async def test_s01_local_and_tunnel_ports_are_bound_to_loopback_only() -> None:
    async with running() as r:
        for port in (r.local, r.public):
            bound = {
                one.laddr.ip
                for one in psutil.Process().net_connections()
                if one.status == psutil.CONN_LISTEN and one.laddr.port == port
            }
            assert bound <= {"127.0.0.1", "::1"}
        assert "127.0.0.1" in bound


async def test_s02_first_visit_needs_a_link_that_becomes_a_cookie_and_leaves_the_address() -> None:
    async with running() as r:
        async with r.client.get(r.public_url + "/", headers=r.outside()) as bare:
            assert bare.status == 401
        invitation = r.gateway.invite()
        async with r.client.post(
            r.public_url + invitation.path, headers=r.outside(), allow_redirects=False
        ) as spent:
            cookie = spent.headers["Set-Cookie"]
            location = spent.headers["Location"]
            assert spent.headers["Referrer-Policy"] == "no-referrer"

    assert location == "/"
    assert invitation.code not in location
    for attribute in ("__Host-", "HttpOnly", "Secure", "SameSite=Lax", "Path=/"):
        assert attribute in cookie
    assert "Domain" not in cookie


async def test_s03_preview_bots_do_not_burn_a_link() -> None:
    async with running() as r:
        url = r.public_url + r.gateway.invite().path
        for method in ("GET", "HEAD", "OPTIONS", "GET"):
            async with r.client.request(method, url, headers=r.outside()) as looked:
                assert "Set-Cookie" not in looked.headers
        async with r.client.post(url, headers=r.outside(), allow_redirects=False) as spent:
            assert spent.status == 303


async def test_s04_visitors_are_listed_and_dropped_one_by_one() -> None:
    async with running() as r:
        cookies = [await r.come_in(name) for name in ("Ada", "Bob")]
        first, second = r.gateway.visitors()
        r.gateway.drop(first.id)
        statuses = []
        for cookie in cookies:
            async with r.client.get(r.public_url + "/", headers=r.outside(Cookie=cookie)) as got:
                statuses.append(got.status)

        assert (statuses, [visitor.name for visitor in r.gateway.visitors()]) == (
            [401, 200],
            ["Bob"],
        )
        assert second.name == "Bob"


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({}, 200),
        ({"method": "GET"}, 405),
        ({"Cookie": "a=1"}, 401),
        ({"Origin": "https://evil.test"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Content-Type": "text/plain"}, 415),
        ({"Host": "evil.test"}, 421),
    ],
)
async def test_s05_mint_wants_post_cookie_origin_json_and_host(
    wrong: dict[str, str], status: int
) -> None:
    async with running() as r:
        cookie = await r.come_in()
        headers = r.outside(Cookie=cookie, Origin=ORIGIN) | JSON | wrong
        method = headers.pop("method", "POST")
        async with r.client.request(
            method, r.public_url + "/session", headers=headers, data=b"{}"
        ) as answer:
            assert answer.status == status
        assert len(r.token.requests) == (1 if status == 200 else 0)


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        (MintLimits(per_visitor_per_minute=1), "visitor_limit"),
        (MintLimits(per_minute=1), "global_limit"),
        (MintLimits(open_per_visitor=1), "open_calls"),
        (MintLimits(open_calls=1), "open_calls_in_all"),
        (MintLimits(per_run=1), "run_limit"),
    ],
)
async def test_s06_limits_answer_429_with_words_and_the_time_to_wait(
    limits: MintLimits, code: str
) -> None:
    async with running(limits=limits) as r:
        for _ in range(2):
            async with r.client.post(r.local_url + "/session", json={}) as answer:
                told = await answer.json()

        assert (answer.status, told["error"]["code"]) == (429, code)
        assert told["error"]["message"].endswith(".")
        assert ("Retry-After" in answer.headers) == (code != "run_limit")


async def test_s07_answers_with_a_secret_are_not_stored_and_not_told() -> None:
    async with running() as r:
        async with r.client.post(r.local_url + "/session", json={}) as answer:
            assert answer.headers.getall("Cache-Control") == ["no-store"]
            secret = (await answer.json())["value"]

        assert secret not in repr(r.events)


async def test_s08_call_that_the_backend_opens_is_known_and_can_be_hung_up() -> None:
    hung_up: list[str] = []

    class Control:
        def watch(self, call_id: str, tell: object) -> None:
            pass

        async def hang_up(self, call_id: str) -> str:
            hung_up.append(call_id)
            return ""

    settings = GatewaySettings(project="x", upstreams=(Upstream("web", 1),), default="web")
    async with Gateway(settings, emit=lambda _: None, calls=Control()) as gateway:
        gateway.call_started("rtc_1")
        await gateway.stop_calls()

    assert hung_up == ["rtc_1"]


async def test_s09_budget_ends_minting_and_the_kill_switch_ends_everything() -> None:
    async with running(limits=MintLimits(run_minutes=1)) as r:
        cookie = await r.come_in()
        r.gateway.call_started("rtc_1", "v1")
        r.clock.now += 61
        async with r.client.post(r.local_url + "/session", json={}) as spent:
            assert (spent.status, (await spent.json())["error"]["code"]) == (429, "minutes_spent")
        await r.gateway.stop_calls()
        async with r.client.get(r.public_url + "/", headers=r.outside(Cookie=cookie)) as out:
            assert out.status == 401
        async with r.client.post(r.local_url + "/session", json={}) as stopped:
            assert stopped.status == 503


async def test_s12_mint_without_cookie_is_refused_through_the_public_address() -> None:
    async with running() as r:
        headers = r.outside(Origin=ORIGIN) | JSON
        url = r.public_url + "/session"
        async with r.client.post(url, headers=headers, data=b"{}") as answer:
            assert answer.status == 401
        assert r.token.requests == []


async def test_s13_key_is_in_the_environment_of_the_token_service_and_no_other(
    project_dir: Path,
) -> None:
    plan = _plan(project_dir, f"{sys.executable} -c 'import time; time.sleep(60)'")
    events: list[Event] = []
    async with Runner(
        plan.services, emit=events.append, masker=Masker(plan.secrets), log_dir=project_dir / "logs"
    ) as runner:
        runner.start()
        await runner.wait_ready()
        has_key = {
            event.service: KEY in _environment_of(event.pid).values()
            for event in events
            if isinstance(event, Started)
        }

    assert has_key == {"token": True, "web": False}


def _environment_of(pid: int) -> dict[str, str]:
    process = psutil.Process(pid)
    family = [process, *process.children(recursive=True)]
    return {name: value for one in family for name, value in one.environ().items()}


async def test_s14_secrets_of_every_kind_are_masked_in_output() -> None:
    async with running() as r:
        cookie = await r.come_in()
        invitation = r.gateway.invite()
        line = (
            f"key {KEY} secret ek_0123456789abcdef cookie {cookie} link {ORIGIN}{invitation.path}"
        )

        shown = Masker([KEY])(line)

    secrets = (KEY, "ek_0123456789abcdef", cookie.partition("=")[2], invitation.code)
    assert not [secret for secret in secrets if secret in shown]


async def test_s16_keys_in_built_files_are_found(project_dir: Path) -> None:
    bundle = project_dir / "dist" / "assets" / "index.js"
    bundle.parent.mkdir(parents=True)
    bundle.write_text(f"const key='{KEY}'")

    assert [one.code for one in await scan_build(project_dir)] == ["RT703"]


async def test_s18_no_secret_is_an_argument_of_any_child(project_dir: Path) -> None:
    plan = _plan(project_dir, "true")

    assert not [one.name for one in plan.services if KEY in str(one.command)]


async def test_s19_security_headers_on_every_answer_to_visitors() -> None:
    async with running() as r:
        cookie = await r.come_in()
        for path in ("/", "/gzip", "/nothing", "/.rtstart/nonce", "/i/AAAA-AAAA"):
            headers = r.outside(Cookie=cookie)
            async with r.client.get(r.public_url + path, headers=headers) as answer:
                assert "noindex" in answer.headers["X-Robots-Tag"], path
        async with r.client.get(r.public_url + "/", headers=r.outside(Cookie=cookie)) as page:
            assert page.headers["Referrer-Policy"] == "no-referrer"
            assert page.headers["Permissions-Policy"] == "microphone=(self)"
            assert page.headers["Content-Security-Policy"] == "frame-ancestors 'none'"


async def test_s20_token_backend_gets_a_hash_of_the_visitor_and_not_what_a_client_claims() -> None:
    async with running() as r:
        cookies = [await r.come_in(name) for name in ("Ada", "Bob")]
        told = []
        for cookie in (*cookies, cookies[0]):
            headers = r.outside(Cookie=cookie, Origin=ORIGIN) | JSON
            headers["OpenAI-Safety-Identifier"] = "somebody else"
            async with r.client.post(r.public_url + "/session", headers=headers, data=b"{}"):
                told += r.token.header("OpenAI-Safety-Identifier")

    assert (told[0] == told[2], told[0] != told[1], len(told)) == (True, True, 3)
    assert not [one for one in told if "Ada" in one or "somebody" in one]


async def test_s23_every_mint_has_an_audit_line(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    async with running(audit_path=path) as r:
        cookie = await r.come_in("Ada")
        headers = r.outside(Cookie=cookie, Origin=ORIGIN) | JSON | {"User-Agent": "Phone/1"}
        for method in ("POST", "GET"):
            async with r.client.request(
                method, r.public_url + "/session", headers=headers, data=b"{}"
            ):
                pass

        assert [event.status for event in r.events if isinstance(event, Minted)] == [200, 405]
        assert Visited("Ada", "admitted", "203.0.113.0") in r.events
    lines = [json.loads(line) for line in path.read_text().splitlines() if '"mint"' in line]
    assert [
        (line["visitor"], line["from"], line["agent"], line["decision"], line["status"])
        for line in lines
    ] == [
        ("Ada", "203.0.113.0", "Phone/1", "allowed", 200),
        ("Ada", "203.0.113.0", "Phone/1", "method_not_allowed", 405),
    ]


async def test_t2_page_of_another_site_cannot_reach_this_machine_by_a_rebound_name() -> None:
    async with running() as r:
        async with r.client.post(
            r.local_url + "/session", json={}, headers={"Host": f"evil.test:{r.local}"}
        ) as rebound:
            assert rebound.status == 421
        async with r.client.post(
            r.local_url + "/session", json={}, headers={"Origin": "http://evil.test"}
        ) as cross:
            assert cross.status == 403
        assert r.token.requests == []


async def test_s24_visitors_get_a_built_preview_and_never_the_dev_server() -> None:
    async with running(default="web", shown="token", routes=(), mint_paths=()) as r:
        headers = r.outside(Cookie=await r.come_in())
        for path in ("/", "/src/main.ts", "/@fs/etc/passwd", "/@vite/client"):
            async with r.client.get(r.public_url + path, headers=headers):
                pass
        assert r.web.requests == []
        assert r.token.requests != []
        async with r.client.get(r.local_url + "/"):
            assert len(r.web.requests) == 1
