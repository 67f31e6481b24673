"""Every file of the templates' tests has its turn within four days."""

from datetime import date, timedelta
from pathlib import Path

from tests.templates.rotation import left_out, share

_FILES = {path.stem for path in (Path(__file__).parents[1] / "templates").glob("test_*.py")}


def test_every_file_has_its_turn_within_four_days() -> None:
    days = [left_out(date(2026, 11, 22) + timedelta(days=number)) for number in range(4)]

    assert frozenset.union(*days) <= _FILES
    assert frozenset.intersection(*days) == frozenset()
    assert len(set(days)) == 4


def test_shares_are_small_and_leave_nothing_out() -> None:
    shares = [share("abcde", turn, at_once=2) for turn in range(4)]

    assert shares == [["a", "b"], ["c", "d"], ["e"], ["a", "b"]]
