"""`rtstart dev` as a program: what it prints, its exit codes, and that it leaves nothing."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from rtstart.adapters.ports import choose_port
from tests.fakes.projects import write_project

pytestmark = pytest.mark.integration

_Process = subprocess.Popen[str]  # noqa: TID251 - the program under test, as a shell starts it


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return write_project(tmp_path / "app", port=choose_port(None))


@contextmanager
def _dev(project: Path, *arguments: str) -> Iterator[_Process]:
    process = _Process(
        [sys.executable, "-m", "rtstart", "dev", "--project", str(project), *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def _until_announced(process: _Process) -> list[dict[str, object]]:
    events: list[dict[str, object]] = []
    assert process.stdout is not None
    for line in process.stdout:
        events.append(json.loads(line))
        if events[-1]["event"] == "announced":
            return events
    raise AssertionError(f"never announced: {events}")


def _services(project: Path) -> list[psutil.Process]:
    """Every process that runs this project's server."""
    return [
        process
        for process in psutil.process_iter(["cwd", "cmdline", "status"])
        if process.info["cwd"] == str(project) and "server.py" in (process.info["cmdline"] or [])
    ]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_dev_leaves_nothing_when_it_is_told_to_stop(project: Path, number: signal.Signals) -> None:
    with _dev(project, "--json") as process:
        _until_announced(process)
        assert len(_services(project)) == 2

        process.send_signal(number)
        rest = [json.loads(line) for line in process.communicate(timeout=15)[0].splitlines()]

    assert process.returncode == 0
    assert rest[-1]["event"] == "finished"
    assert _services(project) == []
    assert not (project / ".rtstart" / "run.json").exists()


def test_dev_leaves_nothing_when_it_is_killed(project: Path) -> None:
    with _dev(project, "--json") as process:
        _until_announced(process)
        services = _services(project)

        process.kill()
        gone, alive = psutil.wait_procs(services, timeout=5)

    assert (len(gone), alive) == (2, [])


def test_dev_can_run_again_after_it_was_killed(project: Path) -> None:
    with _dev(project, "--json") as process:
        _until_announced(process)
        services = _services(project)
        process.kill()
        psutil.wait_procs(services, timeout=5)

    with _dev(project, "--json") as process:
        events = _until_announced(process)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=15)

    assert events[-1]["passed"] == 6
    assert process.returncode == 0


def test_dev_stops_calmly_when_nobody_reads_any_more(project: Path) -> None:
    with _dev(project, "--json") as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["event"] == "started"
        process.stdout.close()
        process.stdout = None
        _, talk = process.communicate(timeout=15)

    assert (process.returncode, talk) == (0, "")
    assert _services(project) == []


def test_dev_in_a_pipe_prints_addresses_out_and_talk_aside(project: Path) -> None:
    with _dev(project, "--for", "10ms") as process:
        out, err = process.communicate(timeout=20)

    lines = out.splitlines()
    assert process.returncode == 0
    assert "rtstart 0.1  app · fake · key from .env" in lines[1]
    assert lines[3].split() == ["➜", "Local", lines[3].split()[2]]
    assert lines[4].split()[1:2] == ["Public"]
    assert lines[4].endswith("checked 6/6")
    assert lines[5].split()[1:2] == ["Invite"]
    assert "\x1b[" not in out + err
    assert "Browsers do not trust" in err
    assert "stopped after" in err.splitlines()[-1]


def test_dev_prints_only_the_address_when_quiet(project: Path) -> None:
    with _dev(project, "--quiet", "--tunnel", "none", "--for", "10ms") as process:
        out, err = process.communicate(timeout=20)

    assert out.startswith("http://localhost:")
    assert (len(out.splitlines()), err) == (1, "")


def test_dev_gives_the_terminal_to_the_command_after_two_dashes(project: Path) -> None:
    command = [sys.executable, "-c", "print('mine'); raise SystemExit(9)"]
    with _dev(project, "--tunnel", "none", "--", *command) as process:
        out, err = process.communicate(timeout=20)

    assert (process.returncode, out) == (9, "mine\n")
    assert "http://localhost:" in err


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--for", "soon"), 2, '--for does not know the time "soon"'),
        (("--tunnel", "lam"), 2, "Did you mean lan?"),
        (("--project", "/no/such/folder"), 4, 'There is no folder "/no/such/folder"'),
        (("--port", "99999"), 2, "99999"),
        (("--record", "calls", "--no-relay"), 2, "No call passes here that could be recorded"),
        (("--record", "/dev/null/calls"), 2, 'Calls cannot be recorded in "/dev/null/calls"'),
    ],
)
def test_dev_refuses_what_it_cannot_do(
    project: Path, arguments: tuple[str, ...], code: int, words: str
) -> None:
    with _dev(project, *arguments) as process:
        _, err = process.communicate(timeout=20)

    assert process.returncode == code
    assert words in err
    assert "Traceback" not in err


def test_dev_refuses_a_key_from_the_environment_that_is_none(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / ".env").write_text("", encoding="utf-8")
    monkeypatch.setenv("OPENAI_API_KEY", "hello-there-this-is-no-key")

    with _dev(project) as process:
        _, err = process.communicate(timeout=20)

    assert process.returncode == 4
    assert "OPENAI_API_KEY does not start with sk-" in err
    assert "RT501" in err
    assert "hello-there" not in err
