"""The security rows that a whole `dev` holds, each by its number (docs/security.md)."""

import json
import os
import sys
import time
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import psutil
import pytest

from rtstart.adapters.ports import choose_port
from rtstart.commands.dev import DevRequest
from rtstart.core.errors import Usage
from rtstart.core.events import (
    Announced,
    Event,
    Found,
    Minted,
    ProofStep,
    Started,
    TunnelDown,
    TunnelEnding,
    Visited,
)
from rtstart.core.webhooks import sign, webhook_key
from tests.fakes.dev_sessions import Session, session_of
from tests.fakes.projects import KEY, write_project

pytestmark = pytest.mark.integration


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return write_project(tmp_path / "app", port=choose_port(None))


def _configure(project: Path, before: str, after: str) -> None:
    config = project / "rtstart.toml"
    text = config.read_text(encoding="utf-8")
    assert before in text
    config.write_text(text.replace(before, after), encoding="utf-8")


def _is_announced(event: Event) -> bool:
    return isinstance(event, Announced)


@asynccontextmanager
async def _phone() -> AsyncIterator[aiohttp.ClientSession]:
    """A browser of somebody else, which trusts any certificate and keeps its cookies."""
    connector = aiohttp.TCPConnector(ssl=False)
    jar = aiohttp.CookieJar(unsafe=True)
    headers = {"User-Agent": "Mozilla/5.0 (iPhone) Version/26.0 Safari/605.1.15"}
    async with aiohttp.ClientSession(connector=connector, cookie_jar=jar, headers=headers) as one:
        yield one


async def _come_in(phone: aiohttp.ClientSession, told: Announced) -> None:
    async with phone.post(told.invite_url) as answer:
        assert answer.status == 200


def _family(run: Session) -> dict[str, list[psutil.Process]]:
    """Every process of each service, its own children included."""
    found = {}
    for event in run.of(Started):
        first = psutil.Process(event.pid)
        found[event.service] = [first, *first.children(recursive=True)]
    return found


def _holders(run: Session, secret: str) -> dict[str, bool]:
    """Which services have a secret in the environment of any of their processes."""
    return {
        name: any(secret in " ".join(one.environ().values()) for one in family)
        for name, family in _family(run).items()
    }


def _bound(process: psutil.Process) -> set[str]:
    """The addresses on which a process listens."""
    return {
        one.laddr.ip
        for one in process.net_connections()
        if one.status == psutil.CONN_LISTEN and one.laddr.port
    }


async def test_s01_services_listen_on_this_machine_only(project: Path) -> None:
    async with session_of(DevRequest(project, emulate=True)) as run:
        await run.until_public(within_s=25.0)
        bound = {
            name: {address for process in family for address in _bound(process)}
            for name, family in _family(run).items()
        }
        own = _bound(psutil.Process())

    loopback = {"127.0.0.1"}
    assert bound == {"emulator": loopback, "token": loopback, "web": loopback}
    # The gateway's local port and its public one on the network's address, and the relay.
    assert {"127.0.0.1", "127.0.0.2"} <= own <= {"127.0.0.1", "::1", "127.0.0.2"}


async def test_s10_nothing_public_is_opened_before_its_dangers_are_agreed_to(
    project: Path,
) -> None:
    _configure(project, 'tunnel = "lan"', 'tunnel = "command"')
    _configure(
        project,
        "[services.token]",
        "[tunnels.command]\nrun = \"sh -c 'echo https://nobody.test; sleep 60'\"\n"
        "url_pattern = 'https://\\S+'\n\n[services.token]",
    )

    async with session_of(DevRequest(project)) as run:
        told = await run.until(_is_announced)

    assert isinstance(told, Announced)
    assert told.public_url == ""
    (asked,) = run.asked
    assert asked.code == "RT440"
    assert "talk with the model at your cost" in asked.why
    assert "about $10 or 240 minutes" in asked.why
    assert [one.finding.fix.command for one in run.of(Found) if one.finding.code == "RT441"] == [
        "rtstart dev --yes"
    ]


async def test_s10_being_open_to_everybody_is_warned_of_at_every_start(project: Path) -> None:
    for _ in range(2):
        async with session_of(DevRequest(project, is_public=True)) as run:
            told = await run.until_public()
            async with _phone() as phone, phone.get(told.public_url) as answer:
                assert answer.status == 200

        (warned,) = [one.finding for one in run.of(Found) if one.finding.code == "RT706"]
        assert warned.level == "warning"
        assert run.of(Minted) == []
        assert warned.why.startswith("Anybody who finds the address can talk with the model")
        assert told.invite_url == ""


async def test_s11_address_ends_by_itself_after_a_warning(project: Path) -> None:
    _configure(project, "[dev]\n", "[dev]\ntunnel_for = '2s'\n")

    async with session_of(DevRequest(project)) as run:
        told = await run.until_public()
        await run.until(lambda event: isinstance(event, TunnelEnding))
        down = await run.until(lambda event: isinstance(event, TunnelDown))
        async with _phone() as phone, phone.get(told.invite_url) as answer:
            status = answer.status

    assert isinstance(down, TunnelDown)
    assert (down.why, status) == ("its time is over", 421)


async def test_s12_address_is_said_only_after_a_stranger_was_refused_a_secret(
    project: Path,
) -> None:
    async with session_of(DevRequest(project)) as run:
        told = await run.until_public()

    asked = [one for one in run.of(ProofStep) if one.name == "mint refused"]
    assert [(one.state, one.detail) for one in asked] == [("passed", "401")]
    assert run.all.index(asked[0]) < run.all.index(told)


