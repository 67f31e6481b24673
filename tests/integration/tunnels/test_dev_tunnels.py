"""`dev` with a real tunnel program in front: opened, proved, announced, healed, handed on."""

import hashlib
import inspect
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import trustme
from aiohttp import web

from rtstart.adapters.ports import choose_port
from rtstart.adapters.tunnels import fetch
from rtstart.adapters.tunnels.fetch import Release
from rtstart.commands.dev import DevRequest
from rtstart.core.errors import Failed, Usage
from rtstart.core.events import (
    Announced,
    Found,
    Started,
    StepDone,
    TunnelDown,
    TunnelOpening,
)
from tests.fakes import cloudflared
from tests.fakes.dev_sessions import Session, session_of
from tests.fakes.processes import is_running
from tests.fakes.projects import write_project

pytestmark = pytest.mark.integration

_HOSTILE = Path(__file__).parents[2] / "fakes" / "hostile.py"


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A certificate authority that this test's machine trusts."""
    ca = trustme.CA()
    path = tmp_path / "ca.pem"
    ca.cert_pem.write_to_path(path)
    ca.private_key_pem.write_to_path(tmp_path / "ca.pem.key")
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    return path


def _project(folder: Path, authority: Path, *arguments: str, run: str = "") -> Path:
    project = write_project(folder / "app", port=choose_port(None))
    run = run or f"{sys.executable} {_HOSTILE} {{port}} {authority} {' '.join(arguments)}"
    with (project / "rtstart.toml").open("a", encoding="utf-8") as config:
        config.write(
            f"[tunnels.command]\nrun = '''{run}'''\n"
            "url_pattern = 'https://localhost:\\d+'\nwithin = '2s'\n"
        )
    return project


def _codes(run: Session) -> list[str]:
    return [event.finding.code for event in run.of(Found)]


def _tunnel_pids(run: Session) -> list[int]:
    return [event.pid for event in run.of(Started) if event.service == "tunnel"]


async def test_address_is_announced_when_it_was_proved(tmp_path: Path, authority: Path) -> None:
    project = _project(tmp_path, authority)

    async with session_of(DevRequest(project, tunnel="command")) as run:
        told = await run.until_public()

    assert told.public_url.startswith("https://localhost:")
    assert told.invite_url.startswith(f"{told.public_url}/i/")
    assert (told.tunnel, told.tunnel_reason) == ("command", "asked for")
    assert (told.passed, told.asked) == (8, 8)
    assert run.of(TunnelOpening) == [TunnelOpening("command", "asked for", 1)]
    assert _codes(run) == ["RT440"]
    assert [pid for pid in _tunnel_pids(run) if is_running(pid)] == []


async def test_exposure_is_said_once_a_project(tmp_path: Path, authority: Path) -> None:
    project = _project(tmp_path, authority)
    for expected in (["RT440"], []):
        async with session_of(DevRequest(project, tunnel="command")) as run:
            await run.until_public()
        assert _codes(run) == expected


async def test_new_address_is_announced_when_the_program_is_killed(
    tmp_path: Path, authority: Path
) -> None:
    project = _project(tmp_path, authority)

    async with session_of(DevRequest(project, tunnel="command")) as run:
        first = await run.until_public()
        seen = len(run.all)
        os.killpg(_tunnel_pids(run)[0], signal.SIGKILL)
        second = await run.until_public(after=seen)

    assert second.public_url != first.public_url
    assert second.invite_url != first.invite_url
    assert second.local_url == first.local_url
    (down,) = run.of(TunnelDown)
    assert (down.why, down.next_step) == ("command ended", "command again in 1 s")
    assert [event.attempt for event in run.of(TunnelOpening)] == [1, 2]


async def test_next_way_is_taken_when_the_first_ends_at_once(
    tmp_path: Path, authority: Path
) -> None:
    project = _project(tmp_path, authority, run="sh -c 'echo no account; exit 7'")

    async with session_of(DevRequest(project, tunnel="command,lan")) as run:
        told = await run.until_public()

    assert told.tunnel == "lan"
    ended = [event.finding for event in run.of(Found) if event.finding.code == "RT424"]
    assert [one.why for one in ended] == ["It ended with code 7. Its last line: no account"] * 2
    assert run.of(TunnelDown)[-1].next_step == "trying lan"


async def test_address_is_asked_with_patience_when_it_was_announced_early(
    tmp_path: Path, authority: Path
) -> None:
    project = _project(tmp_path, authority, "--early", "1.5")

    async with session_of(DevRequest(project, tunnel="command")) as run:
        told = await run.until_public()

    assert (told.passed, told.asked) == (8, 8)
    assert _codes(run) == ["RT440"]
    assert len(run.of(TunnelOpening)) == 1


