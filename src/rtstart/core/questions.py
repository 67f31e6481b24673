"""What can be asked when an app is made, and what counts as an answer. Nothing is asked here."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from rtstart.core.reading import nearest
from rtstart.core.secrets import Masker

Kind: TypeAlias = Literal["str", "bool", "int", "float"]
Value: TypeAlias = str | bool | int | float

TRUE_WORDS = frozenset({"y", "yes", "t", "true", "on"})
FALSE_WORDS = frozenset({"n", "no", "f", "false", "off", "~", "null", "none", ""})
_EXAMPLES: dict[Kind, str] = {"str": "text", "bool": "yes or no", "int": "a whole number"}


@dataclass(frozen=True, slots=True)
class Choice:
    """One allowed answer and the words it is offered with."""

    label: str
    value: Value


@dataclass(frozen=True, slots=True)
class Question:
    """One question of copier.yml; `default`, `validator`, `when` and `ask` are still templates.

    `default` is None where an answer must be given.
    """

    name: str
    kind: Kind
    words: str = ""
    default: Value | None = None
    choices: tuple[Choice, ...] = ()
    validator: str = ""
    when: str | bool = True
    ask: str | bool = True

    @property
    def prompt(self) -> str:
        """What a person is asked."""
        return self.words or self.name


class BadAnswer(ValueError):
    """An answer cannot be used; the text says why, in words that follow the question's name."""


def cast(question: Question, raw: object) -> Value:
    """The answer in the question's own type, one of its choices if it has any.

    Raises BadAnswer. The same texts mean the same as for Copier's `--data` (9.19).
    """
    value = _cast(question.kind, raw)
    if not question.choices:
        return value
    allowed = [_cast(question.kind, choice.value) for choice in question.choices]
    if value in allowed:
        return value
    names = ", ".join(str(one) for one in allowed)
    guess = nearest(str(value), [str(one) for one in allowed])
    meant = f' (did you mean "{guess}"?)' if guess else ""
    raise BadAnswer(f'must be {names}, not "{shown(raw)}"{meant}')


def shown(raw: object) -> str:
    """An answer as it may be repeated to the user: short, and without anything secret in it."""
    text = Masker()(str(raw))
    return text if len(text) <= 60 else f"{text[:57]}..."


def holds_secret(raw: object) -> bool:
    """Whether an answer holds what looks like a key: answers are kept in a committed file."""
    return Masker()(str(raw)) != str(raw)


def is_true(rendered: object) -> bool:
    """A rendered condition as Copier reads it: numbers, then words, then anything not empty."""
    try:
        return bool(float(rendered))  # type: ignore[arg-type] # what is no number is tried as words
    except (TypeError, ValueError):
        word = str(rendered).strip().lower()
        return word in TRUE_WORDS or word not in FALSE_WORDS


def _cast(kind: Kind, raw: object) -> Value:
    if raw is None or isinstance(raw, list | dict):
        raise BadAnswer(f"must be {_EXAMPLES.get(kind, 'a number')}, not {type(raw).__name__}")
    try:
        return _READERS[kind](str(raw))
    except ValueError:
        wanted = _EXAMPLES.get(kind, "a number")
        raise BadAnswer(f'must be {wanted}, not "{shown(raw)}"') from None


def _bool(text: str) -> bool:
    word = text.strip().lower()
    if word in TRUE_WORDS or word in FALSE_WORDS:
        return word in TRUE_WORDS
    return bool(float(word))


_READERS: dict[Kind, Callable[[str], Value]] = {
    "str": str,
    "bool": _bool,
    "int": int,
    "float": float,
}
