"""The runner with real processes: every row of what honcho's manager does wrong, done right."""

import asyncio
import os
import socket
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from rtstart.adapters import ports
from rtstart.adapters.processes import Runner
from rtstart.core.errors import Failed, Interrupted
from rtstart.core.events import Exited, Found, Output, Ready, Restarting, Started, Stopping
from rtstart.core.findings import services
from rtstart.core.secrets import Masker
from rtstart.core.services import HttpReady, LineReady, Service
from tests.fakes.processes import is_running
from tests.fakes.runs import Events, python, service

pytestmark = pytest.mark.integration

_SERVER = """
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response({status}); self.send_header("Content-Length", "0"); self.end_headers()
    def log_message(self, *_): pass
http.server.ThreadingHTTPServer(("127.0.0.1", {port}), Handler).serve_forever()
"""
_DEAF = "trap '' TERM INT HUP; echo deaf; while :; do sleep 0.05; done"


def _runner(events: Events, *given: Service, log_dir: Path | None = None) -> Runner:
    return Runner(given, emit=events, masker=Masker(), log_dir=log_dir)


def _server(name: str, status: int = 200, *, after: Sequence[str] = ()) -> Service:
    port = ports.choose_port(None)
    return service(
        name,
        python(_SERVER.format(port=port, status=status)),
        port=port,
        ready=HttpReady("/"),
        after=tuple(after),
    )


def _pids(events: Events) -> list[int]:
    return [event.pid for event in events.of(Started)]


async def test_chain_is_started_in_order_and_leaves_nothing_when_stopped() -> None:
    events = Events()
    token, web = _server("token"), _server("web", 404, after=["token"])

    async with _runner(events, token, web) as runner:
        runner.start()
        await runner.wait_ready()
        began = time.monotonic()
        runner.request_stop()
        failure = await runner.wait_end()

    assert failure is None
    assert time.monotonic() - began < 1
    assert [event.service for event in events.of(Ready)] == ["token", "web"]
    assert events.of(Exited) == [Exited("web", -15, asked=True), Exited("token", -15, asked=True)]
    assert [pid for pid in _pids(events) if is_running(pid)] == []


async def test_all_is_stopped_when_the_context_is_left() -> None:
    events = Events()

    async with _runner(events, service("one", "sleep 60"), service("two", "sleep 60")) as runner:
        runner.start()
        await runner.wait_ready()

    assert [pid for pid in _pids(events) if is_running(pid)] == []


async def test_deaf_service_is_killed_when_its_grace_is_over() -> None:
    events = Events()

    async with _runner(events, service("deaf", _DEAF, grace_s=0.5)) as runner:
        runner.start()
        await events.until_line("deaf", "deaf")
        began = time.monotonic()
        runner.request_stop()
        await runner.wait_end()
        took_s = time.monotonic() - began

    assert 0.5 <= took_s < 1.5
    assert events.of(Exited) == [Exited("deaf", -9, asked=True)]


async def test_deaf_service_is_killed_at_once_when_asked_twice() -> None:
    events = Events()

    async with _runner(events, service("deaf", _DEAF, grace_s=30)) as runner:
        runner.start()
        await events.until_line("deaf", "deaf")
        began = time.monotonic()
        runner.request_stop()
        runner.request_stop()
        await runner.wait_end()
        took_s = time.monotonic() - began

    assert took_s < 1
    assert events.of(Stopping)[0].waiting_for == (("deaf", _pids(events)[0]),)


async def test_stop_works_when_asked_before_any_pid_is_known() -> None:
    events = Events()

    async with _runner(events, service("one", "sleep 60"), service("two", "sleep 60")) as runner:
        runner.start()
        runner.request_stop()
        assert await runner.wait_end() is None

    assert [pid for pid in _pids(events) if is_running(pid)] == []


async def test_run_fails_with_its_finding_when_a_service_crashes_too_often() -> None:
    events = Events()
    crashing = service("crashing", "exit 4", restarts=2, ready=LineReady("never"))
    other = service("other", "sleep 60")

    async with _runner(events, crashing, other) as runner:
        runner.start()
        with pytest.raises(Failed) as failed:
            await runner.wait_ready()
        failure = await runner.wait_end()

    assert failure == services.CRASHED.found(
        '"crashing" ended 3 times, with code 4', data={"service": "crashing", "code": 4}
    )
    assert failed.value.findings == (failure,)
    assert events.of(Restarting) == [
        Restarting("crashing", 0.2, 1, "ended with code 4"),
        Restarting("crashing", 0.4, 2, "ended with code 4"),
    ]
    assert events.of(Exited)[-1] == Exited("other", -15, asked=True)


