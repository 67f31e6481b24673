"""A template's copier.yml: its questions, and what an answer means given those before it.

The questions stand there once, for plain `copier copy` and for `rtstart new`. Copier itself is
not imported for them: that costs most of a second, and a person is waiting for the first one.
Jinja, its sandbox, the filters and the settings are the same that Copier 9.19 uses.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from rtstart.core.questions import (
    BadAnswer,
    Choice,
    Kind,
    Question,
    Value,
    cast,
    is_true,
)

if TYPE_CHECKING:
    from jinja2.sandbox import SandboxedEnvironment

_KINDS: dict[str, Kind] = {"str": "str", "bool": "bool", "int": "int", "float": "float"}
_QUESTION_KEYS = {"type", "help", "default", "choices", "validator", "when", "ask", "placeholder"}
_PLAIN_SETTINGS = {
    "_min_copier_version",
    "_subdirectory",
    "_answers_file",
    "_envops",
    "_skip_if_exists",
    "_exclude",
    "_message_before_copy",
    "_message_after_copy",
    "_message_before_update",
    "_message_after_update",
}
_PLAIN_ENVOPS = {
    "variable_start_string",
    "variable_end_string",
    "block_start_string",
    "block_end_string",
    "comment_start_string",
    "comment_end_string",
    "keep_trailing_newline",
    "undefined",
}
_START_STRINGS = {
    "variable_start_string": "{{",
    "block_start_string": "{%",
    "comment_start_string": "{#",
}


class UnreadableRecipe(Exception):
    """copier.yml uses something that rtstart cannot ask; a fault of the template."""


@dataclass(frozen=True, slots=True)
class Answers:
    """Every answer, computed ones too. `remembered` names those that go into the answers file.

    `data` is what else the templates may see: where they come from and in which version.
    """

    values: Mapping[str, Value]
    remembered: frozenset[str]
    folder_name: str
    data: Mapping[str, str]


@dataclass(frozen=True)
class Recipe:
    """copier.yml, read. `settings` are its keys that begin with an underscore."""

    source: Path
    settings: Mapping[str, Any]  # YAML: whatever Copier takes there
    questions: tuple[Question, ...]

    @property
    def is_plain(self) -> bool:
        """Whether nothing in it needs Copier itself (tasks, extensions, external data, ...)."""
        return set(self.settings) <= _PLAIN_SETTINGS and set(self._envops) <= _PLAIN_ENVOPS

    @property
    def _envops(self) -> dict[str, Any]:
        return {"keep_trailing_newline": True, **self.settings.get("_envops", {})}

    @cached_property
    def jinja(self) -> "SandboxedEnvironment":
        """The Jinja environment as Copier would make it."""
        import jinja2
        from jinja2.sandbox import SandboxedEnvironment

        envops = self._envops
        if "undefined" in envops:
            envops["undefined"] = getattr(jinja2, envops["undefined"].removeprefix("jinja2."))
        return SandboxedEnvironment(
            loader=jinja2.FileSystemLoader(self.source),
            extensions=["jinja2_ansible_filters.AnsibleCoreFiltersExtension"],
            **envops,
        )

    @cached_property
    def _starts(self) -> tuple[str, ...]:
        return tuple(self._envops.get(name, usual) for name, usual in _START_STRINGS.items())

    def render(self, text: str, context: Mapping[str, object]) -> str:
        """A templated text, filled in; a text without a tag comes back as it is."""
        if not any(start in text for start in self._starts):
            return text
        return self.jinja.from_string(text).render(context)

    def context(self, answers: Answers, phase: str) -> dict[str, object]:
        """What a template sees, under Copier's names."""
        answers_file = self.settings.get("_answers_file", ".copier-answers.yml")
        kept = {name: answers.values[name] for name in answers.values if name in answers.remembered}
        return {
            **answers.data,
            **answers.values,
            "_copier_answers": {"_src_path": str(self.source), **kept},
            "_copier_conf": {"answers_file": PurePath(answers_file), "sep": os.sep},
            "_folder_name": answers.folder_name,
            "_copier_phase": phase,
            "_copier_operation": "copy",
        }


class Interview:
    """The answers so far, and with them what the next question is."""

    def __init__(self, recipe: Recipe, *, folder_name: str, data: Mapping[str, str]) -> None:
        self.recipe = recipe
        self._values: dict[str, Value] = {}
        self._remembered: set[str] = set()
        self._folder_name = folder_name
        self._data = data

    @property
    def answers(self) -> Answers:
        """What has been answered until now."""
        return Answers(
            dict(self._values), frozenset(self._remembered), self._folder_name, self._data
        )

    def applies(self, question: Question) -> bool:
        """Whether the question has a meaning after the answers before it."""
        return self._holds(question.when)

    def is_asked(self, question: Question) -> bool:
        """Whether a person is asked: it applies, is not silent, and leaves a choice."""
        return self.applies(question) and self._holds(question.ask) and len(question.choices) != 1

    def default(self, question: Question) -> Value | None:
        """The answer that is offered, or None when there is none. Raises BadAnswer."""
        if question.default is None:
            return None
        return cast(question, self._rendered(question.default))

    def check(self, question: Question, raw: object) -> Value:
        """The answer as a value. Raises BadAnswer with what the question's validator says."""
        value = cast(question, raw)
        if complaint := self._complaint(question, value):
            raise BadAnswer(complaint)
        return value

    def record(self, question: Question, value: Value) -> None:
        """Keep an answer for the questions after it and for the templates."""
        self._values[question.name] = value
        if self.applies(question):
            self._remembered.add(question.name)

    def _complaint(self, question: Question, value: Value) -> str:
        context = {**self._context(), question.name: value}
        return self.recipe.render(question.validator, context).strip()

    def _holds(self, condition: str | bool) -> bool:
        return is_true(self._rendered(condition))

    def _rendered(self, value: Value) -> Value:
        return self.recipe.render(value, self._context()) if isinstance(value, str) else value

    def _context(self) -> dict[str, object]:
        return self.recipe.context(self.answers, "prompt")


def read_recipe(source: Path) -> Recipe:
    """Read `copier.yml` in this folder. Raises UnreadableRecipe for what rtstart cannot ask."""
    import yaml

    text = (source / "copier.yml").read_text(encoding="utf-8")
    loaded = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
    settings = {key: value for key, value in loaded.items() if key.startswith("_")}
    questions = tuple(
        _question(name, details) for name, details in loaded.items() if not name.startswith("_")
    )
    return Recipe(source, settings, questions)


def _question(name: str, details: Any) -> Question:  # Any: YAML, as the template's author wrote it
    if not isinstance(details, dict):
        details = {"type": type(details).__name__, "default": details}
    unknown = set(details) - _QUESTION_KEYS
    kind = _KINDS.get(details.get("type", "str"))
    if unknown or kind is None:
        raise UnreadableRecipe(f"question {name}: {sorted(unknown) or details.get('type')}")
    return Question(
        name=name,
        kind=kind,
        words=details.get("help", ""),
        default=details.get("default"),
        choices=_choices(details.get("choices", ())),
        validator=details.get("validator", ""),
        when=details.get("when", True),
        ask=details.get("ask", True),
    )


def _choices(listed: Any) -> tuple[Choice, ...]:  # Any: a mapping, or a list of values or pairs
    if isinstance(listed, dict):
        return tuple(Choice(str(label), value) for label, value in listed.items())
    pairs = (one if isinstance(one, list) else (one, one) for one in listed)
    return tuple(Choice(str(label), value) for label, value in pairs)
