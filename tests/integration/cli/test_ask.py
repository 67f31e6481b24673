"""Questions with choices and yes or no, at a terminal."""

import sys
from pathlib import Path

import pytest

from tests.fakes.person import Terminal
from tests.fakes.tools import Tools

pytestmark = pytest.mark.integration

_ASK = f"""#!{sys.executable}
import sys
from functools import partial
from rtstart.cli.ask import TerminalAsker
from rtstart.cli.render.style import Style
from rtstart.core.questions import Choice, Question, cast

choices = (Choice("Vite: a page", "vite"), Choice("Next: React", "next"))
questions = {{
    "choice": (Question("t", "str", "Which app?", choices=choices), "vite"),
    "yes": (Question("y", "bool", "Tests?"), True),
    "no": (Question("n", "bool", "Tests?"), False),
    "must": (Question("m", "int"), None),
}}
question, default = questions[sys.argv[1]]
asker = TerminalAsker(sys.stderr, style=Style(color=False))
print("got", repr(asker.answer(question, default, partial(cast, question))))
"""


@pytest.fixture
def ask(tmp_path: Path) -> Path:
    """A program that asks one question and says what it got."""
    path = tmp_path / "ask"
    path.write_text(_ASK, encoding="utf-8")
    path.chmod(0o755)
    return path


def _screen(ask: Path, question: str, *typed: str) -> list[str]:
    environment = Tools(ask.parent / "bin").environment()
    with Terminal(ask, question, cwd=ask.parent, environment=environment) as terminal:
        for words in typed:
            terminal.wait_for(") " if question != "must" else "m ")
            terminal.type(f"{words}\r")
        assert terminal.end() == 0
    return terminal.lines()


@pytest.mark.parametrize(
    ("typed", "value"),
    [("", "vite"), ("2", "next"), ("next", "next"), ("nex", "next"), ("NEXT: R", "next")],
)
def test_a_choice_is_made_by_number_name_or_beginning(ask: Path, typed: str, value: str) -> None:
    assert _screen(ask, "choice", typed) == [
        "  ? Which app?",
        "    1  Vite: a page",
        "    2  Next: React",
        f"  ? 1-2 (1) {typed}".rstrip(),
        f"got '{value}'",
    ]


def test_a_choice_that_is_none_is_asked_again(ask: Path) -> None:
    assert _screen(ask, "choice", "3", "2")[3:] == [
        "  ? 1-2 (1) 3",
        '    must be vite, next, not "3"',
        "  ? 1-2 (1) 2",
        "got 'next'",
    ]


@pytest.mark.parametrize(
    ("question", "shown", "typed", "value"),
    [
        ("yes", "Y/n", "", True),
        ("yes", "Y/n", "n", False),
        ("no", "y/N", "", False),
        ("no", "y/N", "yes", True),
    ],
)
def test_yes_or_no_shows_what_enter_means(
    ask: Path, question: str, shown: str, typed: str, value: bool
) -> None:
    assert _screen(ask, question, typed) == [
        f"  ? Tests? ({shown}) {typed}".rstrip(),
        f"got {value}",
    ]


def test_an_answer_that_must_be_given_is_asked_until_it_comes(ask: Path) -> None:
    assert _screen(ask, "must", "", "7") == [
        "  ? m",
        '    must be a whole number, not ""',
        "  ? m 7",
        "got 7",
    ]


def test_a_line_can_be_edited_with_arrow_keys(ask: Path) -> None:
    left = "\x1b[D"

    assert _screen(ask, "choice", f"nxt{left}{left}e") == [
        "  ? Which app?",
        "    1  Vite: a page",
        "    2  Next: React",
        "  ? 1-2 (1) next",
        "got 'next'",
    ]
