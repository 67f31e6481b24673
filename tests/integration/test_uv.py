"""uv: found where there is one, brought whole or not at all."""

from pathlib import Path

import pytest

from rtstart.adapters.programs import bring, ensure, find
from rtstart.adapters.uv import UV
from rtstart.core.errors import ToolFailed
from rtstart.core.events import Event, StepDone, StepFailed, StepStarted
from rtstart.core.findings import Finding
from rtstart.core.programs import Found, Version
from tests.fakes.tools import Tools, names_in

pytestmark = pytest.mark.integration

# What an old uv does with a package, without the network: the files that matter here.
_INSTALLS = r"""
case "$1" in --version) echo "uv 0.1.2 (old)"; exit;; esac
for word in "$@"; do [ "$before" = --target ] && target="$word"; before="$word"; done
mkdir -p "$target/bin"
printf '#!/bin/sh\necho "uv 0.13.9 (brought)"\n' > "$target/bin/uv"
chmod +x "$target/bin/uv"
"""


@pytest.fixture
def tools(tmp_path: Path) -> Tools:
    """A machine on which nothing is installed yet."""
    return Tools(tmp_path / "bin").link("sh", "mkdir", "chmod")


def _uv(version: Version, bin_dir: str = "") -> Found:
    return Found(UV.program, version, bin_dir)


def _cache(tools: Tools) -> Path:
    return tools.folder.parent / "home" / ".cache" / "rtstart" / "uv"


def _says(tools: Tools, version: str) -> Tools:
    tools.script("uv", f'echo "uv {version} (here)"')
    return tools


async def test_find_uv_takes_the_one_on_the_path_when_it_is_new_enough(tools: Tools) -> None:
    environment = _says(tools, "0.9.0").environment()

    assert await find(UV, environment) == _uv((0, 9, 0))


async def test_find_uv_takes_the_one_that_started_us(tools: Tools, tmp_path: Path) -> None:
    other = _says(Tools(tmp_path / "other"), "0.13.0")

    found = await find(UV, tools.environment(UV=str(other.folder / "uv")))

    assert found == _uv((0, 13, 0), str(other.folder))


@pytest.mark.parametrize(
    ("version", "code", "words"),
    [("", "RT209", "uv is missing"), ("0.8.4", "RT210", "uv 0.8.4 is too old")],
)
async def test_find_uv_says_what_is_wrong(
    tools: Tools, version: str, code: str, words: str
) -> None:
    if version:
        _says(tools, version)

    found = await find(UV, tools.environment())

    assert isinstance(found, Finding)
    assert (found.code, found.what) == (code, f"{words}; this app needs 0.9 or newer")


async def test_bring_uv_is_found_again_and_leaves_nothing_else(tools: Tools) -> None:
    environment = tools.script("uv", _INSTALLS).environment()
    events: list[Event] = []

    uv = await bring(UV, environment, emit=events.append)

    assert uv == _uv((0, 13, 9), str(_cache(tools) / UV.program.brought / "bin"))
    assert names_in(_cache(tools)) == [UV.program.brought]
    assert [type(event) for event in events] == [StepStarted, StepDone]
    assert await find(UV, environment) == uv
    assert UV.environment_with(environment, uv)["PATH"].split(":")[0] == uv.bin_dir


async def test_bring_uv_says_how_it_failed(tools: Tools) -> None:
    environment = tools.script("uv", "echo no such package >&2; exit 3").environment()
    events: list[Event] = []

    with pytest.raises(ToolFailed) as failed:
        await bring(UV, environment, emit=events.append)

    assert failed.value.findings[0].code == "RT211"
    assert failed.value.last_lines == ("no such package",)
    assert [type(event) for event in events] == [StepStarted, StepFailed]
    assert names_in(_cache(tools)) == []


async def test_bring_uv_replaces_one_that_does_not_answer(tools: Tools) -> None:
    environment = tools.script("uv", _INSTALLS).environment()
    damaged = _cache(tools) / UV.program.brought / "bin" / "uv"
    damaged.parent.mkdir(parents=True)
    damaged.touch()

    uv = await bring(UV, environment, emit=lambda _: None)

    assert await find(UV, environment) == uv


@pytest.mark.parametrize("may", [True, False])
async def test_ensure_uv_asks_before_it_brings(tools: Tools, *, may: bool) -> None:
    environment = tools.script("uv", _INSTALLS).environment()
    asked: list[str] = []

    async def may_bring(finding: Finding) -> bool:
        asked.append(finding.code)
        return may

    if may:
        given = await ensure(UV, environment, may_bring=may_bring, emit=lambda _: None)
        assert given["PATH"].split(":")[0] == str(_cache(tools) / UV.program.brought / "bin")
    else:
        with pytest.raises(ToolFailed) as refused:
            await ensure(UV, environment, may_bring=may_bring, emit=lambda _: None)
        assert refused.value.findings[0].code == "RT210"
    assert asked == ["RT210"]


def test_with_uv_forgets_the_environment_of_others() -> None:
    given = {"PATH": "/bin", "VIRTUAL_ENV": "/other", "HOME": "/home/me"}

    assert UV.environment_with(given, _uv((1, 0, 0))) == {"PATH": "/bin", "HOME": "/home/me"}
