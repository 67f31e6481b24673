"""Which Node.js is enough."""

import pytest

from rtstart.core.node import Node, Version, is_enough, parse_version


@pytest.mark.parametrize(
    ("text", "version"),
    [("v24.19.0\n", (24, 19, 0)), ("v20.1.12", (20, 1, 12)), ("command not found", None)],
)
def test_parse_version_reads_what_node_says(text: str, version: Version | None) -> None:
    assert parse_version(text) == version


@pytest.mark.parametrize(
    ("version", "enough"),
    [((22, 18, 0), True), ((22, 17, 9), False), ((24, 0, 0), True), ((20, 99, 0), False)],
)
def test_is_enough_from_the_first_that_runs_typescript(version: Version, enough: bool) -> None:
    assert is_enough(version) is enough


def test_words_name_the_version() -> None:
    assert Node((24, 19, 0)).words == "Node 24.19"