async def test_run_fails_when_a_service_never_answers() -> None:
    events = Events()
    silent = service(
        "silent", "sleep 60", port=ports.choose_port(None), ready=HttpReady(), ready_within_s=0.3
    )

    async with _runner(events, silent) as runner:
        runner.start()
        failure = await runner.wait_end()

    assert failure is not None
    assert failure.code == "RT301"
    assert failure.what == f'"silent" did not answer on port {silent.port} within 0.3 s'


async def test_run_fails_when_a_service_answers_only_errors() -> None:
    failing = _server("failing", 503)

    async with _runner(Events(), service("x", "sleep 60"), failing) as runner:
        runner.start()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(runner.wait_ready(), 1.0)


async def test_run_fails_when_a_command_is_missing() -> None:
    for command, why in (
        ("no-such-program --x", "The shell did not find the program."),
        (["no-such-program"], "[Errno 2] No such file or directory: 'no-such-program'"),
    ):
        async with _runner(Events(), service("gone", command, ready=LineReady("x"))) as runner:
            runner.start()
            failure = await runner.wait_end()

        assert failure is not None
        assert (failure.code, failure.why) == ("RT303", why)


async def test_run_fails_when_a_stranger_holds_the_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        port = stranger.getsockname()[1]
        async with _runner(Events(), service("web", "sleep 60", port=port)) as runner:
            runner.start()
            failure = await runner.wait_end()

    assert failure is not None
    assert (failure.code, failure.what) == (
        "RT201",
        f'"web" wants port {port}, which is taken by pid {os.getpid()}',
    )


async def test_end_is_seen_when_a_grandchild_holds_the_pipe() -> None:
    events = Events()
    began = time.monotonic()

    async with _runner(events, service("shell", "sleep 60 & echo $!; exit 3")) as runner:
        runner.start()
        await runner.wait_end()

    assert time.monotonic() - began < 2
    assert events.of(Exited) == [Exited("shell", 3, asked=False)]
    assert not is_running(int(events.lines("shell")[0]))


async def test_grandchild_is_ended_when_it_is_silent_and_outlives_its_parent() -> None:
    events = Events()
    command = "sleep 60 >/dev/null 2>&1 & echo $!; exit 3"

    async with _runner(events, service("shell", command)) as runner:
        runner.start()
        await runner.wait_end()

    assert not is_running(int(events.lines("shell")[0]))


async def test_run_ends_when_a_stranger_to_the_group_holds_the_pipe() -> None:
    events = Events()
    command = "setsid sleep 3.7 & echo $!; exit 3"

    async with _runner(events, service("shell", command)) as runner:
        runner.start()
        began = time.monotonic()
        await runner.wait_end()
        took_s = time.monotonic() - began

    assert took_s < 3
    os.kill(int(events.lines("shell")[0]), 9)


async def test_service_is_new_when_a_restart_is_asked() -> None:
    events = Events()
    server = _server("server")

    async with _runner(events, server) as runner:
        runner.start()
        await runner.wait_ready()
        runner.restart("server")
        await events.until_next(lambda event: isinstance(event, Ready))
        first, second = _pids(events)
        assert not is_running(first)
        assert is_running(second)


async def test_service_joins_and_leaves_when_the_run_goes_on() -> None:
    events = Events()

    async with _runner(events, service("one", "sleep 60")) as runner:
        runner.start()
        await runner.wait_ready()
        runner.add(service("tunnel", "echo up; exec sleep 60", ready=LineReady("^up$")))
        await events.until(lambda event: isinstance(event, Ready) and event.service == "tunnel")
        runner.remove("tunnel")
        await events.until(lambda event: isinstance(event, Exited))
        assert [event.service for event in events.of(Exited)] == ["tunnel"]


async def test_held_service_leaves_with_its_code_and_its_input_stays_open() -> None:
    events = Events()
    ends = service("ends", "echo up; exit 7", is_held=True, is_essential=False)
    reads = service("reads", "echo up; read x; echo ended", is_held=True, holds_input_open=True)

    async with _runner(events, service("one", "sleep 60")) as runner:
        runner.start()
        await runner.wait_ready()
        runner.add(ends)
        runner.add(reads)
        assert await runner.wait_gone("ends") == 7
        await events.until_line("reads", "up")
        runner.remove("reads")
        assert await runner.wait_gone("reads") == -15
        assert await runner.wait_gone("never there") == 127
        assert runner.failure is None

    assert events.lines("reads") == ["up"]
    assert events.of(Found) == []