async def test_new_address_comes_each_time_when_the_program_keeps_dying(
    tmp_path: Path, authority: Path
) -> None:
    project = _project(tmp_path, authority, "--dies-after", "1")

    async with session_of(DevRequest(project, tunnel="command")) as run:
        addresses: list[str] = []
        for _ in range(3):
            told = await run.until_public(after=len(run.all) if addresses else 0)
            addresses.append(told.public_url)

    assert len(set(addresses)) == 3
    ended = [event.finding for event in run.of(Found) if event.finding.code == "RT424"]
    assert {one.why for one in ended} == {"It ended with code 1. Its last line: the edge went away"}
    assert [down.next_step for down in run.of(TunnelDown)] == [
        "command again in 1 s",
        "command again in 2 s",
    ]


@pytest.mark.parametrize(
    ("mode", "code"),
    [
        ("rate limits", "RT443"),
        ("wrong certificate", "RT413"),
        ("answers upgrades", "RT416"),
    ],
)
async def test_next_way_is_taken_when_the_proof_shows_the_tunnels_fault(
    tmp_path: Path, authority: Path, mode: str, code: str
) -> None:
    project = _project(tmp_path, authority, "--mode", f"'{mode}'")

    async with session_of(DevRequest(project, tunnel="command,lan")) as run:
        told = await run.until_public()

    assert told.tunnel == "lan"
    assert code in _codes(run)


async def test_next_way_is_taken_when_another_app_answers(tmp_path: Path, authority: Path) -> None:
    project = _project(tmp_path, authority, "--mode", "'another app'")

    async with session_of(DevRequest(project, tunnel="command,lan")) as run:
        told = await run.until_public()

    assert told.tunnel == "lan"
    assert [code for code in _codes(run) if code.startswith("RT41")] == ["RT418"]


async def test_next_way_is_taken_when_the_program_says_nothing(
    tmp_path: Path, authority: Path
) -> None:
    project = _project(tmp_path, authority, run="sleep 60")
    config = project / "rtstart.toml"
    text = config.read_text(encoding="utf-8").replace("within = '2s'", "within = '300ms'")
    config.write_text(text, encoding="utf-8")

    async with session_of(DevRequest(project, tunnel="command,lan")) as run:
        told = await run.until_public()

    assert told.tunnel == "lan"
    assert [code for code in _codes(run) if code == "RT425"] == ["RT425", "RT425"]
    assert [pid for pid in _tunnel_pids(run) if is_running(pid)] == []


async def test_address_is_announced_with_its_fault_when_nothing_else_is_allowed(
    tmp_path: Path, authority: Path
) -> None:
    project = _project(tmp_path, authority, "--mode", "'drops upgrades'")

    async with session_of(DevRequest(project, tunnel="command")) as run:
        told = await run.until_public()

    assert (told.passed, told.asked) == (7, 8)
    assert "RT415" in _codes(run)


async def test_local_address_is_announced_when_every_way_has_failed(
    tmp_path: Path, authority: Path
) -> None:
    project = _project(tmp_path, authority, run="false")

    async with session_of(DevRequest(project, tunnel="command")) as run:
        told = await run.until(lambda event: isinstance(event, Announced))

    assert isinstance(told, Announced)
    assert (told.public_url, told.invite_url, told.tunnel_reason) == ("", "", "no way has worked")
    assert "RT437" in _codes(run)


async def test_run_fails_when_a_tunnel_is_required_and_none_works(
    tmp_path: Path, authority: Path
) -> None:
    project = _project(tmp_path, authority, run="false")
    run = Session(DevRequest(project, tunnel="command", must_have_tunnel=True))

    with pytest.raises(Failed) as failed:
        await run.session.run()

    assert "RT424" in {finding.code for finding in failed.value.findings}


async def test_address_goes_and_comes_back_when_it_is_switched(
    tmp_path: Path, authority: Path
) -> None:
    project = _project(tmp_path, authority)

    async with session_of(DevRequest(project, tunnel="command")) as run:
        await run.until_public()
        pid = _tunnel_pids(run)[0]
        run.session.toggle_tunnel()
        down = await run.until(lambda event: isinstance(event, TunnelDown))
        await run.until(lambda event: not is_running(pid) or isinstance(event, TunnelDown))
        seen = len(run.all)
        run.session.toggle_tunnel()
        await run.until_public(after=seen)
        assert not is_running(pid)

    assert down == TunnelDown("command", "switched off", "closed; t opens it again")


