"""What `rtstart new` can be told, listed."""

from rtstart.cli.render.options import option_fields, option_lines
from rtstart.cli.render.style import Style
from rtstart.core.questions import Choice, Question

_QUESTIONS = (
    Question("name", "str", "What is it called?", default="{= _folder_name =}"),
    Question("ui", "str", "Which?", default="a", choices=(Choice("A", "a"), Choice("B", "b"))),
    Question("tests", "bool", default=True),
    Question("computed", "str", default="x", when=False),
)


def test_option_lines_are_a_table_without_what_is_computed() -> None:
    assert list(option_lines(_QUESTIONS, style=Style(color=False))) == [
        "  name    text        What is it called?",
        "  ui      a | b       Which?",
        "  tests   yes or no   tests",
        "",
        "  rtstart new myapp --set NAME=VALUE, or --config FILE",
    ]


def test_option_fields_are_plain_values() -> None:
    assert option_fields(_QUESTIONS)[1] == {
        "name": "ui",
        "type": "str",
        "default": "a",
        "choices": ["a", "b"],
        "help": "Which?",
    }
    assert [one["name"] for one in option_fields(_QUESTIONS)] == ["name", "ui", "tests"]