@pytest.mark.parametrize("uses_relay", [True, False])
async def test_s13_key_is_in_the_environment_of_the_token_service_and_no_other(
    project: Path, *, uses_relay: bool
) -> None:
    async with session_of(DevRequest(project, tunnel="none", uses_relay=uses_relay)) as run:
        await run.until(_is_announced)
        holders = _holders(run, KEY)

    assert holders == {"token": True, "web": False}


async def test_s13_real_key_reaches_nobody_when_the_api_is_emulated(project: Path) -> None:
    async with session_of(DevRequest(project, tunnel="none", emulate=True)) as run:
        await run.until(_is_announced, within_s=20.0)
        holders = _holders(run, KEY)

    assert holders == {"emulator": False, "token": False, "web": False}


async def test_s14_no_file_of_a_run_holds_a_secret(project: Path) -> None:
    async with session_of(DevRequest(project)) as run, _phone() as phone:
        told = await run.until_public()
        await _come_in(phone, told)
        cookies = [cookie.value for cookie in phone.cookie_jar]
        async with phone.post(
            f"{told.public_url}/session", json={}, headers={"Origin": told.public_url}
        ) as minted:
            assert minted.status == 200
        await run.until(lambda event: isinstance(event, Minted) and event.visitor != "developer")

    kept = {
        path.relative_to(project).as_posix(): path.read_text(encoding="utf-8")
        for path in (project / ".rtstart").rglob("*")
        if path.is_file()
    }
    code = told.invite_url.rpartition("/")[2]
    assert (len(cookies), ".rtstart/logs/audit.jsonl" in kept) == (1, True)
    for secret in (KEY, code, cookies[0], "ek_fake"):
        assert [name for name, text in kept.items() if secret in text] == []


async def test_s18_no_secret_is_an_argument_of_any_process(project: Path) -> None:
    async with session_of(DevRequest(project, tunnel="none")) as run:
        await run.until(_is_announced)
        arguments = [
            " ".join(one.cmdline()) for one in psutil.Process(os.getpid()).children(recursive=True)
        ]

    assert any("server.py" in line for line in arguments)
    assert [line for line in arguments if KEY in line] == []


async def test_build_server_comes_in_by_a_token_that_no_service_sees(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = "0123456789abcdef-of-a-build-server"
    monkeypatch.setenv("RTSTART_INVITE_TOKEN", token)

    async with session_of(DevRequest(project)) as run, _phone() as program:
        told = await run.until_public()
        headers = {"X-Rtstart-Token": token, "Origin": told.public_url}
        async with program.post(f"{told.public_url}/session", json={}, headers=headers) as minted:
            status = minted.status
        async with program.post(f"{told.public_url}/i/{token}") as entered:
            assert entered.status == 200
        holders = _holders(run, token)

    assert (status, holders) == (200, {"token": False, "web": False})
    assert token not in repr(run.all)


async def test_webhook_comes_in_by_its_signature_alone(project: Path) -> None:
    secret = "whsec_" + b64encode(b"a secret of the dashboard").decode()
    with (project / ".env").open("a", encoding="utf-8") as dotenv:
        dotenv.write(f"HOOK_SECRET={secret}\n")
    _configure(project, 'mint = "/session"', 'mint = "/session"\nwebhooks."/hook" = "HOOK_SECRET"')
    at, body = str(int(time.time())), b'{"type": "realtime.call.incoming"}'
    good = sign(webhook_key(secret), id="evt_1", timestamp=at, body=body)

    async with session_of(DevRequest(project)) as run, _phone() as api:
        told = await run.until_public()
        statuses = []
        for signature in ("", "v1,AAAA", good, good):
            headers = {"webhook-id": "evt_1", "webhook-timestamp": at}
            headers["webhook-signature"] = signature
            async with api.post(f"{told.public_url}/hook", data=body, headers=headers) as answer:
                statuses.append(answer.status)
        holders = _holders(run, secret)

    assert statuses == [401, 401, 200, 204]
    assert holders == {"token": False, "web": False}


async def test_token_that_is_easy_to_guess_is_refused_before_anything_starts(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RTSTART_INVITE_TOKEN", "hunter2")
    run = Session(DevRequest(project))

    with pytest.raises(Usage) as refused:
        await run.session.run()

    assert (refused.value.code, run.of(Started)) == ("RT707", [])
    assert "hunter2" not in repr(run.all)


async def test_s23_every_mint_is_written_down(project: Path) -> None:
    async with session_of(DevRequest(project)) as run, _phone() as phone:
        told = await run.until_public()
        await _come_in(phone, told)
        for origin in (told.public_url, "https://evil.test"):
            async with phone.post(
                f"{told.public_url}/session", json={}, headers={"Origin": origin}
            ):
                pass
        admitted = [one for one in run.of(Visited) if one.decision == "admitted"]

    lines = _audit(project)
    assert [one.visitor for one in admitted] == ["iPhone Safari"]
    assert [
        (one["visitor"], one["from"], one["decision"], one["status"])
        for one in lines
        if one["deed"] == "mint" and one["visitor"] == "iPhone Safari"
    ] == [
        ("iPhone Safari", "127.0.0.0", "allowed", 200),
        ("iPhone Safari", "127.0.0.0", "foreign_origin", 403),
    ]
    if sys.platform != "win32":
        audit = project / ".rtstart" / "logs" / "audit.jsonl"
        assert audit.stat().st_mode & 0o777 == 0o600


def _audit(project: Path) -> list[Mapping[str, object]]:
    text = (project / ".rtstart" / "logs" / "audit.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]