async def test_nothing_public_is_opened_when_nobody_agrees(tmp_path: Path, authority: Path) -> None:
    project = _project(tmp_path, authority)
    config = project / "rtstart.toml"
    text = config.read_text(encoding="utf-8").replace('tunnel = "lan"', 'tunnel = "command"')
    config.write_text(text, encoding="utf-8")

    async with session_of(DevRequest(project)) as run:
        told = await run.until(lambda event: isinstance(event, Announced))

    assert isinstance(told, Announced)
    assert told.public_url == ""
    assert [finding.code for finding in run.asked] == ["RT440"]
    assert _codes(run) == ["RT441"]


@pytest.mark.parametrize(("emulate", "asked"), [(True, []), (False, ["RT440"])])
async def test_strangers_tunnel_is_offered_only_when_there_is_a_key(
    tmp_path: Path, *, emulate: bool, asked: list[str]
) -> None:
    project = write_project(tmp_path / "app", port=choose_port(None))

    async with session_of(DevRequest(project, tunnel="auto", emulate=emulate)) as run:
        told = await run.until_public()

    assert (told.tunnel, [finding.code for finding in run.asked]) == ("lan", asked)


async def test_answer_is_remembered_when_a_person_gave_it(tmp_path: Path, authority: Path) -> None:
    project = _project(tmp_path, authority)
    config = project / "rtstart.toml"
    text = config.read_text(encoding="utf-8").replace('tunnel = "lan"', 'tunnel = "command"')
    config.write_text(text, encoding="utf-8")
    asked = []

    for _ in range(2):
        async with session_of(DevRequest(project, is_attended=True), agrees=True) as run:
            await run.until_public()
        asked += [finding.code for finding in run.asked]

    assert asked == ["RT440"]


@pytest.fixture
async def release(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Release]:
    """cloudflared is on no PATH, and its pinned release lies on a server of this machine."""
    program = f"#!{sys.executable}\n{inspect.getsource(cloudflared)}".encode()

    async def give(_: web.Request) -> web.Response:
        return web.Response(body=program)

    app = web.Application()
    app.router.add_get("/cloudflared-linux-amd64", give)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/cloudflared-linux-amd64"
    found = Release("cloudflared", "2026.8.2", url, hashlib.sha256(program).hexdigest())
    monkeypatch.setattr(fetch, "find_release", lambda _: found)
    yield found
    await runner.cleanup()


async def test_program_is_fetched_checked_and_run_when_a_person_agrees(
    tmp_path: Path, authority: Path, release: Release
) -> None:
    project = _project(tmp_path, authority)
    request = DevRequest(project, tunnel="cloudflared", is_attended=True)

    async with session_of(request, agrees=True) as run:
        found = await run.until(
            lambda event: isinstance(event, Started) and event.service == "tunnel"
        )

    assert isinstance(found, Started)
    assert [finding.code for finding in run.asked] == ["RT442"]
    (fetched,) = [event for event in run.of(StepDone) if event.step == "fetch"]
    assert fetched.words == "fetched cloudflared 2026.8.2"
    path = release.path(os.environ)
    assert path.read_bytes().endswith(b"main()\n")


async def test_nothing_is_fetched_when_nobody_agrees(
    tmp_path: Path, authority: Path, release: Release
) -> None:
    project = _project(tmp_path, authority)

    async with session_of(DevRequest(project, tunnel="cloudflared")) as run:
        told = await run.until(lambda event: isinstance(event, Announced))

    assert isinstance(told, Announced)
    assert told.public_url == ""
    assert not release.path(os.environ).exists()


async def test_nearest_name_is_offered_when_there_is_no_such_tunnel(
    tmp_path: Path, authority: Path
) -> None:
    run = Session(DevRequest(_project(tmp_path, authority), tunnel="cloudflare"))

    with pytest.raises(Usage) as refused:
        await run.session.run()

    assert refused.value.why == "Did you mean cloudflared?"


@pytest.mark.parametrize(
    ("url", "code"),
    [("http://voice.example.test", "RT434"), ("https://voice.example.test/app", "RT408")],
)
async def test_own_address_is_refused_in_words_when_it_is_not_plain_https(
    tmp_path: Path, authority: Path, url: str, code: str
) -> None:
    async with session_of(DevRequest(_project(tmp_path, authority), tunnel=url)) as run:
        await run.until(lambda event: isinstance(event, Announced))

    assert _codes(run) == [code]
