"""The parts below the runner: log files, trees of processes, output in time."""

import asyncio
import contextlib
import os
import subprocess
from pathlib import Path

import psutil
import pytest

from rtstart.adapters.processes import groups, windows
from rtstart.adapters.processes.child import child_environment
from rtstart.adapters.processes.logs import LogFile
from rtstart.adapters.processes.output import ServiceOutput
from rtstart.core.events import Output
from rtstart.core.secrets import Masker
from tests.fakes.processes import still_running
from tests.fakes.runs import Events

pytestmark = pytest.mark.integration


def _fail(error: OSError) -> None:
    raise AssertionError(error)


def test_log_keeps_two_files_when_it_grows(tmp_path: Path) -> None:
    log = LogFile(tmp_path, "web", on_trouble=_fail, file_bytes=1000)

    for number in range(100):
        log.write([(f"line {number} " + "x" * 80, 1)])
    log.close()
    log.write([("after the end", 1)])

    assert sorted(path.name for path in tmp_path.iterdir()) == ["web.1.log", "web.log"]
    assert all(path.stat().st_size <= 1000 for path in tmp_path.iterdir())
    assert "line 99 " in log.path.read_text(encoding="utf-8").splitlines()[-1]


def test_log_of_the_run_before_is_kept_when_a_run_begins(tmp_path: Path) -> None:
    for words in ("first", "second"):
        log = LogFile(tmp_path, "web", on_trouble=_fail)
        log.write([(words, 1)])
        log.close()

    assert "first" in (tmp_path / "web.1.log").read_text(encoding="utf-8")
    assert "second" in log.path.read_text(encoding="utf-8")


def test_log_tells_its_trouble_once_when_the_folder_is_a_file(tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    folder.write_text("a file", encoding="utf-8")
    troubles: list[OSError] = []

    log = LogFile(folder, "web", on_trouble=troubles.append)
    log.write([("lost", 1)])

    assert [type(trouble) for trouble in troubles] == [FileExistsError]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a full disk")
def test_log_tells_its_trouble_once_when_the_disk_is_full(tmp_path: Path) -> None:
    troubles: list[OSError] = []
    log = LogFile(tmp_path, "web", on_trouble=troubles.append)
    assert log._file is not None
    os.close(log._file)
    log._file = os.open("/dev/full", os.O_WRONLY)

    log.write([("lost", 1)])
    log.write([("lost", 1)])

    assert [str(trouble) for trouble in troubles] == ["[Errno 28] No space left on device"]


def test_tree_is_ended_when_it_has_many_branches() -> None:
    root = subprocess.Popen(  # noqa: TID251 - what is tested ends processes
        ["sh", "-c", "sleep 60 & setsid sleep 60 & wait"], start_new_session=True
    )
    branches: list[int] = []
    while len(branches) < 2:
        branches = [child.pid for child in psutil.Process(root.pid).children(recursive=True)]

    windows.kill_tree(root.pid)

    root.wait(5)
    assert still_running(branches, within_s=5.0) == []


def test_tree_that_is_gone_is_no_error() -> None:
    root = subprocess.Popen(["true"])  # noqa: TID251 - what is tested ends processes
    root.wait(5)

    windows.kill_tree(root.pid)


@pytest.mark.parametrize("pid", [0, 1, -1])
def test_group_is_refused_when_its_number_means_others(pid: int) -> None:
    with pytest.raises(ValueError, match="no group of a child"):
        groups.kill_group(pid)


def test_group_that_is_gone_is_no_error() -> None:
    root = subprocess.Popen(["true"], start_new_session=True)  # noqa: TID251 - it is ended
    root.wait(5)

    groups.ask_group(root.pid)

    assert not groups.is_group_alive(root.pid)


@pytest.mark.parametrize(
    ("given", "is_colored", "made"),
    [
        ({}, False, {"PYTHONUNBUFFERED": "1"}),
        (
            {"NO_COLOR": "1", "PYTHONUNBUFFERED": "x", "FORCE_COLOR": "3"},
            True,
            {
                "PYTHONUNBUFFERED": "x",
                "FORCE_COLOR": "3",
                "CLICOLOR_FORCE": "1",
                "PY_COLORS": "1",
            },
        ),
    ],
)
def test_environment_of_a_child_says_what_the_terminal_can(
    given: dict[str, str], is_colored: bool, made: dict[str, str]
) -> None:
    assert child_environment(given, color=is_colored) == made


def _output(events: Events) -> ServiceOutput:
    return ServiceOutput(
        "web", masker=Masker(["hunter2hunter2"]), emit=events, log=None, listeners=[]
    )


async def test_partial_line_is_told_again_whole_when_its_end_comes() -> None:
    events = Events()
    output = _output(events)

    output.feed(b"pass hunter2")
    await events.until(lambda _: True)
    output.feed(b"hunter2 ok")
    await events.until_next(lambda _: True)
    output.feed(b"\n")
    output.end()

    assert events.all == [
        Output("web", "pass ", partial=True),
        Output("web", "pass ***r2 ok", partial=True),
        Output("web", "pass ***r2 ok"),
    ]


async def test_partial_line_is_told_once_when_nothing_follows() -> None:
    events = Events()
    output = _output(events)

    output.feed(b"name? ")
    await events.until(lambda _: True)
    output.feed(b"")
    with contextlib.suppress(AssertionError):
        await events.until_next(lambda _: True, within_s=0.3)
    output.end()

    assert events.all == [Output("web", "name? ", partial=True), Output("web", "name? ")]


async def test_count_is_told_after_a_while_when_a_line_goes_on_repeating() -> None:
    events = Events()
    output = _output(events)

    output.feed(b"same\n" * 1000)
    await events.until(lambda event: isinstance(event, Output) and event.repeats > 1)
    output.feed(b"same\nother\n")
    output.end()

    assert events.all == [
        Output("web", "same"),
        Output("web", "same", repeats=1000),
        Output("web", "same", repeats=1001),
        Output("web", "other"),
    ]


async def test_listener_gets_lines_plain_and_not_masked() -> None:
    heard: list[str] = []
    output = ServiceOutput(
        "tunnel", masker=Masker(), emit=lambda _: None, log=None, listeners=[heard.append]
    )

    output.feed(b"\x1b[32mBearer abcdefghijklmnop\x1b[0m\n")
    output.end()
    await asyncio.sleep(0)

    assert heard == ["Bearer abcdefghijklmnop"]
