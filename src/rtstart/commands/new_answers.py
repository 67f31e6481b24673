"""What `rtstart new` was asked for: every answer checked or asked, every fault told at once."""

import os
import re
import shlex
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Protocol

from rtstart import __version__
from rtstart.adapters.files import shortest
from rtstart.adapters.scaffold.answers import Given
from rtstart.adapters.scaffold.place import Occupied, look_at
from rtstart.adapters.scaffold.recipe import Answers, Interview, Recipe
from rtstart.core.errors import Conflict, Usage
from rtstart.core.findings import Finding
from rtstart.core.findings.project import (
    BAD_ANSWER,
    NOBODY_TO_ASK,
    TARGET_NOT_EMPTY,
    TARGET_NOT_WRITABLE,
)
from rtstart.core.findings.types import Fix
from rtstart.core.questions import BadAnswer, Kind, Question, Value, holds_secret
from rtstart.core.reading import nearest

NAME = "project_name"
"""The question that names the app; unless said otherwise it is the folder's name."""

TEMPLATE = "template"
"""The question that chooses between the templates."""

DEFAULT_NAME = "voice-app"
DEFAULT_TEMPLATE = "vite"
PUBLIC_SOURCE = "gh:rtstart/rtstart"
"""What the answers file names as the template's place, so that plain Copier finds it too."""


_STAND_INS: dict[Kind, Value] = {"str": "x", "bool": False, "int": 0, "float": 0.0}


class Answerer(Protocol):
    """Whoever answers the questions of copier.yml."""

    def answer(
        self, question: Question, default: Value | None, check: Callable[[object], Value]
    ) -> Value:
        """Ask until `check` takes the answer; `default` is what Enter gives."""
        ...


class Asker(Answerer, Protocol):
    """A person at a terminal."""

    def key(self) -> str:
        """Ask for the OpenAI key without showing it; empty for none."""
        ...

    def may_bring(self, finding: Finding) -> bool:
        """Whether Node.js or uv may be brought from PyPI, given what is wrong with it now."""
        ...


@dataclass(frozen=True, slots=True)
class NewRequest:
    """What was typed. `target` is absolute, or None when no path was given.

    `faults` are what parsing the options found; `goes_on` says that the app is run at
    once; `invocation` is how rtstart itself was called.
    """

    cwd: Path
    target: Path | None
    given: Mapping[str, Given] = field(default_factory=dict)
    faults: tuple[Finding, ...] = ()
    accepts_defaults: bool = False
    installs: bool = True
    makes_repository: bool = True
    goes_on: bool = False
    invocation: str = "rtstart"


@dataclass(frozen=True, slots=True)
class Plan:
    """A request in which nothing is open any more."""

    target: Path
    answers: Answers

    @property
    def template(self) -> str:
        """The template's name."""
        return str(self.answers.values[TEMPLATE])


def check_request(request: NewRequest, recipe: Recipe, asker: Asker | None) -> Plan:
    """Every answer: given, asked, or by default. `asker` is None where nobody can be asked.

    Raises Usage with every fault of the command line at once, and Conflict when only the folder
    is in the way. What can be checked is checked before the first question.
    """
    name = request.target.name if request.target else DEFAULT_NAME
    faults = [*request.faults, *_name_faults(request, recipe)]
    if asker:
        rehearsed = [*faults]
        _Round(request, recipe, _Rehearsal(), name=name, faults=rehearsed).run()
        _raise_faults(rehearsed, _target_fault(request.target, request))
    answers = _Round(request, recipe, asker, name=name, faults=faults).run()
    target = request.target or request.cwd / folder_name(str(answers.values.get(NAME, name)))
    _raise_faults(faults, _target_fault(target, request))
    return Plan(target, answers)


def folder_name(project_name: str) -> str:
    """A folder for an app of this name: lower case, words joined by hyphens, letters kept."""
    plain = unicodedata.normalize("NFC", project_name).lower()
    return re.sub(r"[^\w.]+", "-", plain).strip("-._") or DEFAULT_NAME


class _Rehearsal:
    """Stands in for a person, to find what is wrong with the given answers before one is asked."""

    def answer(
        self, question: Question, default: Value | None, check: Callable[[object], Value]
    ) -> Value:
        """The default, right or not."""
        del check
        return _stand_in(question) if default is None else default


