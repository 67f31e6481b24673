"""The holder with programs that speak as cloudflared does, and with ways of every other kind."""

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import pytest

from rtstart.adapters.processes import Runner
from rtstart.adapters.tunnels import cloudflared
from rtstart.adapters.tunnels.holder import Supply, TunnelHolder
from rtstart.adapters.tunnels.machine import ThisMachine
from rtstart.core.errors import Failed
from rtstart.core.events import Event, Found, TunnelDown
from rtstart.core.findings import Finding
from rtstart.core.findings import tunnel_refusals as refusals
from rtstart.core.secrets import Masker
from rtstart.core.tunnels import (
    API,
    AddressFound,
    Candidate,
    Connected,
    FixedTunnel,
    Machine,
    Options,
    OwnListener,
    ProcessTunnel,
    Provider,
    Report,
    Standing,
    Target,
    TaskTunnel,
    Traits,
    Way,
)
from rtstart.core.tunnels.health import Seen
from rtstart.core.tunnels.keeper import Keeper, Rules
from tests.fakes.runs import Events, service

pytestmark = pytest.mark.integration

_FAKE = Path(__file__).parents[2] / "fakes" / "cloudflared.py"
_HOST = "https://calm-river-example-words.trycloudflare.com"


class _Doors:
    """Doors that write down what is asked of them."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.seen: Seen = "ours"
        self.findings: tuple[Finding, ...] = ()
        self.announced = asyncio.Event()
        self.may_fetch = True

    async def listen(self, address: str) -> str:
        self.said.append(f"listen {address}")
        return f"https://{address}:4443"

    def accept(self, url: str) -> None:
        self.said.append(f"accept {url}")

    def withdraw(self) -> None:
        self.said.append("withdraw")

    async def prove(self, url: str, candidate: Candidate) -> tuple[Finding, ...]:
        self.said.append(f"prove {url} by {candidate.name}")
        return self.findings

    async def check(self, url: str) -> Seen:
        self.said.append(f"check {url}")
        return self.seen

    async def fetch(self, candidate: Candidate) -> None:
        self.said.append(f"fetch {candidate.name}")
        if not self.may_fetch:
            raise Failed.of(refusals.FETCH_FAILED.found("no internet"))

    def announce(self, url: str, candidate: Candidate, findings: tuple[Finding, ...]) -> None:
        del candidate, findings
        self.said.append(f"announce {url}")
        self.announced.set()


class _Provider:
    """A provider that gives this way."""

    api = API

    def __init__(self, name: str, way: Callable[[Target], Way], traits: Traits) -> None:
        self.name = name
        self.traits = traits
        self._way = way

    async def examine(self, machine: Machine, options: Options) -> Standing:
        del machine, options
        return Standing("ready")

    def plan(self, machine: Machine, target: Target, options: Options) -> Way:
        del machine, options
        return self._way(target)


@contextlib.asynccontextmanager
async def _holding(
    folder: Path,
    *providers: Provider,
    doors: _Doors,
    rules: Rules | None = None,
    must_fetch: bool = False,
) -> AsyncIterator[tuple[TunnelHolder, Events]]:
    events = Events()
    candidates = [
        Candidate(one.name, one.traits, "a test", must_fetch=must_fetch) for one in providers
    ]
    machine = ThisMachine(dict(os.environ), folder)
    supply = Supply({one.name: one for one in providers}, {}, machine, 4200, folder / "files")
    async with Runner([service("web", "sleep 60")], emit=events, masker=Masker()) as runner:
        runner.start()
        holder = TunnelHolder(
            Keeper(candidates, rules), supply, runner=runner, doors=doors, emit=events
        )
        async with holder:
            yield holder, events
            holder.leave()


def _quick(mode: str, **changes: object) -> Provider:
    """The real provider, its program and times replaced."""

    def way(target: Target) -> Way:
        machine = ThisMachine({"RTSTART_CLOUDFLARED": str(_FAKE)}, Path("/"))
        real = cloudflared.QUICK.plan(machine, target, {})
        return ProcessTunnel(
            (sys.executable, *real.command),
            real.read,
            env={"RTSTART_TEST_CLOUDFLARED": mode},
            files=real.files,
            pages=real.pages,
            **{"address_within_s": 5.0, "connected_within_s": 5.0, **changes},  # type: ignore[arg-type]  # the test's own words
        )

    return _Provider("cloudflared", way, Traits("Cloudflare", settles_s=0.05))


async def _until(wanted: Callable[[], bool]) -> None:
    async with asyncio.timeout(8):
        while not wanted():  # noqa: ASYNC110 - doors are plain lists
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("mode", ["good", "page only"])
async def test_quick_tunnel_is_proved_only_once_its_edge_is_connected(
    tmp_path: Path, mode: str
) -> None:
    doors = _Doors()
    async with _holding(tmp_path, _quick(mode), doors=doors) as (holder, _):
        holder.open()
        assert await holder.wait_settled() == _HOST
        assert holder.url == _HOST

    assert doors.said == [
        f"accept {_HOST}",
        f"prove {_HOST} by cloudflared",
        f"announce {_HOST}",
    ]
    assert list((tmp_path / "files").iterdir()) == []


def _codes(events: Sequence[Event]) -> list[str]:
    return [event.finding.code for event in events if isinstance(event, Found)]


@pytest.mark.parametrize(
    ("mode", "codes"),
    [
        ("rate limited", ["RT421", "RT437"]),
        ("no network", ["RT423", "RT437"]),
        ("address then end", ["RT427", "RT437"]),
    ],
)
async def test_quick_tunnel_is_given_up_when_it_is_refused(
    tmp_path: Path, mode: str, codes: list[str]
) -> None:
    doors = _Doors()
    async with _holding(tmp_path, _quick(mode), doors=doors) as (holder, events):
        holder.open()
        assert await holder.wait_settled() == ""

    assert _codes(events.all) == codes
    assert "announce" not in " ".join(doors.said)


async def test_quick_tunnel_is_tried_again_when_it_announces_and_never_connects(
    tmp_path: Path,
) -> None:
    doors = _Doors()
    provider = _quick("never connected", connected_within_s=0.1)
    async with _holding(tmp_path, provider, doors=doors) as (holder, events):
        holder.open()
        assert await holder.wait_settled() == ""

    assert _codes(events.all) == ["RT426", "RT426", "RT437"]
    assert doors.said == [f"accept {_HOST}", "withdraw"] * 2


async def test_address_is_opened_anew_when_it_answers_no_more(tmp_path: Path) -> None:
    doors = _Doors()
    traits = Traits("fixed", health_every_s=0.05)
    fixed = _Provider("fixed", lambda _: FixedTunnel("https://a.test"), traits)
    rules = Rules(health_soon_s=0.05)
    async with _holding(tmp_path, fixed, doors=doors, rules=rules) as (holder, events):
        holder.open()
        await holder.wait_settled()
        await _until(lambda: "check https://a.test" in doors.said)
        doors.seen = "not ours"
        with contextlib.suppress(TimeoutError):
            await events.until(lambda event: isinstance(event, TunnelDown), within_s=8.0)

    assert _codes(events.all) == ["RT436"]
    assert doors.said[-1] == "withdraw"


async def test_network_is_listened_on_when_that_is_the_way(tmp_path: Path) -> None:
    doors = _Doors()
    lan = _Provider("lan", lambda _: OwnListener("192.0.2.7"), Traits("lan", reach="network"))
    async with _holding(tmp_path, lan, doors=doors) as (holder, _):
        holder.open()
        assert await holder.wait_settled() == "https://192.0.2.7:4443"

    assert doors.said[0] == "listen 192.0.2.7"


async def test_task_in_our_process_is_held_and_cancelled(tmp_path: Path) -> None:
    doors = _Doors()
    ended = asyncio.Event()

    async def run(report: Report) -> None:
        report(AddressFound("https://task.test"))
        report(Connected())
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    task = _Provider("task", lambda _: TaskTunnel(run), Traits("task"))
    async with _holding(tmp_path, task, doors=doors) as (holder, events):
        holder.open()
        assert await holder.wait_settled() == "https://task.test"
        holder.close("switched off")
        await ended.wait()
        assert not holder.is_wanted

    assert events.of(TunnelDown) == [TunnelDown("task", "switched off", "closed; t opens it again")]


async def test_task_that_returns_is_a_tunnel_that_ended(tmp_path: Path) -> None:
    async def run(report: Report) -> None:
        del report

    task = _Provider("task", lambda _: TaskTunnel(run), Traits("task"))
    async with _holding(tmp_path, task, doors=_Doors()) as (holder, events):
        holder.open()
        assert await holder.wait_settled() == ""

    assert _codes(events.all) == ["RT424", "RT424", "RT437"]


async def test_reader_that_fails_hurts_nobody(tmp_path: Path) -> None:
    def read(line: str) -> AddressFound:
        if line == "bad":
            raise ValueError(line)
        return AddressFound("https://b.test")

    way = ProcessTunnel(
        ("sh", "-c", "echo bad; echo good; exec sleep 60"), read, is_connected_by_address=True
    )
    provider = _Provider("odd", lambda _: way, Traits("odd"))
    async with _holding(tmp_path, provider, doors=_Doors()) as (holder, _):
        holder.open()
        assert await holder.wait_settled() == "https://b.test"


async def test_program_is_fetched_first_when_it_must_be(tmp_path: Path) -> None:
    doors = _Doors()
    async with _holding(tmp_path, _quick("good"), doors=doors, must_fetch=True) as (holder, _):
        holder.open()
        await holder.wait_settled()

    assert doors.said[0] == "fetch cloudflared"


async def test_next_way_is_taken_at_once_when_fetching_fails(tmp_path: Path) -> None:
    doors = _Doors()
    doors.may_fetch = False
    async with _holding(tmp_path, _quick("good"), doors=doors, must_fetch=True) as (holder, events):
        holder.open()
        assert await holder.wait_settled() == ""

    assert doors.said == ["fetch cloudflared"]
    assert _codes(events.all) == ["RT438", "RT437"]


async def test_address_is_closed_at_the_end_of_its_term_and_kept_when_asked(
    tmp_path: Path,
) -> None:
    doors = _Doors()
    fixed = _Provider("fixed", lambda _: FixedTunnel("https://a.test"), Traits("fixed"))
    async with _holding(tmp_path, fixed, doors=doors, rules=Rules(0.6)) as (holder, events):
        holder.open()
        await holder.wait_settled()
        holder.extend()
        down = await events.until(lambda event: isinstance(event, TunnelDown))

    assert down == TunnelDown("fixed", "its time is over", "closed; t opens it again")
