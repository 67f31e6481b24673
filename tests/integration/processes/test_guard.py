"""What happens when rtstart itself is killed, or its guard is."""

import asyncio
import os
import signal
import sys
import time
from pathlib import Path

import pytest

from rtstart.adapters.processes import Runner, on_stop_signals, run_to_end
from rtstart.adapters.processes.guard import Guard
from rtstart.core.events import Started
from rtstart.core.secrets import Masker
from tests.fakes.processes import is_running
from tests.fakes.runs import Events, service

pytestmark = pytest.mark.integration

_PARENT = """
import asyncio, sys
from rtstart.adapters.processes import Runner, on_stop_signals
from rtstart.core.events import Started
from rtstart.core.secrets import Masker
from rtstart.core.services import Service

def emit(event):
    if isinstance(event, Started):
        sys.stdout.write(f"{event.pid}\\n"); sys.stdout.flush()

async def main():
    given = [
        Service("plain", "sleep 60 & sleep 60", "/"),
        Service("deaf", "trap '' TERM HUP INT; echo deaf; while :; do sleep 0.05; done", "/"),
    ]
    async with Runner(given, emit=emit, masker=Masker()) as runner:
        def ask(number):
            sys.stdout.write("asked\\n"); sys.stdout.flush()
            runner.request_stop()
        with on_stop_signals(ask):
            runner.start()
            await runner.wait_end()
    sys.stdout.write("ended\\n")

asyncio.run(main())
"""


async def _start_parent() -> tuple[asyncio.subprocess.Process, list[int]]:
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _PARENT, stdout=asyncio.subprocess.PIPE, start_new_session=True
    )
    assert parent.stdout is not None
    async with asyncio.timeout(8):
        pids = [int(await parent.stdout.readline()) for _ in range(2)]
    return parent, pids


async def _until_gone(pids: list[int], within_s: float) -> float:
    began = time.monotonic()
    async with asyncio.timeout(within_s):
        # Processes that are not our children tell nobody when they end.
        while any(is_running(pid) for pid in pids):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    return time.monotonic() - began


async def test_nothing_is_left_within_a_second_when_the_parent_is_killed() -> None:
    parent, pids = await _start_parent()

    parent.kill()
    took_s = await _until_gone(pids, within_s=3)
    await parent.wait()

    assert took_s < 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_services_are_stopped_when_a_signal_comes(number: signal.Signals) -> None:
    parent, pids = await _start_parent()
    assert parent.stdout is not None

    async with asyncio.timeout(6):
        parent.send_signal(number)
        first = await parent.stdout.readline()
        parent.send_signal(number)
        rest = await parent.stdout.read()
        code = await parent.wait()

    assert (first, rest, code) == (b"asked\n", b"asked\nended\n", 0)
    assert [pid for pid in pids if is_running(pid)] == []


async def test_run_goes_on_and_is_guarded_anew_when_the_guard_is_killed() -> None:
    events = Events()
    guard = Guard()

    async with Runner([service("one", "sleep 60")], emit=events, masker=Masker()) as runner:
        runner.start()
        await runner.wait_ready()
        runner._guard, own = guard, runner._guard
        guard.start()
        assert guard.pid is not None
        os.kill(guard.pid, signal.SIGKILL)
        await _until_gone([guard.pid], within_s=2)
        killed = guard.pid
        runner.restart("one")
        await events.until(
            lambda event: isinstance(event, Started) and event != events.of(Started)[0]
        )
        assert guard.pid != killed
        assert is_running(guard.pid)
        own.close()

    assert guard.pid is None


async def test_guard_ends_what_is_on_its_list_when_it_is_closed(tmp_path: Path) -> None:
    guard = Guard()
    guard.start()
    pids: list[int] = []

    def add(line: str) -> None:
        pids.append(int(line))
        guard.add(int(line))
        guard.close()

    completed = await run_to_end(
        "echo $$; sleep 60", cwd=tmp_path, env=os.environ, deadline_s=5, on_line=add
    )

    assert completed.code == -15
    assert not is_running(pids[0])


async def test_guard_leaves_alone_what_was_removed_from_its_list(tmp_path: Path) -> None:
    guard = Guard()
    guard.start()

    def add(line: str) -> None:
        guard.add(int(line))
        guard.remove(int(line))
        guard.close()

    completed = await run_to_end(
        "echo $$; exec sleep 0.2", cwd=tmp_path, env=os.environ, deadline_s=5, on_line=add
    )

    assert completed.code == 0


def test_guard_does_nothing_when_it_was_not_started() -> None:
    guard = Guard()

    guard.add(12_345)
    guard.remove(12_345)
    guard.close()

    assert guard.pid is None


async def test_signals_are_given_back_when_the_context_is_left() -> None:
    before = signal.getsignal(signal.SIGTERM)

    with on_stop_signals(lambda _: None):
        pass

    assert signal.getsignal(signal.SIGTERM) == before
