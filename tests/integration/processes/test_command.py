"""One program run to its end, with real programs."""

import asyncio
import os
import sys
import time
from pathlib import Path

import pytest

from rtstart.adapters.processes import Completed, run_to_end
from tests.fakes.processes import is_running, running_with

pytestmark = pytest.mark.integration


def _python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


async def test_run_to_end_gives_code_and_lines_when_the_program_ends(tmp_path: Path) -> None:
    lines: list[str] = []
    code = "import os, sys; print('out'); print(os.getcwd()); print('err', file=sys.stderr);"

    completed = await run_to_end(
        _python(code + "sys.stdout.flush(); sys.exit(3)"),
        cwd=tmp_path,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        deadline_s=10,
        on_line=lines.append,
    )

    assert lines == ["out", str(tmp_path), "err"]
    assert completed == Completed(3, ("out", str(tmp_path), "err"))


async def test_run_to_end_keeps_the_last_twenty_lines_when_there_are_more(tmp_path: Path) -> None:
    completed = await run_to_end(
        _python("for i in range(100): print(i)"), cwd=tmp_path, env=os.environ, deadline_s=10
    )

    assert completed == Completed(0, tuple(str(i) for i in range(80, 100)))


async def test_run_to_end_masks_when_a_secret_is_printed(tmp_path: Path) -> None:
    key = "sk-" + "proj-" + "a" * 40
    completed = await run_to_end(
        ["printf", f"key \\033[32m{key}\\033[0m"], cwd=tmp_path, env=os.environ, deadline_s=10
    )

    assert completed == Completed(0, ("key sk-proj-***aa",))


async def test_run_to_end_answers_127_when_the_program_is_missing(tmp_path: Path) -> None:
    completed = await run_to_end(["no-such-program"], cwd=tmp_path, env=os.environ, deadline_s=10)

    assert completed.code == 127
    assert completed.last_lines == ("[Errno 2] No such file or directory: 'no-such-program'",)


async def test_run_to_end_is_over_at_once_when_nobody_answers_its_question(tmp_path: Path) -> None:
    completed = await run_to_end(
        _python("input('name? ')"), cwd=tmp_path, env=os.environ, deadline_s=10
    )

    assert completed.code == 1
    assert "EOFError: EOF when reading a line" in completed.last_lines


async def test_run_to_end_ends_the_program_when_the_deadline_passes(tmp_path: Path) -> None:
    completed = await run_to_end(
        ["sh", "-c", "echo begun; sleep 60"], cwd=tmp_path, env=os.environ, deadline_s=0.3
    )

    assert completed == Completed(-15, ("begun",), is_late=True)


async def test_run_to_end_kills_when_the_program_is_deaf(tmp_path: Path) -> None:
    began = time.monotonic()

    completed = await run_to_end(
        ["sh", "-c", "trap '' TERM; while :; do sleep 0.1; done"],
        cwd=tmp_path,
        env=os.environ,
        deadline_s=0.2,
    )

    assert completed == Completed(-9, (), is_late=True)
    assert time.monotonic() - began < 4


async def test_run_to_end_leaves_nothing_when_a_grandchild_holds_the_pipe(tmp_path: Path) -> None:
    completed = await run_to_end(
        "sleep 60 & echo $!; exit 4", cwd=tmp_path, env=os.environ, deadline_s=10
    )

    assert completed.code == 4
    assert not is_running(int(completed.last_lines[0]))


async def test_run_to_end_leaves_nothing_when_cancelled(tmp_path: Path) -> None:
    begun: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    task = asyncio.ensure_future(
        run_to_end(
            "echo $$; sleep 60",
            cwd=tmp_path,
            env=os.environ,
            deadline_s=60,
            on_line=lambda line: begun.set_result(int(line)),
        )
    )
    pid = await asyncio.wait_for(begun, 5)

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert not is_running(pid)


async def test_run_to_end_leaves_nothing_when_cancelled_before_the_pid_is_known(
    tmp_path: Path,
) -> None:
    task = asyncio.ensure_future(
        run_to_end("sleep 61.5", cwd=tmp_path, env=os.environ, deadline_s=60)
    )
    await asyncio.sleep(0)

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert running_with("61.5") == []
