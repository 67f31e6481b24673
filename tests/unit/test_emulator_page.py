"""docs/emulator.md shows a scenario that the emulator takes."""

import re
from pathlib import Path

import yaml

from rtstart.core.realtime.scenario import parse_scenario

_PAGE = Path(__file__).parents[2] / "docs" / "emulator.md"


def test_scenario_of_the_page_can_be_read() -> None:
    (text,) = re.findall(r"```yaml\n(.*?)```", _PAGE.read_text(encoding="utf-8"), re.DOTALL)

    scenario, faults = parse_scenario(yaml.safe_load(text))

    assert faults == []
    assert len(scenario.replies) == 6
