"""What `rtstart new` can be told, for people and for programs."""

from collections.abc import Iterable, Iterator

from rtstart.cli.render.style import Style
from rtstart.core.questions import Question

_KINDS = {"str": "text", "bool": "yes or no", "int": "whole number", "float": "number"}


def option_lines(questions: Iterable[Question], *, style: Style) -> Iterator[str]:
    """A table: name, what it takes, what it asks. Computed answers are not listed."""
    rows = [(one.name, _takes(one), one.prompt) for one in _settable(questions)]
    wide = [max(len(row[column]) for row in rows) for column in (0, 1)] if rows else [0, 0]
    for name, takes, words in rows:
        yield (
            f"  {style.ink(name.ljust(wide[0]), 'bold')}   {takes.ljust(wide[1])}   "
            f"{style.ink(words, 'dim')}"
        )
    yield ""
    yield style.ink("  rtstart new myapp --set NAME=VALUE, or --config FILE", "dim")


def option_fields(questions: Iterable[Question]) -> list[dict[str, object]]:
    """The same as plain values. A default with `{=` in it is computed when the app is made."""
    return [
        {
            "name": one.name,
            "type": one.kind,
            "default": one.default,
            "choices": [choice.value for choice in one.choices],
            "help": one.words,
        }
        for one in _settable(questions)
    ]


def _settable(questions: Iterable[Question]) -> list[Question]:
    return [one for one in questions if one.when is not False]


def _takes(question: Question) -> str:
    if question.choices:
        return " | ".join(str(choice.value) for choice in question.choices)
    return _KINDS[question.kind]
