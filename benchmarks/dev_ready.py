"""How long `rtstart dev` takes to be ready beside the slowest of its services started alone.

    uv run python -m benchmarks.dev_ready [--runs 5] [--json FILE]

The app is made by `rtstart new` in a temporary folder. "Ready" of a service alone is its first HTTP
answer below 500; `dev` is measured to the moment all its services answer, and to the announcement,
which comes after the proof of the address. All in the same run, one after the other, so that the
machine's mood is shared.
"""

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import httpx

from rtstart.adapters.ports import choose_port

_PROGRAM = [sys.executable, "-m", "rtstart"]
_DEADLINE_S = 60.0


def environment() -> dict[str, str]:
    """The user's environment with the Node that rtstart itself would put first."""
    import asyncio

    from rtstart.adapters.node import NODE
    from rtstart.adapters.programs import ensure

    async def yes(_: object) -> bool:
        return True

    env = {name: value for name, value in os.environ.items() if name != "OPENAI_API_KEY"}
    return asyncio.run(ensure(NODE, env, may_bring=yes, emit=lambda _: None))


def _until_answered(
    command: list[str], port: int, path: str, *, cwd: Path, env: dict[str, str]
) -> float:
    began = time.monotonic()
    process = subprocess.Popen(  # noqa: TID251 - a contender, started as bare as can be
        command,
        cwd=cwd,
        env=env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        with httpx.Client(trust_env=False) as client:
            while time.monotonic() - began < _DEADLINE_S:
                try:
                    if client.get(f"http://127.0.0.1:{port}{path}").status_code < 500:
                        return time.monotonic() - began
                except httpx.TransportError:
                    time.sleep(0.005)  # noqa: TID251 - a stopwatch may look at short intervals
        raise TimeoutError(f"{command} never answered")
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _alone(app: Path, env: dict[str, str]) -> dict[str, Callable[[], float]]:
    def vite() -> float:
        port = choose_port(None)
        command = ["node", "node_modules/vite/bin/vite.js"]
        return _until_answered(command, port, "/", cwd=app, env={**env, "WEB_PORT": str(port)})

    def token() -> float:
        port = choose_port(None)
        command = ["node", "server/token.ts"]
        return _until_answered(
            command, port, "/healthz", cwd=app, env={**env, "TOKEN_PORT": str(port)}
        )

    def emulator() -> float:
        port = choose_port(None)
        command = [*_PROGRAM, "emulate", "--port", str(port)]
        return _until_answered(command, port, "/healthz", cwd=app, env=env)

    return {"web alone": vite, "token alone": token, "emulator alone": emulator}


def _dev(app: Path, env: dict[str, str]) -> tuple[float, float]:
    began = time.monotonic()
    process = subprocess.Popen(  # noqa: TID251 - the program under measurement
        [*_PROGRAM, "dev", "--json"],
        cwd=app,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    ready = 0.0
    try:
        assert process.stdout is not None  # noqa: S101 - piped above
        for line in process.stdout:
            event = json.loads(line)
            if event["event"] == "ready":
                ready = time.monotonic() - began
            if event["event"] == "announced":
                return ready, time.monotonic() - began
        raise RuntimeError("dev ended before it announced anything")
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate()


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    env = environment()
    with tempfile.TemporaryDirectory() as folder:
        app = Path(folder) / "app"
        subprocess.run(
            [*_PROGRAM, "new", str(app), "--yes"], env=env, check=True, capture_output=True
        )
        alone = _alone(app, env)
        times: dict[str, list[float]] = {name: [] for name in alone}
        times |= {"dev, all services ready": [], "dev, proved and announced": []}
        for _ in range(arguments.runs + 1):
            for name, measure in alone.items():
                times[name].append(measure())
            ready, announced = _dev(app, env)
            times["dev, all services ready"].append(ready)
            times["dev, proved and announced"].append(announced)
    middle = {name: statistics.median(values[1:]) for name, values in times.items()}
    slowest = max(middle[name] for name in alone)
    for name, value in middle.items():
        spread = f"{min(times[name][1:]):.2f}-{max(times[name][1:]):.2f}"
        print(f"{name:28} {value:6.2f} s   {value / slowest:5.2f} x slowest   ({spread})")
    if arguments.json:
        arguments.json.write_text(json.dumps(middle, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
