"""`rtstart dev` as a child whose events are read, the way a script would."""

import asyncio
import contextlib
import json
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_READY_S = 60
_STOP_S = 20


@dataclass(slots=True)
class Run:
    """A running app: its events so far, each as its JSON says (so values are Any)."""

    process: asyncio.subprocess.Process
    events: list[dict[str, Any]] = field(default_factory=list)
    announced: asyncio.Event = field(default_factory=asyncio.Event)

    def of(self, name: str) -> list[dict[str, Any]]:
        """The events of this name."""
        return [event for event in self.events if event["event"] == name]

    @property
    def told(self) -> dict[str, Any]:
        """The last announcement."""
        return self.of("announced")[-1]

    def trust_command(self) -> str:
        """What the finding about the certificate says to paste; nothing when it was not said."""
        commands = [
            event["finding"]["fix"]["command"]
            for event in self.of("found")
            if event["finding"]["code"] == "RT403"
        ]
        return commands[-1] if commands else "true"


@contextlib.asynccontextmanager
async def start(app: Path, *, env: dict[str, str]) -> AsyncIterator[Run]:
    """Run the app until the block is left, then stop it as Ctrl-C would."""
    process = await asyncio.create_subprocess_exec(
        "rtstart",
        "dev",
        "--json",
        "--tunnel",
        "lan",
        cwd=app,
        env=env,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=1 << 20,
    )
    run = Run(process)
    reading = asyncio.ensure_future(_read(run))
    try:
        async with asyncio.timeout(_READY_S):
            await run.announced.wait()
        assert run.of("announced"), f"{run.events}\n{await _errors(process)}"
        yield run
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGINT)
        async with asyncio.timeout(_STOP_S):
            await process.wait()
            await reading
            await _errors(process)
    assert process.returncode == 0


async def _read(run: Run) -> None:
    assert run.process.stdout is not None
    async for line in run.process.stdout:
        event = json.loads(line)
        run.events.append(event)
        if event["event"] in {"announced", "finished"}:
            run.announced.set()
    run.announced.set()


async def _errors(process: asyncio.subprocess.Process) -> str:
    assert process.stderr is not None
    return (await process.stderr.read()).decode()
