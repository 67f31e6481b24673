"""The parts around tunnel providers: the registry, this machine, fetched programs, agreements."""

import contextlib
import hashlib
import io
import os
import sys
import tarfile
from collections.abc import AsyncIterator, Iterator
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from aiohttp import web

from rtstart.adapters.agreements import has_agreed, remember
from rtstart.adapters.ports import choose_port
from rtstart.adapters.tunnels.fetch import (
    Release,
    fetch_program,
    fetched_program,
    find_release,
)
from rtstart.adapters.tunnels.machine import ThisMachine
from rtstart.adapters.tunnels.registry import load_providers
from rtstart.commands.dev import DevRequest
from rtstart.commands.tunnels import list_tunnels
from rtstart.core.errors import RtstartError
from rtstart.core.events import Event, Found, StepDone, StepFailed, StepStarted
from rtstart.core.tunnels import API, Machine, Options, OwnListener, Standing, Target, Traits
from tests.fakes.dev_sessions import session_of
from tests.fakes.projects import write_project

pytestmark = pytest.mark.integration

_PROGRAM = b"#!/bin/sh\necho 'cloudflared version 2026.8.2 (built x)'\n"


class _Good:
    api = API
    name = "good"
    traits = Traits("a plug-in")

    async def examine(self, machine: Machine, options: Options) -> Standing:
        """Ready."""
        del machine, options
        return Standing("ready")

    def plan(self, machine: Machine, target: Target, options: Options) -> OwnListener:
        """Fails, as a stranger's code may."""
        del machine, target, options
        raise LookupError("a plug-in's own fault")


class _OldApi(_Good):
    api = 0
    name = "old"


class _NoTraits(_Good):
    name = "untyped"
    traits = {"title": "x"}  # type: ignore[assignment]  # noqa: RUF012 - that is the fault


class _Lan(_Good):
    name = "lan"


class _NoName(_Good):
    name = None  # type: ignore[assignment]  # that is the fault


class _Silent(_Good):
    name = "silent"

    async def examine(self, machine: Machine, options: Options) -> Standing:
        """Fails, as a stranger's code may."""
        del machine, options
        raise LookupError("no idea")


GOOD, OLD_API, NO_TRAITS, SECOND_LAN, NOTHING = _Good(), _OldApi(), _NoTraits(), _Lan(), object()
NO_NAME, SILENT = _NoName(), _Silent()


def _point(name: str, value: str) -> EntryPoint:
    return EntryPoint(name, value, "rtstart.tunnels")


def test_every_provider_of_ours_comes_through_the_door() -> None:
    registry = load_providers()

    assert registry.findings == ()
    assert {"cloudflared", "ngrok", "lan", "localhost.run", "portpreview"} <= set(
        registry.providers
    )
    assert all(name == provider.name for name, provider in registry.providers.items())


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("no_such_package:X", "ModuleNotFoundError: No module named 'no_such_package'"),
        (f"{__name__}:NOTHING", "It has no api, name, traits, examine, plan."),
        (f"{__name__}:OLD_API", "It speaks version 0 of the protocol, rtstart 1."),
        (f"{__name__}:NO_TRAITS", "Its traits are not of rtstart.core.tunnels."),
        (f"{__name__}:NO_NAME", "Its name is None, which nobody can type."),
        ("tests.fakes.leaves:X", "SystemExit: 7"),
        (f"{__name__}:SECOND_LAN", 'The name "lan" is taken already.'),
    ],
)
def test_broken_plug_in_becomes_a_finding_and_hurts_nobody(value: str, why: str) -> None:
    lan = _point("lan", "rtstart.adapters.tunnels.places:LAN")

    registry = load_providers((_point("broken", value), lan))

    assert list(registry.providers) == ["lan"]
    assert [(finding.code, finding.why) for finding in registry.findings] == [("RT409", why)]


async def test_next_way_is_taken_when_a_plug_in_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = write_project(tmp_path / "app", port=choose_port(None))
    ours = load_providers()
    ours.providers["good"] = GOOD
    monkeypatch.setattr("rtstart.commands.dev.ways.load_providers", lambda: ours)

    async with session_of(DevRequest(project, tunnel="good,lan")) as run:
        told = await run.until_public()

    assert told.tunnel == "lan"
    found = [event.finding for event in run.of(Found) if event.finding.code == "RT409"]
    assert {one.why for one in found} == {"LookupError: a plug-in's own fault"}


