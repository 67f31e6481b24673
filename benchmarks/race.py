"""Commands timed from start to end, turn by turn, so that all share the machine's mood."""

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class Contender:
    """A command to time. `clear` puts things back before each run; `note` says what it does."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str]
    clear: Callable[[], None] = lambda: None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Times:
    """The seconds that each run of a contender took."""

    name: str
    note: str
    seconds: tuple[float, ...]

    @property
    def median_s(self) -> float:
        """The middle one."""
        return statistics.median(self.seconds)


def parse_options(words: str, *, runs: int) -> argparse.Namespace:
    """`--runs` and `--json FILE`, as every program here takes them."""
    parser = argparse.ArgumentParser(description=words)
    parser.add_argument("--runs", type=int, default=runs)
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


def race(contenders: Sequence[Contender], *, runs: int, cwd: Path) -> list[Times]:
    """Each once to warm up, then `runs` rounds in which each runs once."""
    seconds: dict[str, list[float]] = {one.name: [] for one in contenders}
    for number in range(runs + 1):
        for one in contenders:
            one.clear()
            began = time.perf_counter()
            done = subprocess.run(
                one.command,
                cwd=cwd,
                env=one.env,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
            )
            took = time.perf_counter() - began
            if done.returncode:
                raise SystemExit(f"{one.name} failed:\n{done.stdout}{done.stderr}")
            if number:
                seconds[one.name].append(took)
    return [Times(one.name, one.note, tuple(seconds[one.name])) for one in contenders]


def show(title: str, times: Sequence[Times], *, json_path: Path | None) -> None:
    """A table beside the first contender, and the same as JSON."""
    ours = times[0].median_s
    print(f"\n{title}\n")
    print(f"  {'':32} {'median':>8} {'best':>8} {'worst':>8}   {'rtstart is':>10}")
    for one in times:
        ratio = f"{ours / one.median_s:.2f} x" if one is not times[0] else ""
        print(
            f"  {one.name:32} {one.median_s:7.3f}s {min(one.seconds):7.3f}s "
            f"{max(one.seconds):7.3f}s   {ratio:>10}   {one.note}"
        )
    if json_path:
        table = [
            {"name": one.name, "note": one.note, "seconds": one.seconds, "median_s": one.median_s}
            for one in times
        ]
        machine = {
            "python": platform.python_version(),
            "system": platform.platform(),
            "cores": os.cpu_count(),
        }
        text = json.dumps({"title": title, "machine": machine, "contenders": table}, indent=2)
        json_path.write_text(f"{text}\n", encoding="utf-8")


def installed(folder: Path) -> Path:
    """The folder of programs of an environment that has this checkout's wheel, as users have it:
    a checkout exports its templates first, and an editable install is found in another way.
    """
    wheels = folder / "wheels"
    environment = folder / "environment"
    uv = shutil.which("uv")
    if uv is None:
        raise SystemExit("uv is needed to build and install the wheel")
    for command in (
        [uv, "build", "-q", "--wheel", "--out-dir", str(wheels), str(_ROOT)],
        [uv, "venv", "-q", "--python", sys.executable, str(environment)],
    ):
        subprocess.run(command, check=True)
    (wheel,) = wheels.glob("*.whl")
    python = environment / "bin" / "python"
    subprocess.run(
        [uv, "pip", "install", "-q", "--compile-bytecode", "--python", str(python), str(wheel)],
        check=True,
    )
    return environment / "bin"


def workplace() -> "tempfile.TemporaryDirectory[str]":
    """A folder that goes away at the end."""
    return tempfile.TemporaryDirectory(prefix="rtstart-benchmark-")
