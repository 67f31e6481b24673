"""`dev` on a small project: started, proved, announced, stopped, with nothing left."""

import asyncio
import gzip
import json
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import httpx
import psutil
import pytest

from rtstart.adapters.emulator.server import Emulator, EmulatorOptions
from rtstart.adapters.ports import choose_port, is_free
from rtstart.commands.dev import DevRequest, DevSession
from rtstart.core.errors import Conflict, Failed, NotAProject, RtstartError, Usage
from rtstart.core.events import (
    Announced,
    CallsStopped,
    Event,
    Finished,
    Found,
    Output,
    PortMoved,
    ProofStep,
    Relayed,
    Started,
    TunnelDown,
    Visited,
)
from rtstart.core.findings import Finding
from tests.fakes.projects import KEY, write_project
from tests.fakes.realtime import connected

pytestmark = pytest.mark.integration


_E = TypeVar("_E")


async def _no(finding: Finding) -> bool:
    return False


class _Run:
    """A session in this process, with its events kept."""

    def __init__(self, request: DevRequest) -> None:
        self.events: list[Event] = []
        self._announced = asyncio.Event()
        self._told_more = asyncio.Event()
        self.session = DevSession(request, consent=_no, emit=self._tell)

    def _tell(self, event: Event) -> None:
        self.events.append(event)
        if isinstance(event, Announced):
            self._announced.set()
        self._told_more.set()

    async def while_up(self, act: "Callable[[Announced], object]") -> int:
        """Run, act once all is announced, stop, and give the code."""
        running = asyncio.ensure_future(self.session.run())
        waiting = asyncio.ensure_future(self._announced.wait())
        async with asyncio.timeout(20):
            await asyncio.wait((running, waiting), return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()
            if not running.done():
                acted = act(self.told)
                if asyncio.iscoroutine(acted):
                    await acted
                self.session.request_stop()
            return await running

    async def heard(self, kind: type[object], times: int = 1) -> None:
        """Wait for so many events of this kind."""
        while len(self.of(kind)) < times:
            self._told_more.clear()
            await self._told_more.wait()

    @property
    def told(self) -> Announced:
        return self.of(Announced)[-1]

    def of(self, kind: type[_E]) -> list[_E]:
        return [event for event in self.events if isinstance(event, kind)]


def _nothing(_: Announced) -> None:
    return None


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return write_project(tmp_path / "app", port=choose_port(None))


async def test_dev_announces_proved_addresses_and_leaves_nothing(project: Path) -> None:
    run = _Run(DevRequest(project))

    code = await run.while_up(_nothing)

    told = run.told
    assert code == 0
    assert (told.project, told.template, told.mode) == ("app", "fake", "key from .env")
    assert told.public_url.startswith("https://127.0.0.2:")
    assert told.invite_url.startswith(f"{told.public_url}/i/")
    steps = [(step.name, step.state) for step in run.of(ProofStep)]
    assert steps[:2] == [("name", "passed"), ("certificate", "passed")]
    assert sorted(steps[2:]) == [
        ("mint", "passed"),
        ("mint refused", "passed"),
        ("page", "passed"),
        ("websocket", "passed"),
    ]
    assert (told.passed, told.asked) == (6, 6)
    assert run.events[-1] == Finished(0, run.events[-1].words)  # type: ignore[union-attr] # last
    assert run.of(Visited) == []
    assert not (project / ".rtstart" / "run.json").exists()
    assert is_free(int(told.local_url.rsplit(":", 1)[1]))


async def test_dev_gives_the_key_to_the_token_service_and_masks_it(project: Path) -> None:
    run = _Run(DevRequest(project))

    await run.while_up(_nothing)

    said = [event.line for event in run.of(Output)]
    assert any("token saw /session with sk-***" in line for line in said)
    assert any("web saw / with no key" in line for line in said)
    assert KEY not in repr(run.events)
    assert KEY not in "".join(
        log.read_text(encoding="utf-8") for log in (project / ".rtstart/logs").iterdir()
    )


async def test_dev_runs_a_procfile_alone(project: Path) -> None:
    (project / "rtstart.toml").unlink()
    (project / "Procfile").write_text(f"app: exec '{sys.executable}' server.py app PORT\n")
    run = _Run(DevRequest(project, tunnel="none"))

    async def look(told: Announced) -> None:
        async with httpx.AsyncClient() as client:
            answer = await client.get(told.local_url)
        assert (answer.status_code, "<title>app</title>" in answer.text) == (200, True)

    assert await run.while_up(look) == 0


async def test_dev_serves_the_page_locally_without_ceremony(project: Path) -> None:
    run = _Run(DevRequest(project, tunnel="none"))
    pages: list[str] = []

    async def look(told: Announced) -> None:
        async with httpx.AsyncClient(trust_env=False) as client:
            pages.append((await client.get(told.local_url)).text)

    await run.while_up(look)

    assert pages == ["<!doctype html><title>web</title>"]
    assert (run.told.public_url, run.told.invite_url) == ("", "")
    assert (run.told.passed, run.told.asked) == (3, 3)


async def test_dev_renews_the_invitation_when_asked(project: Path) -> None:
    run = _Run(DevRequest(project))

    await run.while_up(lambda _: run.session.new_invitation())

    first, second = run.of(Announced)
    assert first.invite_url != second.invite_url
    assert first.public_url == second.public_url


async def test_dev_opens_the_same_network_address_again(project: Path) -> None:
    run = _Run(DevRequest(project))

    async def close_and_open(_: Announced) -> None:
        run.session.toggle_tunnel()
        await run.heard(TunnelDown)
        run.session.toggle_tunnel()
        await run.heard(Announced, times=2)

    await run.while_up(close_and_open)

    first, again = run.of(Announced)
    assert (again.public_url, again.passed) == (first.public_url, first.asked)
    assert [one.finding.code for one in run.of(Found)] == ["RT403"]


async def test_dev_says_what_the_api_said_when_the_mint_fails(tmp_path: Path) -> None:
    project = write_project(
        tmp_path / "app",
        port=choose_port(None),
        dotenv=f"OPENAI_API_KEY={KEY}\nMINT_STATUS=401\n",
    )
    run = _Run(DevRequest(project))

    await run.while_up(_nothing)

    assert (run.told.passed, run.told.asked) == (5, 6)
    codes = {event.finding.code: event.finding.what for event in run.of(Found)}
    assert codes["RT521"] == "A mint was answered with 401: No such key"


async def test_dev_fails_when_a_proved_address_is_required_and_the_proof_fails(
    tmp_path: Path,
) -> None:
    project = write_project(
        tmp_path / "app",
        port=choose_port(None),
        dotenv=f"OPENAI_API_KEY={KEY}\nMINT_STATUS=500\n",
    )

    with pytest.raises(Failed, match="answered with 500"):
        await _Run(DevRequest(project, must_have_tunnel=True)).while_up(_nothing)


async def test_dev_runs_a_command_when_ready_and_returns_its_code(
    project: Path, tmp_path: Path
) -> None:
    seen = tmp_path / "seen.json"
    code = "import json,os,sys;json.dump(dict(os.environ),open(sys.argv[1],'w'));sys.exit(7)"
    run = _Run(DevRequest(project, command=(sys.executable, "-c", code, str(seen))))

    assert await asyncio.wait_for(run.session.run(), 20) == 7
    given = json.loads(seen.read_text(encoding="utf-8"))
    assert given["RTSTART_LOCAL_URL"] == run.told.local_url
    assert given["RTSTART_PUBLIC_URL"] == run.told.public_url
    assert given["RTSTART_INVITE_URL"] == run.told.invite_url


async def test_dev_names_a_command_that_is_not_there(project: Path) -> None:
    run = _Run(DevRequest(project, command=("no-such-program",)))

    with pytest.raises(Usage, match='"no-such-program" could not be started'):
        await asyncio.wait_for(run.session.run(), 20)

    assert run.of(Started) == []


async def test_dev_stops_by_itself_after_its_time(project: Path) -> None:
    run = _Run(DevRequest(project, stop_after_s=0.01))

    assert await asyncio.wait_for(run.session.run(), 20) == 0


async def test_dev_refuses_a_second_run_and_names_the_first(project: Path) -> None:
    run = _Run(DevRequest(project))
    errors: list[RtstartError] = []

    async def again(told: Announced) -> None:
        try:
            await _Run(DevRequest(project)).session.run()
        except Conflict as error:
            errors.append(error)

    await run.while_up(again)

    assert [(error.code, error.what) for error in errors] == [
        ("RT105", f"This project is already running (pid {os.getpid()}, {run.told.local_url})")
    ]


async def test_dev_names_the_stranger_on_a_port_asked_for_by_name(project: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        port = stranger.getsockname()[1]
        with pytest.raises(Conflict, match=f"Port {port} is taken by pid") as caught:
            await _Run(DevRequest(project, port=port)).session.run()

    assert caught.value.code == "RT201"
    assert caught.value.hint.startswith("rtstart dev --port ")


async def test_dev_moves_on_from_a_wished_port_that_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        port = stranger.getsockname()[1]
        run = _Run(DevRequest(write_project(tmp_path / "app", port=port), tunnel="none"))

        await run.while_up(_nothing)

    (moved,) = run.of(PortMoved)
    assert (moved.wished, moved.holder.startswith(f"pid {os.getpid()} (")) == (port, True)
    assert run.told.local_url == f"http://localhost:{moved.port}"


async def test_dev_says_every_fault_of_the_three_files_at_once(project: Path) -> None:
    (project / "rtstart.toml").write_text("schema = 1\ncolour = 2\n[dev]\nport = 'x'\n")
    (project / "Procfile").write_text("web: true\nnonsense\nweb: false\n")
    (project / ".env").write_text("OPENAI_API_KEY=hello\nnot an assignment\n")

    run = _Run(DevRequest(project))
    with pytest.raises(NotAProject) as caught:
        await run.session.run()

    assert [finding.where for finding in caught.value.findings] == [
        "rtstart.toml:2",
        "rtstart.toml:4",
        "Procfile:2",
        "Procfile:3",
        ".env:2",
        "rtstart.toml",  # nothing says on which port web listens
        ".env:1",
    ]
    assert run.events[-1] == Finished(4, "")


async def test_dev_refuses_a_key_in_a_name_that_browsers_will_see(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / ".env.local").write_text(f"A=1\nVITE_OPENAI_KEY={KEY}\n")
    monkeypatch.setenv("NEXT_PUBLIC_KEY", KEY)

    run = _Run(DevRequest(project))
    with pytest.raises(NotAProject) as caught:
        await run.session.run()

    assert [(finding.code, finding.where) for finding in caught.value.findings] == [
        ("RT701", ".env.local:2"),
        ("RT701", "NEXT_PUBLIC_KEY in the environment"),
    ]
    assert KEY not in repr(run.events)


async def test_dev_tells_of_keys_in_what_browsers_get(project: Path) -> None:
    (project / "dist").mkdir()
    (project / "dist" / "index.js.map").write_text(f"{{}}\n'{KEY}'")
    run = _Run(DevRequest(project, tunnel="none"))
    told = asyncio.Event()

    def listen(event: Event) -> None:
        run.events.append(event)
        if isinstance(event, Found) and event.finding.code == "RT703":
            told.set()

    run.session = DevSession(DevRequest(project, tunnel="none"), consent=_no, emit=listen)
    running = asyncio.ensure_future(run.session.run())
    async with asyncio.timeout(20):
        await told.wait()
    run.session.request_stop()
    await running

    assert [one.finding.where for one in run.of(Found) if one.finding.code == "RT703"] == [
        "dist/index.js.map:2"
    ]
    assert KEY not in repr(run.events)


async def test_dev_says_when_a_folder_is_no_project(tmp_path: Path) -> None:
    with pytest.raises(NotAProject) as caught:
        await _Run(DevRequest(tmp_path)).session.run()

    assert (caught.value.code, caught.value.hint) == ("RT101", "rtstart new myapp")


@pytest.mark.parametrize("where", ["above", "inside"])
async def test_dev_names_the_app_that_was_most_likely_meant(project: Path, where: str) -> None:
    folder = project.parent if where == "above" else project / "src"
    folder.mkdir(exist_ok=True)

    with pytest.raises(NotAProject) as caught:
        await _Run(DevRequest(folder)).session.run()

    assert (caught.value.code, _folder_of(caught.value.hint)) == ("RT101", project)


def _folder_of(hint: str) -> Path:
    """Where `cd` leads, which is told as it is shorter: from here or from the root."""
    return Path(hint.removeprefix("cd ")).resolve()


async def test_dev_offers_the_nearest_name_for_an_unknown_tunnel(project: Path) -> None:
    with pytest.raises(Usage) as caught:
        await _Run(DevRequest(project, tunnel="lam")).session.run()

    assert (caught.value.code, caught.value.why) == ("RT401", "Did you mean lan?")


async def test_dev_fails_with_the_last_words_of_a_service_that_cannot_run(project: Path) -> None:
    (project / "Procfile").write_text("token: echo broken; exit 3\nweb: exit 4\n")

    run = _Run(DevRequest(project))
    with pytest.raises(Failed) as caught:
        await run.session.run()

    assert caught.value.code in {"RT302", "RT303"}
    assert caught.value.why.split()[-1].endswith((".rtstart/logs/token.log", "logs/web.log"))


_ASKED = '{"session": {"type": "realtime", "model": "gpt-realtime-2"}}'


async def test_dev_leads_the_token_service_to_the_api_by_the_relay(tmp_path: Path) -> None:
    async with Emulator(EmulatorOptions()) as api:
        project = write_project(
            tmp_path / "app",
            port=choose_port(None),
            dotenv=f"OPENAI_API_KEY={KEY}\nOPENAI_BASE_URL={api.base_url}\nASK_API={_ASKED}\n",
        )
        run = _Run(DevRequest(project, tunnel="none"))
        seen: list[int] = []

        async def mint_stop_and_mint(told: Announced) -> None:
            async with httpx.AsyncClient(trust_env=False, base_url=told.local_url) as page:
                seen.append((await page.post("/session", json={})).status_code)
                people = run.session.people()
                seen.append(people.spent.calls if people else -1)
                run.session.toggle_calls()
                await run.heard(CallsStopped)
                seen.append((await page.post("/session", json={})).status_code)
                run.session.toggle_calls()
                seen.append((await page.post("/session", json={})).status_code)

        code = await run.while_up(mint_stop_and_mint)

    assert (code, seen) == (0, [200, 1, 503, 200])
    assert {(one.method, one.path, one.status) for one in run.of(Relayed)} == {
        ("POST", "/realtime/client_secrets", 200)
    }
    assert run.of(Finished)[0].words.startswith("stopped after ")
    assert ", 2 calls (0.0 min, about $0.00); logs are in .rtstart/logs" in (
        run.of(Finished)[0].words
    )


async def test_dev_names_what_is_wrong_with_a_request_for_a_secret(tmp_path: Path) -> None:
    async with Emulator(EmulatorOptions()) as api:
        project = write_project(
            tmp_path / "app",
            port=choose_port(None),
            dotenv=f"OPENAI_API_KEY={KEY}\nOPENAI_BASE_URL={api.base_url}\n"
            'ASK_API={"model": "gpt-4o-realtime-preview"}\n',
        )
        run = _Run(DevRequest(project, tunnel="none"))

        await run.while_up(_nothing)

    assert any(one.finding.code.startswith("RT5") for one in run.of(Found))


async def test_dev_without_the_relay_leads_the_token_service_straight_to_the_api(
    tmp_path: Path,
) -> None:
    async with Emulator(EmulatorOptions()) as api:
        project = write_project(
            tmp_path / "app",
            port=choose_port(None),
            dotenv=f"OPENAI_API_KEY={KEY}\nOPENAI_BASE_URL={api.base_url}\nASK_API={_ASKED}\n",
        )
        run = _Run(DevRequest(project, tunnel="none", uses_relay=False))

        code = await run.while_up(_nothing)

    assert (code, run.told.passed, run.of(Relayed)) == (0, run.told.asked, [])


@pytest.mark.parametrize("emulate", [False, True])
async def test_dev_records_each_call_of_the_backend_once(tmp_path: Path, emulate: bool) -> None:
    calls = tmp_path / "calls"

    async def call(_: Announced) -> None:
        children = [child.environ() for child in psutil.Process().children(recursive=True)]
        (url,) = {env["OPENAI_BASE_URL"] for env in children if "OPENAI_API_KEY" in env}
        async with connected(f"{url.replace('http', 'ws')}/realtime") as client:
            await client.update(instructions="The hook is hook-hook-hook.")

    async with Emulator(EmulatorOptions()) as api:
        project = write_project(
            tmp_path / "app",
            port=choose_port(None),
            dotenv=f"OPENAI_API_KEY={KEY}\nOPENAI_BASE_URL={api.base_url}\nA_SECRET=hook-hook-hook\n",
        )
        run = _Run(DevRequest(project, tunnel="none", emulate=emulate, record_dir=calls))
        await run.while_up(call)

    (path,) = await asyncio.to_thread(lambda: list(calls.iterdir()))
    assert path.name.startswith("sess_" if emulate else "relay_")
    assert run.told.mode.endswith(", recorded")
    text = gzip.decompress(path.read_bytes())
    assert (b"The hook is ***ok." in text, b"hook-hook" in text) == (True, False)
