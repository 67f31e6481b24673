"""The official Node clients, installed once a session from their lock file and run as scripts."""

import asyncio
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.templates.app import App

SCRIPTS = Path(__file__).parent / "js"
_WITHIN_S = 30


@dataclass(frozen=True, slots=True)
class NodeClients:
    """A folder with the packages and the scripts."""

    app: App

    async def run(self, script: str, *words: str, env: Mapping[str, str] | None = None) -> Any:
        """What a script writes: one JSON value. It fails the test when the script fails."""
        process = await asyncio.create_subprocess_exec(
            *("node", script, *words),
            cwd=self.app.folder,
            env=self.app.env | dict(env or {}),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            out, err = await asyncio.wait_for(process.communicate(), _WITHIN_S)
        except TimeoutError:
            process.kill()
            _, err = await process.communicate()
            raise AssertionError(f"{script} {words} is stuck: {err.decode()}") from None
        assert process.returncode == 0, err.decode()
        return json.loads(out.decode().splitlines()[-1])


def installed(folder: Path, env: dict[str, str]) -> NodeClients:
    """Install the clients into this folder by `npm ci`."""
    shutil.copytree(SCRIPTS, folder)
    app = App(folder, env)
    done = app.npm("ci", "--no-audit", "--no-fund", "--prefer-offline")
    assert done.returncode == 0, done.stdout
    return NodeClients(app)
