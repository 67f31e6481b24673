"""pytest plug-in: the fixture `rtstart_emulator`, and the marker `rtstart` that sets it up.

    @pytest.mark.rtstart(scenario="weather.yaml", faults=["slow-tool"])
    def test_the_weather_is_told(rtstart_emulator):
        ...

Inside the test OPENAI_BASE_URL and OPENAI_API_KEY lead to the emulator. Paths are relative to the
test's own folder. pytest loads this in every project that has rtstart; all else is loaded when a
test asks for the fixture.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from rtstart.testing import RunningEmulator

_FILES = ("scenario", "replay", "record")


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line(
        "markers",
        "rtstart(scenario, replay, faults, record, seed, session, with_tls): "
        "how the emulator of this test is run",
    )


@pytest.fixture
def rtstart_emulator(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> "Iterator[RunningEmulator]":
    """A Realtime API on this machine for one test; the environment leads to it."""
    from rtstart.testing import emulator

    wanted: dict[str, Any] = {}
    for marker in reversed(list(request.node.iter_markers("rtstart"))):
        wanted.update(marker.kwargs)
    folder = Path(request.node.path).parent
    for name in _FILES:
        if wanted.get(name) is not None:
            wanted[name] = folder / wanted[name]
    with emulator(**wanted) as running:
        for name, value in running.env.items():
            monkeypatch.setenv(name, value)
        yield running
