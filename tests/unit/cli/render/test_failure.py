"""A failure is at most ten lines: what, where, why, what to do, the code."""

import pytest

from rtstart.cli.render.failure import failure_lines, finding_lines
from rtstart.cli.render.style import Style, glyphs_for, may_move, supports_color
from rtstart.core.errors import Conflict, NotAProject
from rtstart.core.findings import Fix
from rtstart.core.findings.machine import PORT_TAKEN
from rtstart.core.findings.project import BAD_CONFIG, BAD_DOTENV
from rtstart.core.findings.security import DOTENV_READABLE
from tests.fakes.terminal import FakeTerminal

_PLAIN = Style(color=False)


def test_failure_lines_say_what_where_why_and_what_to_do() -> None:
    error = Conflict.of(
        PORT_TAKEN.found("Port 4173 is taken by pid 42", why="It runs: vite", where="port 4173")
    )

    assert list(failure_lines(error, style=_PLAIN)) == [
        "",
        "  ✗ Port 4173 is taken by pid 42",
        "",
        "  It runs: vite",
        "",
        "  Stop that program, or ask for another port.",
        "",
        "  RT201  rtstart explain RT201",
        "",
    ]


def test_failure_lines_list_every_fault() -> None:
    error = NotAProject.of(
        BAD_CONFIG.found("dev.port must be a whole number", where="rtstart.toml:4"),
        BAD_DOTENV.found("Line 2 of .env is no `NAME=value`", where=".env:2"),
    )

    lines = list(failure_lines(error, style=_PLAIN))

    assert lines[1] == "  ✗ 2 faults were found"
    assert lines[3] == "  rtstart.toml:4  dev.port must be a whole number"
    assert "(RT104)" in "".join(lines)


def test_failure_lines_say_once_what_mends_several() -> None:
    error = NotAProject.of(
        BAD_CONFIG.found("dev.port must be a whole number", where="rtstart.toml:4"),
        BAD_CONFIG.found("dev.prot is unknown", where="rtstart.toml:5"),
    )

    lines = list(failure_lines(error, style=_PLAIN))

    assert lines[3:5] == [
        "  rtstart.toml:4  dev.port must be a whole number",
        "  rtstart.toml:5  dev.prot is unknown",
    ]
    assert "".join(lines).count(BAD_CONFIG.code) == 1


def test_finding_lines_show_each_command_on_its_own_line() -> None:
    finding = DOTENV_READABLE.found(where=".env", fix=Fix("Do both:", "chmod 600 .env\nls -l .env"))

    lines = list(finding_lines(finding, style=_PLAIN))

    assert lines[-3:] == [
        "    chmod 600 .env",
        "    ls -l .env",
        "    RT702  rtstart explain RT702",
    ]


def test_failure_lines_use_red_only_for_the_failure() -> None:
    error = Conflict.of(PORT_TAKEN.found())

    lines = list(failure_lines(error, style=Style(color=True)))

    assert [line for line in lines if "\x1b[31m" in line] == [lines[1]]


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, True),
        ({"NO_COLOR": "1"}, False),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, False),
        ({"TERM": "dumb"}, False),
        ({"TERM": "dumb", "FORCE_COLOR": "1"}, True),
    ],
)
def test_supports_color_on_a_terminal(environment: dict[str, str], expected: bool) -> None:
    assert supports_color(FakeTerminal(), environment) is expected


def test_glyphs_have_ascii_twins_where_unicode_cannot_be_shown() -> None:
    assert glyphs_for(FakeTerminal(), {}).done == "✓"
    assert glyphs_for(FakeTerminal(), {"TERM": "linux"}).done == "+"


@pytest.mark.parametrize(
    ("environment", "expected"),
    [({}, True), ({"CI": ""}, True), ({"CI": "true"}, False), ({"TERM": "dumb"}, False)],
)
def test_lines_move_only_where_somebody_looks(environment: dict[str, str], expected: bool) -> None:
    assert may_move(FakeTerminal(), environment) is expected


def test_failure_fits_a_narrow_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    error = Conflict.of(PORT_TAKEN.found(why="It runs: " + "python3 -m http.server " * 4))

    lines = list(failure_lines(error, style=Style(color=False)))

    assert max(len(line) for line in lines) < 40