async def test_plug_in_that_cannot_say_whether_it_is_ready_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = write_project(tmp_path / "app", port=choose_port(None))
    ours = load_providers()
    ours.providers["silent"] = SILENT
    monkeypatch.setattr("rtstart.commands.dev.ways.load_providers", lambda: ours)

    async with session_of(DevRequest(project, tunnel="silent,lan")) as run:
        await run.until_public()

    (found,) = [event.finding for event in run.of(Found) if event.finding.code == "RT409"]
    assert (found.what, found.why) == (
        "silent cannot say whether it is ready",
        "LookupError: no idea",
    )


async def test_machine_shows_what_is_there_and_runs_with_a_small_environment(
    tmp_path: Path,
) -> None:
    (tmp_path / "file").touch()
    env = {**os.environ, "OPENAI_API_KEY": "sk-test-never", "HOST": "0.0.0.0", "PORT": "1"}  # noqa: S104
    machine = ThisMachine(env, tmp_path)

    code, said = await machine.run("env")

    assert code == 0
    assert {line.split("=")[0] for line in said.splitlines()}.isdisjoint(
        {"OPENAI_API_KEY", "HOST", "PORT"}
    )
    assert machine.find("sh") is not None
    assert machine.find("no-such-program") is None
    assert machine.exists(str(tmp_path / "file"))
    assert not machine.exists(str(tmp_path))
    assert (machine.has_module("asyncio"), machine.has_module("no_such")) == (True, False)
    assert machine.system in ("linux", "darwin", "windows")
    assert machine.project_dir == str(tmp_path)
    assert (await machine.run("no-such-program"))[0] == 127


def test_folder_is_no_module_when_there_is_nothing_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "hollow_ngrok").mkdir()
    monkeypatch.syspath_prepend(tmp_path)

    assert not ThisMachine({}, tmp_path).has_module("hollow_ngrok")


async def test_list_names_every_way_and_what_is_missing(tmp_path: Path) -> None:
    table = await list_tunnels(tmp_path, {**os.environ, "NGROK_AUTHTOKEN": ""})

    assert {one.name for one in table.known} == set(load_providers().providers)
    assert table.broken == ()
    assert "portpreview" in table.choice.left_out


