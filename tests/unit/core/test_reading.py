"""The word that was probably meant."""

import pytest

from rtstart.core.reading import nearest

_KNOWN = ("project_name", "template", "client", "run_minutes", "run_dollars")


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("templat", "template"),
        ("name", "project_name"),
        ("run", ""),
        ("colour", ""),
        ("", ""),
    ],
)
def test_nearest_is_a_near_miss_or_a_part_of_just_one(word: str, meant: str) -> None:
    assert nearest(word, _KNOWN) == meant
