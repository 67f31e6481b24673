"""A Procfile read by honcho's parser, in spite of what honcho asserts."""

import pytest

from rtstart.adapters.processes.procfile import parse_procfile

pytestmark = pytest.mark.integration


def test_a_name_that_comes_twice_keeps_its_first_line() -> None:
    found = parse_procfile("web: vite\n# note\nnonsense\ntoken: node x\nweb: again\n")

    assert found == {"web": "vite", "token": "node x"}