@pytest.fixture
async def releases(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    """A server of releases: the program, an archive with it, one cut short."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        member = tarfile.TarInfo("cloudflared")
        member.size = len(_PROGRAM)
        tar.addfile(member, io.BytesIO(_PROGRAM))
    files = {"program": _PROGRAM, "program.tgz": archive.getvalue(), "empty.tgz": _empty_archive()}

    async def give(request: web.Request) -> web.StreamResponse:
        body = files.get(request.match_info["name"])
        if request.match_info["name"] == "cut":
            answer = web.StreamResponse(headers={"Content-Length": str(len(_PROGRAM))})
            await answer.prepare(request)
            await answer.write(_PROGRAM[:9])
            assert request.transport is not None
            request.transport.abort()
            return answer
        return web.Response(body=body) if body is not None else web.Response(status=404)

    app = web.Application()
    app.router.add_get("/{name}", give)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    yield f"http://127.0.0.1:{port}/"
    await runner.cleanup()


def _empty_archive() -> bytes:
    archive = io.BytesIO()
    tarfile.open(fileobj=archive, mode="w:gz").close()
    return archive.getvalue()


async def _fetch(url: str, data: bytes, events: list[Event]) -> Path:
    release = Release("cloudflared", "1.0", url, hashlib.sha256(data).hexdigest())
    return await fetch_program("cloudflared", emit=events.append, release=release)


@pytest.mark.parametrize("name", ["program", "program.tgz"])
async def test_program_is_fetched_checked_and_runs(releases: str, name: str) -> None:
    events: list[Event] = []
    data = _PROGRAM if name == "program" else await _get(f"{releases}{name}")

    path = await _fetch(f"{releases}{name}", data, events)
    again = await _fetch(f"{releases}gone", data, events)

    assert path == again
    assert path.read_bytes() == _PROGRAM
    assert path.stat().st_mode & 0o777 == 0o755
    assert [type(event) for event in events] == [StepStarted, StepDone]
    assert list(path.parent.iterdir()) == [path]


async def _get(url: str) -> bytes:
    import httpx

    async with httpx.AsyncClient(trust_env=False) as client:
        return (await client.get(url)).content


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("program", b"other", "RT439"),
        ("missing", _PROGRAM, "RT438"),
        ("cut", _PROGRAM, "RT438"),
        ("empty.tgz", _empty_archive(), "RT438"),
    ],
    ids=[
        "other",
        "missing",
        "cut",
        "empty",
    ],  # an archive has its time in it: no name for two workers
)
async def test_s17_nothing_is_left_when_a_fetched_program_is_not_the_pinned_one(
    releases: str, name: str, data: bytes, code: str
) -> None:
    events: list[Event] = []
    if name == "empty.tgz":
        data = await _get(f"{releases}{name}")

    with pytest.raises(RtstartError) as failed:
        await _fetch(f"{releases}{name}", data, events)

    assert failed.value.code == code
    assert type(events[-1]) is StepFailed
    release = Release("cloudflared", "1.0", "", "")
    assert not release.path(os.environ).exists()


@contextlib.contextmanager
def _full_disk() -> Iterator[None]:
    """No file of this process can grow beyond a few bytes, the log of the tests included: this must
    not last longer than what is tested.
    """
    resource = pytest.importorskip("resource", reason="needs limits of a Unix system")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (9, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


async def test_nothing_is_left_when_a_fetched_program_finds_no_space(releases: str) -> None:
    events: list[Event] = []

    with pytest.raises(RtstartError) as failed, _full_disk():
        await _fetch(f"{releases}program", _PROGRAM, events)

    folder = Release("cloudflared", "1.0", "", "").path(os.environ).parent
    assert (failed.value.code, failed.value.why) == (
        "RT438",
        f"{folder} cannot be written: File too large",
    )
    assert type(events[-1]) is StepFailed
    assert list(folder.iterdir()) == []


async def test_fetching_fails_in_words_when_there_is_no_release() -> None:
    with pytest.raises(RtstartError) as failed:
        await fetch_program("no-such-program", emit=lambda _: None)

    assert failed.value.code == "RT438"


@pytest.mark.parametrize(
    "place", ["linux-amd64", "linux-arm64", "darwin-amd64", "darwin-arm64", "windows-amd64"]
)
def test_s17_release_is_pinned_for_every_common_machine(place: str) -> None:
    release = find_release("cloudflared", place=place)

    assert release is not None
    assert len(release.sha256) == 64
    assert release.url.startswith(
        "https://github.com/cloudflare/cloudflared/releases/download/2026.8.2/cloudflared-"
    )


def test_release_is_none_when_the_machine_is_rare() -> None:
    assert find_release("cloudflared", place="plan9-mips") is None
    assert find_release("about") is None


@pytest.mark.skipif(sys.platform == "win32", reason="the name of the program differs")
def test_fetched_program_is_found_when_it_is_not_on_the_path(tmp_path: Path) -> None:
    release = find_release("cloudflared")
    assert release is not None
    env = {"XDG_CACHE_HOME": str(tmp_path), "PATH": str(tmp_path)}
    assert fetched_program("cloudflared", env) is None
    path = release.path(env)
    path.parent.mkdir(parents=True)
    path.touch()

    assert ThisMachine(env, tmp_path).find("cloudflared") == str(path)


def test_answer_is_kept_for_a_project(tmp_path: Path) -> None:
    state = tmp_path / ".rtstart"
    assert has_agreed(state, "public") is None

    remember(state, "public", is_agreed=False)
    remember(state, "fetch", is_agreed=True)

    assert (has_agreed(state, "public"), has_agreed(state, "fetch")) == (False, True)


@pytest.mark.parametrize("text", ["", "[]", "not json", '{"public": "yes"}'])
def test_answer_is_unknown_when_the_file_is_damaged(tmp_path: Path, text: str) -> None:
    (tmp_path / "agreed.json").write_text(text, encoding="utf-8")

    assert has_agreed(tmp_path, "public") is None
