"""Which uv is enough."""

import pytest

from rtstart.core.uv import Uv, Version, is_enough, parse_version


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("uv 0.13.9 (x86_64-unknown-linux-gnu)\n", (0, 13, 9)),
        ("uv 1.0.0", (1, 0, 0)),
        ("command not found", None),
    ],
)
def test_parse_version_reads_what_uv_says(text: str, version: Version | None) -> None:
    assert parse_version(text) == version


@pytest.mark.parametrize(
    ("version", "enough"), [((0, 9, 0), True), ((0, 8, 99), False), ((1, 0, 0), True)]
)
def test_is_enough_from_the_first_with_the_build_backend(version: Version, enough: bool) -> None:
    assert is_enough(version) is enough


def test_words_name_the_version() -> None:
    assert Uv((0, 13, 9)).words == "uv 0.13"
