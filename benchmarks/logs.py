"""Process handling beside honcho and concurrently: 200,000 lines, start to end of `true`, memory,
and how long a stop takes. `uv run python -m benchmarks.logs [--json FILE]`

Each contender runs the same command as a child of its own program, output to a pipe that is read
and thrown away. concurrently is installed from npm into a temporary folder when npm is there.
"""

import argparse
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

import psutil

_LINES = 200_000
_CONCURRENTLY = "concurrently@10.0.7"
_WRITER = (
    f"{sys.executable} -c \"for i in range({_LINES}): print(i, 'GET /src/main.ts 200 in 3 ms')\""
)
_ENVIRONMENT = {**os.environ, "PYTHONUNBUFFERED": "1"}
"""rtstart sets this for its children, so that lines come when written; here it is set for all."""

_HOLDER = "sleep 60"

_OURS = """
import asyncio, os, sys
from rtstart.adapters.processes import Runner, on_stop_signals
from rtstart.cli.render.dev import PlainDev
from rtstart.cli.render.style import style_of
from rtstart.core.secrets import Masker
from rtstart.core.services import Service

async def main():
    out, err = sys.stdout, sys.stderr
    emit = PlainDev(out, err, styles=(style_of(out), style_of(err)))
    command = open("Procfile").read().split(":", 1)[1].strip()
    given = [Service("one", command, os.getcwd(), env=os.environ, restarts=0)]
    async with Runner(given, emit=emit, masker=Masker(["a-literal-secret-to-mask"])) as runner:
        with on_stop_signals(lambda number: runner.request_stop()):
            runner.start()
            await runner.wait_end()

asyncio.run(main())
"""


@dataclass(frozen=True, slots=True)
class Result:
    """One contender in one trial; times are medians in seconds."""

    contender: str
    start_to_end_s: float
    lines_s: float
    peak_mib: float
    lines_seen: int
    stop_s: float


def main() -> None:
    """Run every contender and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="write the results here too")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        results = [
            _measure(name, command, Path(folder), options.rounds)
            for name, command in _contenders(Path(folder)).items()
        ]
    row = "{:<14}{:>16}{:>18}{:>12}{:>12}{:>10}"
    print(row.format("", "true, to its end", "200,000 lines", "lines seen", "peak MiB", "stop"))
    for one in results:
        print(
            row.format(
                one.contender,
                f"{one.start_to_end_s * 1000:.0f} ms",
                f"{one.lines_s:.2f} s",
                one.lines_seen,
                f"{one.peak_mib:.0f}",
                f"{one.stop_s * 1000:.0f} ms",
            )
        )
    if options.json:
        options.json.write_text(json.dumps([asdict(one) for one in results], indent=2), "utf-8")


def _contenders(folder: Path) -> dict[str, list[str]]:
    """The command that runs the Procfile of a folder, for each that is there."""
    found = {
        "rtstart": [sys.executable, "-c", _OURS],
        "honcho": [sys.executable, "-m", "honcho", "start"],
    }
    npm = shutil.which("npm")
    if npm is not None:
        installed = subprocess.run(
            [npm, "install", "--silent", "--prefix", str(folder / "npm"), _CONCURRENTLY],
            check=False,
        )
        program = folder / "npm" / "node_modules" / ".bin" / "concurrently"
        if installed.returncode == 0 and program.exists():
            found["concurrently"] = [str(program), "--names", "one"]
    return found


def _measure(name: str, command: list[str], folder: Path, rounds: int) -> Result:
    short = [_run(name, command, folder, "true") for _ in range(rounds)]
    long = [_run(name, command, folder, _WRITER) for _ in range(rounds)]
    stops = [_stop(name, command, folder) for _ in range(rounds)]
    return Result(
        contender=name,
        start_to_end_s=statistics.median(run[0] for run in short),
        lines_s=statistics.median(run[0] for run in long),
        peak_mib=statistics.median(run[1] for run in long),
        lines_seen=min(run[2] for run in long),
        stop_s=statistics.median(stops),
    )


def _start(name: str, command: list[str], folder: Path, line: str) -> "subprocess.Popen[bytes]":  # noqa: TID251
    (folder / "Procfile").write_text(f"one: {line}\n", "utf-8")
    whole = [*command, line] if name == "concurrently" else command
    return subprocess.Popen(  # noqa: TID251 - what is measured are whole programs
        whole, cwd=folder, env=_ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )


def _run(name: str, command: list[str], folder: Path, line: str) -> tuple[float, float, int]:
    """Seconds from start to end, peak of the manager's memory in MiB, lines that came out."""
    began = time.perf_counter()
    process = _start(name, command, folder, line)
    peak: list[float] = [0.0]
    watching = threading.Thread(target=_watch_memory, args=(process.pid, peak), daemon=True)
    watching.start()
    lines = sum(line.count(b"GET /src") for line in _out(process))
    process.wait()
    spent_s = time.perf_counter() - began
    watching.join()
    return spent_s, peak[0], lines


def _out(process: "subprocess.Popen[bytes]") -> IO[bytes]:  # noqa: TID251
    if process.stdout is None:
        raise RuntimeError("its output is a pipe")
    return process.stdout


def _watch_memory(pid: int, peak: list[float]) -> None:
    """Memory of the manager and its helpers, without the command that they run."""
    try:
        root = psutil.Process(pid)
        while root.is_running() and root.status() != psutil.STATUS_ZOMBIE:
            tree = [root, *root.children(recursive=True)]
            ours = [one for one in tree if "GET /src" not in " ".join(one.cmdline()) or one == root]
            peak[0] = max(peak[0], sum(one.memory_info().rss for one in ours) / 2**20)
            threading.Event().wait(0.05)
    except psutil.Error:
        return


def _stop(name: str, command: list[str], folder: Path) -> float:
    """Seconds from Ctrl-C until the manager has gone, with one child that obeys."""
    process = _start(name, command, folder, _HOLDER)
    root = psutil.Process(process.pid)
    while not any("sleep" in " ".join(one.cmdline()) for one in root.children(recursive=True)):
        threading.Event().wait(0.02)
    threading.Event().wait(0.5)
    began = time.perf_counter()
    os.kill(process.pid, signal.SIGINT)
    _out(process).read()
    process.wait()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
