"""The catalogue as a list."""

from rtstart.cli.render.page import list_lines
from rtstart.cli.render.style import Style
from rtstart.core.findings import CATALOGUE


def test_list_has_every_code_once_under_the_name_of_its_family() -> None:
    lines = list(list_lines(CATALOGUE.values(), style=Style(color=False)))

    codes = [line.split()[0] for line in lines if line.startswith("  RT")]
    assert codes == sorted(CATALOGUE)
    assert lines[:3] == [
        "",
        "  The project's files",
        "  RT101  This folder is not an rtstart project",
    ]
    assert max(len(line) for line in lines) <= 80
