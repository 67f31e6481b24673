"""How long `rtstart new` takes beside `copier copy` of the same template and create-vite.

    uv run python -m benchmarks.new [--runs 9] [--json FILE]

`rtstart new` also makes the repository, the first commit and `.env`; the others do not. Nobody
installs packages. Copier renders the very template of the wheel, from the same environment.
create-vite makes a smaller app; it is started as its users do, by npm from npm's cache, and once
more by Node directly. The aim is half of Copier.
"""

import asyncio
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from benchmarks.race import Contender, installed, parse_options, race, show, workplace

_RELEASE = "9"
_VITE_OPTIONS = ["--template", "vanilla-ts", "--no-interactive"]


def main() -> None:
    """Measure and print."""
    options = parse_options("rtstart new beside its peers", runs=9)
    with workplace() as name:
        place = Path(name)
        programs = installed(place)
        contenders = [
            *_rtstart(place, programs),
            _copier(place, programs),
            *_create_vite(place),
        ]
        times = race(contenders, runs=options.runs, cwd=place)
    show("an app made, no packages installed", times, json_path=options.json)


def _rtstart(place: Path, programs: Path) -> list[Contender]:
    command = [str(programs / "rtstart"), "new", "ours", "--yes", "--no-install"]
    app, env = place / "ours", dict(os.environ)
    return [
        Contender("rtstart new", command, env, lambda: _forget(app), "with git"),
        Contender(
            "rtstart new --no-git", [*command, "--no-git"], env, lambda: _forget(app), "without git"
        ),
    ]


def _forget(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


def _copier(place: Path, programs: Path) -> Contender:
    (template,) = programs.parent.glob("lib/python*/site-packages/rtstart/_template")
    app = place / "copied"
    command = [str(programs / "copier"), "copy", "--defaults", "--quiet", str(template), str(app)]
    return Contender(
        "copier copy", command, dict(os.environ), lambda: _forget(app), "same template"
    )


def _create_vite(place: Path) -> list[Contender]:
    env = _node_environment()
    tool, app = place / "tool", place / "theirs"
    tool.mkdir()
    subprocess.run(
        [
            "npm",
            "install",
            "--no-audit",
            "--no-fund",
            "--silent",
            "--prefix",
            str(tool),
            f"create-vite@{_RELEASE}",
        ],
        env=env,
        check=True,
    )
    entry = tool / "node_modules" / "create-vite" / "index.js"
    return [
        Contender(
            "npm create vite",
            ["npm", "create", "--yes", f"vite@{_RELEASE}", "theirs", "--", *_VITE_OPTIONS],
            env,
            lambda: _forget(app),
            "from npm's cache",
        ),
        Contender(
            "node create-vite",
            ["node", str(entry), "theirs", *_VITE_OPTIONS],
            env,
            lambda: _forget(app),
            "without npm",
        ),
    ]


def _node_environment() -> Mapping[str, str]:
    """The user's environment with the Node that rtstart itself would use."""
    from rtstart.adapters.node import NODE
    from rtstart.adapters.programs import ensure

    async def yes(_: object) -> bool:
        return True

    env = dict(os.environ)
    return asyncio.run(ensure(NODE, env, may_bring=yes, emit=lambda _: None))


if __name__ == "__main__":
    main()
