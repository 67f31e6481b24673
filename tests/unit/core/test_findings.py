"""The catalogue of findings is whole and can be asked."""

import re

import pytest

from rtstart.core.findings import CATALOGUE, entry


def test_codes_have_their_form() -> None:
    assert [code for code in CATALOGUE if not re.fullmatch(r"RT[1-7]\d\d", code)] == []


@pytest.mark.parametrize("code", CATALOGUE)
def test_entry_says_what_why_and_what_to_do(code: str) -> None:
    page = CATALOGUE[code]

    assert all([page.title, page.why, page.fix.words, page.recognised])
    assert not page.title.endswith(".")
    assert "!" not in page.title + page.why + page.fix.words


@pytest.mark.parametrize("typed", ["RT101", "rt101", " 101 "])
def test_entry_is_found_as_people_type_it(typed: str) -> None:
    found = entry(typed)

    assert found is not None
    assert found.code == "RT101"


def test_entry_is_none_for_an_unknown_code() -> None:
    assert entry("RT999") is None
