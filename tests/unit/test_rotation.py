"""Every file of the templates' tests has its turn within two days."""

from datetime import date, timedelta
from pathlib import Path

from tests.templates.rotation import left_out

_FILES = {path.stem for path in (Path(__file__).parents[1] / "templates").glob("test_*.py")}


def test_every_file_has_its_turn_within_two_days() -> None:
    today = date(2026, 11, 22)
    first, second = left_out(today), left_out(today + timedelta(days=1))

    assert first | second <= _FILES
    assert first & second == frozenset()
    assert first
    assert second