async def test_run_goes_on_when_a_service_that_is_not_essential_fails() -> None:
    events = Events()
    tunnel = service("tunnel", "exit 1", ready=LineReady("x"), is_essential=False)

    async with _runner(events, tunnel, service("web", "sleep 60")) as runner:
        runner.start()
        found = await events.until(lambda event: isinstance(event, Found))
        assert isinstance(found, Found)
        assert found.finding.code == "RT302"
        await runner.wait_ready()
        assert runner.failure is None


async def test_wait_ready_is_interrupted_when_the_run_is_stopped() -> None:
    async with _runner(Events(), service("x", "sleep 60", ready=LineReady("x"))) as runner:
        runner.start()
        runner.request_stop()
        with pytest.raises(Interrupted):
            await runner.wait_ready()


async def test_nothing_is_left_when_the_task_is_cancelled() -> None:
    events = Events()

    async def run() -> None:
        async with _runner(events, service("deaf", _DEAF, grace_s=0.3)) as runner:
            runner.start()
            await runner.wait_end()

    task = asyncio.ensure_future(run())
    await events.until_line("deaf", "deaf")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert [pid for pid in _pids(events) if is_running(pid)] == []


async def test_nothing_is_left_when_the_task_is_cancelled_while_it_stops() -> None:
    events = Events()

    async def run() -> None:
        async with _runner(events, service("deaf", _DEAF, grace_s=30)) as runner:
            runner.start()
            await events.until_line("deaf", "deaf")

    task = asyncio.ensure_future(run())
    await events.until(lambda event: isinstance(event, Stopping))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert [pid for pid in _pids(events) if is_running(pid)] == []


async def test_child_sees_nobody_at_the_keyboard_and_the_colors_of_our_terminal() -> None:
    events = Events()
    code = (
        "import os, sys; print(sys.stdin.read() == '', os.environ['FORCE_COLOR'],"
        " os.environ['COLUMNS'], 'NO_COLOR' in os.environ)"
    )
    one = service("one", python(code))
    given = Service("one", one.command, "/", env={**one.env, "NO_COLOR": "1"}, restarts=0)

    async with Runner([given], emit=events, masker=Masker(), is_colored=True, columns=70) as runner:
        runner.start()
        await runner.wait_end()

    assert events.lines("one") == ["True 1 70 False"]


async def test_prompt_is_shown_when_it_has_no_line_end() -> None:
    events = Events()
    async with _runner(events, service("one", "printf 'name? '; exec sleep 60")) as runner:
        runner.start()
        event = await events.until(lambda one: isinstance(one, Output))

    assert event == Output("one", "name? ", partial=True)


async def test_lines_come_before_the_end_when_the_last_words_are_many() -> None:
    events = Events()

    async with _runner(events, service("one", python("for i in range(5000): print(i)"))) as runner:
        runner.start()
        await runner.wait_end()

    assert events.lines("one") == [str(number) for number in range(5000)]
    kinds = [type(event) for event in events.all]
    assert kinds.index(Exited) > len(kinds) - 1 - kinds[::-1].index(Output)


async def test_loop_stays_awake_when_a_service_writes_200_000_lines() -> None:
    lines, longest_s, events = 0, 0.0, asyncio.Event()

    def emit(event: object) -> None:
        nonlocal lines
        lines += isinstance(event, Output)
        if isinstance(event, Exited):
            events.set()

    async def tick() -> None:
        nonlocal longest_s
        before = time.monotonic()
        while not events.is_set():
            await asyncio.sleep(0.001)
            now = time.monotonic()
            longest_s, before = max(longest_s, now - before), now

    code = "for i in range(200000): print('GET /src/main.ts', i, '200 in 3 ms')"
    async with Runner(
        [service("one", python(code))], emit=emit, masker=Masker(["a secret to look for"])
    ) as runner:
        runner.start()
        async with asyncio.timeout(20):
            await tick()
        await runner.wait_end()

    assert lines == 200_000
    assert longest_s < 0.5


async def test_log_file_holds_the_masked_lines_without_color(tmp_path: Path) -> None:
    key = "sk-" + "proj-" + "a" * 40
    command = f"printf '\\033[32mgreen\\033[0m {key}\\nsame\\nsame\\nsame\\n'"

    async with _runner(Events(), service("one", command), log_dir=tmp_path / "logs") as runner:
        runner.start()
        await runner.wait_end()
        assert runner.last_lines("one") == ("green sk-proj-***aa", "same")

    log = tmp_path / "logs" / "one.log"
    lines = [line.split(" ", 1)[1] for line in log.read_text(encoding="utf-8").splitlines()]
    assert lines == ["green sk-proj-***aa", "same", "  (the same line, 3 times)"]
    assert log.stat().st_mode & 0o777 == 0o600