class _Round:
    """One pass over all questions. After a fault a stand-in is recorded, so that the questions
    behind it can be looked at too.
    """

    def __init__(
        self,
        request: NewRequest,
        recipe: Recipe,
        asker: Answerer | None,
        *,
        name: str,
        faults: list[Finding],
    ) -> None:
        self._request = request
        self._recipe = recipe
        self._asker = asker
        self._faults = faults
        data = {"rtstart_commit": f"v{__version__}", "rtstart_source": PUBLIC_SOURCE}
        self._interview = Interview(recipe, folder_name=name, data=data)

    def run(self) -> Answers:
        for question in self._recipe.questions:
            value = self._value(question)
            if value is not None:
                self._interview.record(question, value)
        return self._interview.answers

    def _value(self, question: Question) -> Value | None:
        given = self._request.given.get(question.name)
        if not self._interview.applies(question):
            if given:
                self._fault(f"{question.name} follows from the other answers", given.where)
            return self._interview.default(question)
        if given:
            return self._given(question, given)
        default, complaint = self._default(question)
        if self._is_open(question, complaint):
            if self._asker:
                return self._asker.answer(
                    question, default, partial(self._interview.check, question)
                )
            if not self._request.accepts_defaults:
                self._nobody(question)
                return _stand_in(question) if default is None else default
        if complaint:
            self._fault(f"{question.name}: {complaint}", f"--set {question.name}=...")
        return _stand_in(question) if default is None else default

    def _given(self, question: Question, given: Given) -> Value:
        if holds_secret(given.raw):
            why = "holds what looks like a key, and answers are kept in a file"
            self._fault(f"{question.name}: {why}", given.where)
            return _stand_in(question)
        try:
            return self._interview.check(question, given.raw)
        except BadAnswer as wrong:
            self._fault(f"{question.name}: {wrong}", given.where)
            return _stand_in(question)

    def _default(self, question: Question) -> tuple[Value | None, str]:
        """The default if there is one, and why it cannot be taken as it is."""
        default: Value | None = None
        try:
            default = self._interview.default(question)
            if default is None:
                return None, "has no default and must be given"
            self._interview.check(question, default)
        except BadAnswer as wrong:
            return default, str(wrong)
        return default, ""

    def _is_open(self, question: Question, complaint: str) -> bool:
        """Whether only a person can settle it: the path given is an answer to the name."""
        is_named = question.name == NAME and self._request.target is not None and not complaint
        return self._interview.is_asked(question) and not is_named

    def _fault(self, words: str, where: str) -> None:
        self._faults.append(BAD_ANSWER.found(words, where=where))

    def _nobody(self, question: Question) -> None:
        option = "PATH" if question.name == NAME else f"--set {question.name}=..."
        fix = Fix("Name the app's folder, or take every default with --yes.")
        if question.name != NAME:
            fix = Fix(f"Give it with {option}, or take every default with --yes.")
        self._faults.append(
            NOBODY_TO_ASK.found(f"There is no terminal to ask on: {question.prompt}", fix=fix)
        )


def _stand_in(question: Question) -> Value:
    """A value of the right type for a question whose answer is wrong."""
    if question.choices:
        return question.choices[0].value
    return _STAND_INS[question.kind]


def _name_faults(request: NewRequest, recipe: Recipe) -> list[Finding]:
    """Answers to questions that do not exist."""
    known = [question.name for question in recipe.questions]
    faults = []
    for name, given in request.given.items():
        if name not in known:
            guess = nearest(name, known)
            meant = f' (did you mean "{guess}"?)' if guess else ""
            faults.append(
                BAD_ANSWER.found(f'There is no answer "{name}"{meant}', where=given.where)
            )
    return faults


def _target_fault(target: Path | None, request: NewRequest) -> Finding | None:
    if target is None:
        return None
    try:
        state = look_at(target)
    except OSError as error:
        return TARGET_NOT_WRITABLE.found(
            f'"{target.name}" cannot be looked at: {error.strerror}', where=str(target)
        )
    if not isinstance(state, Occupied):
        return None
    return occupied(target, state.words, request)


def occupied(target: Path, words: str, request: NewRequest) -> Finding:
    """The finding for a target that cannot be used, with a name that is free."""
    numbered = (target.with_name(f"{target.name}{number}") for number in range(2, 1000))
    free = next(one for one in numbered if not os.path.lexists(one))
    relpath = shortest(free, start=request.cwd)
    return TARGET_NOT_EMPTY.found(
        f'"{target.name}" {words}',
        where=str(target),
        fix=Fix(
            TARGET_NOT_EMPTY.fix.words, command=f"{request.invocation} new {shlex.quote(relpath)}"
        ),
    )


def _raise_faults(faults: list[Finding], conflict: Finding | None) -> None:
    if faults:
        raise Usage.of(*faults, *([conflict] if conflict else []))
    if conflict:
        raise Conflict.of(conflict)
