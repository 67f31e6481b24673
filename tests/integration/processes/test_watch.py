"""Services start anew when their files change."""

import asyncio
import contextlib
from pathlib import Path

import pytest

from rtstart.adapters.processes import Runner
from rtstart.core.events import Event, Found, Ready, Restarting, Started
from rtstart.core.findings import services
from rtstart.core.secrets import Masker
from rtstart.core.services import LineReady, Service
from tests.fakes.runs import Events, service

pytestmark = pytest.mark.integration


def _watched(folder: Path, *watch: str) -> Service:
    (folder / "server").mkdir(exist_ok=True)
    script = folder / "server" / "run.sh"
    script.write_text("echo up; exec sleep 60\n", encoding="utf-8")
    return service("token", "sh server/run.sh", cwd=str(folder), watch=watch, ready=LineReady("up"))


async def _until_watching(folder: Path, events: Events) -> None:
    """Touch a file until the watcher, which starts in its own time, has seen it."""
    async with asyncio.timeout(5):
        number = 0
        while not events.of(Restarting):
            number += 1
            (folder / "server" / "probe.ts").write_text(str(number), encoding="utf-8")
            with contextlib.suppress(TimeoutError):
                await events.until_next(lambda event: isinstance(event, Restarting), within_s=0.3)


def _is_ready(event: Event) -> bool:
    return isinstance(event, Ready)


@pytest.mark.parametrize("watch", ["server", "server/probe.ts"])
async def test_service_starts_anew_when_a_watched_file_changes(tmp_path: Path, watch: str) -> None:
    events = Events()
    given = _watched(tmp_path, watch)
    (tmp_path / "server" / "probe.ts").write_text("0", encoding="utf-8")

    async with Runner([given], emit=events, masker=Masker()) as runner:
        runner.start()
        await runner.wait_ready()
        await _until_watching(tmp_path, events)
        await events.until(lambda event: isinstance(event, Ready) and event != events.of(Ready)[0])

    assert events.of(Restarting)[0] == Restarting("token", 0.0, 1, "server/probe.ts changed")
    assert len(events.of(Started)) >= 2


async def test_service_waits_for_the_next_change_when_a_change_broke_it(tmp_path: Path) -> None:
    events = Events()
    script = tmp_path / "server" / "run.sh"

    async with Runner([_watched(tmp_path, "server")], emit=events, masker=Masker()) as runner:
        runner.start()
        await runner.wait_ready()
        await _until_watching(tmp_path, events)
        await events.until_next(_is_ready)
        script.write_text("exit 9\n", encoding="utf-8")
        found = await events.until(lambda event: isinstance(event, Found))
        script.write_text("echo up; exec sleep 60\n", encoding="utf-8")
        await events.until_next(_is_ready)

    assert found == Found(
        services.WAITS_FOR_CHANGE.found(
            '"token" ended after a change, with code 9', data={"service": "token", "code": 9}
        )
    )


async def test_finding_says_so_when_a_watched_path_is_missing(tmp_path: Path) -> None:
    events = Events()

    async with Runner([_watched(tmp_path, "gone")], emit=events, masker=Masker()) as runner:
        runner.start()

    assert events.of(Found) == [
        Found(services.NOT_WATCHED.found(why='"gone" does not exist.', where="token"))
    ]
