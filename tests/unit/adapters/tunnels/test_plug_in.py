"""The plug-in that docs/tunnels.md shows is one."""

import asyncio
import re
from pathlib import Path
from types import ModuleType

import pytest

from rtstart.adapters.tunnels.registry import find_fault
from rtstart.core.tunnels import AddressFound, ProcessTunnel, Provider, Refused, Standing, Target
from tests.fakes.machines import FakeMachine

_PAGE = Path(__file__).parents[4] / "docs" / "tunnels.md"


@pytest.fixture
def provider() -> Provider:
    (code,) = re.findall(r"```python\n(.*?)```", _PAGE.read_text(encoding="utf-8"), re.DOTALL)
    module = ModuleType("my_package")
    exec(compile(code, str(_PAGE), "exec"), module.__dict__)  # noqa: S102 - our own page
    found: Provider = module.PROVIDER
    return found


def test_plug_in_of_the_page_is_accepted_and_opens(provider: Provider) -> None:
    way = provider.plan(FakeMachine(), Target(4200, 4201, "/files"), {"region": "us"})

    assert find_fault(provider) == ""
    assert isinstance(way, ProcessTunnel)
    assert way.command == ("example-tunnel", "4200", "--region", "us")
    assert way.read("ready: https://a.example.com/") == AddressFound("https://a.example.com")
    assert isinstance(way.read("connect: No route to host"), Refused)
    assert way.read("hello") is None


def test_plug_in_of_the_page_says_whether_it_is_ready(provider: Provider) -> None:
    there = FakeMachine(programs={"example-tunnel": "/bin/example-tunnel"})

    assert [asyncio.run(provider.examine(one, {})) for one in (there, FakeMachine())] == [
        Standing("ready"),
        Standing("missing", "example-tunnel is not installed"),
    ]
