"""Rules that JSON values must keep, and the words in which a broken rule is refused.

A rule gives the first fault it finds, or None. The words are the API's own, as observed on its
WebSocket and HTTP interfaces; forms that no capture shows are listed in docs/emulator-facts.md.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from rtstart.core.realtime.wire import Fault, Json


class Rule(Protocol):
    """What one JSON value must be."""

    @property
    def noun(self) -> str:
        """What is expected, with its article (`an object`)."""
        ...

    def fault(self, value: Json, path: str) -> Fault | None:
        """The first fault of this value, which stands at `path`, or None."""
        ...


def unknown_parameter(path: str) -> Fault:
    """A field that the API does not know, beta names among them (captured 2026-09-18)."""
    return Fault("unknown_parameter", f"Unknown parameter: '{path}'.", path)


def missing_parameter(path: str) -> Fault:
    """A field that must be there (openai issues, high confidence)."""
    return Fault("missing_required_parameter", f"Missing required parameter: '{path}'.", path)


def wrong_type(path: str, *, expected: str, value: Json) -> Fault:
    """A value of another JSON type (openai-go#502)."""
    words = f"Invalid type for '{path}': expected {expected}, but got {noun_of(value)} instead."
    return Fault("invalid_type", words, path)


def invalid_value(path: str, value: object, allowed: Sequence[str]) -> Fault:
    """A value outside a list (captured 2026-08-19 for one value, 2026-09-18 for several)."""
    quoted = [f"'{name}'" for name in allowed]
    if len(quoted) == 1:
        return Fault("invalid_value", f"Invalid value: '{value}'. Value must be {quoted[0]}.", path)
    listed = listing(quoted)
    words = f"Invalid value: '{value}'. Supported values are: {listed}."
    return Fault("invalid_value", words, path)


def listing(words: Sequence[str]) -> str:
    """`a and b`, or `a, b, and c`, as the API writes lists."""
    if len(words) <= 2:
        return " and ".join(words)
    return f"{', '.join(words[:-1])}, and {words[-1]}"


def noun_of(value: Json) -> str:
    """What a value is, in the words of the API's type errors."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, int):
        return "an integer"
    if isinstance(value, float):
        return "a decimal number"
    if isinstance(value, str):
        return "a string"
    return "an object" if isinstance(value, Mapping) else "an array"


MAX_DEPTH = 100


@dataclass(frozen=True, slots=True)
class Anything:
    """No rule at all, for what the API passes through (JSON Schemas, trace metadata)."""

    noun: str = "a value"

    def fault(self, value: Json, path: str) -> Fault | None:
        """Only what is nested so deeply that it could be read and not written again."""
        level: list[Json] = [value]
        for _ in range(MAX_DEPTH):
            level = [inner for each in level for inner in _inside(each)]
            if not level:
                return None
        words = f"Invalid '{path}': nested more than {MAX_DEPTH} levels deep."
        return Fault("invalid_value", words, path)


def _inside(value: Json) -> Sequence[Json]:
    if isinstance(value, Mapping):
        return tuple(value.values())
    return value if isinstance(value, Sequence) and not isinstance(value, str) else ()


@dataclass(frozen=True, slots=True)
class Text:
    """A string; with a lower and an upper length and a form, if such are known."""

    max_length: int | None = None
    pattern: str = ""
    is_needed: bool = False
    noun: str = "a string"

    def fault(self, value: Json, path: str) -> Fault | None:
        """A wrong type, too few or too many characters, or another form."""
        if not isinstance(value, str):
            return wrong_type(path, expected=self.noun, value=value)
        if self.is_needed and not value:
            words = (
                f"Invalid '{path}': empty string. Expected a string with minimum length 1, "
                "but got an empty string instead."
            )
            return Fault("empty_string", words, path)
        if self.pattern and not re.fullmatch(self.pattern, value):
            words = (
                f"Invalid '{path}': string does not match pattern. "
                f"Expected a string that matches the pattern '{self.pattern}'."
            )
            return Fault("invalid_value", words, path)
        if self.max_length is not None and len(value) > self.max_length:
            words = (
                f"Invalid '{path}': string too long. Expected a string with maximum length "
                f"{self.max_length}, but got a string with length {len(value)} instead."
            )
            return Fault("string_above_max_length", words, path)
        return None


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few strings."""

    values: tuple[str, ...]
    noun: str = "a string"

    def fault(self, value: Json, path: str) -> Fault | None:
        """A wrong type, or a string that is not in the list."""
        if not isinstance(value, str):
            return wrong_type(path, expected=self.noun, value=value)
        if value not in self.values:
            return invalid_value(path, value, self.values)
        return None


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG or JPEG as a data URI; nothing is ever fetched from an address."""

    noun: str = "a string"

    def fault(self, value: Json, path: str) -> Fault | None:
        """A wrong type, or a string that is no such URI."""
        if not isinstance(value, str):
            return wrong_type(path, expected=self.noun, value=value)
        if re.match(r"data:image/(png|jpe?g);base64,", value):
            return None
        words = (
            f"Invalid '{path}'. Expected a base64-encoded data URL with an image MIME type "
            "(image/png or image/jpeg), but got an invalid value."
        )
        return Fault("invalid_value", words, path)


@dataclass(frozen=True, slots=True)
class Truth:
    """A boolean."""

    noun: str = "a boolean"

    def fault(self, value: Json, path: str) -> Fault | None:
        """A wrong type."""
        if not isinstance(value, bool):
            return wrong_type(path, expected=self.noun, value=value)
        return None


@dataclass(frozen=True, slots=True)
class Whole:
    """An integer within limits."""

    minimum: int | None = None
    maximum: int | None = None
    noun: str = "an integer"

    def fault(self, value: Json, path: str) -> Fault | None:
        """A wrong type, or a value beyond a limit."""
        if not isinstance(value, int) or isinstance(value, bool):
            return wrong_type(path, expected=self.noun, value=value)
        return _beyond(value, path, kind="integer", minimum=self.minimum, maximum=self.maximum)


@dataclass(frozen=True, slots=True)
class Number:
    """A number, whole or not, within limits."""

    minimum: float | None = None
    maximum: float | None = None
    noun: str = "a decimal"

    def fault(self, value: Json, path: str) -> Fault | None:
        """A wrong type, or a value beyond a limit."""
        if not isinstance(value, int | float) or isinstance(value, bool):
            return wrong_type(path, expected=self.noun, value=value)
        return _beyond(value, path, kind="decimal", minimum=self.minimum, maximum=self.maximum)


def _beyond(
    value: float, path: str, *, kind: str, minimum: float | None, maximum: float | None
) -> Fault | None:
    if minimum is not None and value < minimum:
        words = (
            f"Invalid '{path}': {kind} below minimum value. "
            f"Expected a value >= {minimum:g}, but got {value:g} instead."
        )
        return Fault(f"{kind}_below_min_value", words, path)
    if maximum is not None and value > maximum:
        words = (
            f"Invalid '{path}': {kind} above maximum value. "
            f"Expected a value <= {maximum:g}, but got {value:g} instead."
        )
        return Fault(f"{kind}_above_max_value", words, path)
    return None


@dataclass(frozen=True, slots=True)
class Exactly:
    """One literal string among other types, such as `"inf"`."""

    value: str

    @property
    def noun(self) -> str:
        """The literal, quoted."""
        return f"'{self.value}'"

    def fault(self, value: Json, path: str) -> Fault | None:
        """Anything but the literal."""
        return None if value == self.value else wrong_type(path, expected=self.noun, value=value)


@dataclass(frozen=True, slots=True)
class Nothing:
    """`null`."""

    noun: str = "null"

    def fault(self, value: Json, path: str) -> Fault | None:
        """Anything but null."""
        return None if value is None else wrong_type(path, expected=self.noun, value=value)


@dataclass(frozen=True, slots=True)
class ListOf:
    """An array whose elements keep one rule."""

    element: Rule
    of: str
    max_length: int | None = None

    @property
    def noun(self) -> str:
        """The array and what it holds (`an array of strings`)."""
        return f"an array of {self.of}"

    def fault(self, value: Json, path: str) -> Fault | None:
        """A wrong type, too many elements, or the first fault of an element."""
        if not isinstance(value, Sequence) or isinstance(value, str):
            return wrong_type(path, expected=self.noun, value=value)
        if self.max_length is not None and len(value) > self.max_length:
            words = (
                f"Invalid '{path}': array too long. Expected an array with maximum length "
                f"{self.max_length}, but got an array with length {len(value)} instead."
            )
            return Fault("array_above_max_length", words, path)
        for index, element in enumerate(value):
            fault = self.element.fault(element, f"{path}[{index}]")
            if fault is not None:
                return fault
        return None


@dataclass(frozen=True, slots=True)
class MapOf:
    """An object with free names, whose values keep one rule."""

    element: Rule
    max_length: int | None = None
    noun: str = "an object"

    def fault(self, value: Json, path: str) -> Fault | None:
        """A wrong type, too many names, or the first fault of a value."""
        if not isinstance(value, Mapping):
            return wrong_type(path, expected=self.noun, value=value)
        if self.max_length is not None and len(value) > self.max_length:
            words = (
                f"Invalid '{path}': too many properties. Expected an object with at most "
                f"{self.max_length} properties, but got an object with {len(value)} properties "
                "instead."
            )
            return Fault("object_above_max_properties", words, path)
        for name, element in value.items():
            fault = self.element.fault(element, f"{path}.{name}")
            if fault is not None:
                return fault
        return None


@dataclass(frozen=True, slots=True)
class Shape:
    """An object with known fields; any other field is refused by name."""

    fields: Mapping[str, Rule]
    required: tuple[str, ...] = ()
    noun: str = "an object"

    def fault(self, value: Json, path: str) -> Fault | None:
        """A wrong type, a missing field, an unknown field, or the first fault of a field.

        What is required is asked first: an old flat session object is told that its `type` is
        missing, not that its `voice` is unknown (TanStack/ai#586).
        """
        if not isinstance(value, Mapping):
            return wrong_type(path, expected=self.noun, value=value)
        for name in self.required:
            if name not in value:
                return missing_parameter(_join(path, name))
        for name, element in value.items():
            rule = self.fields.get(name)
            where = _join(path, name)
            fault = unknown_parameter(where) if rule is None else rule.fault(element, where)
            if fault is not None:
                return fault
        return None


@dataclass(frozen=True, slots=True)
class Tagged:
    """An object whose field `tag` says which of several shapes it has.

    `default` is the tag of an object that carries none; without it the tag is required.
    """

    tag: str
    shapes: Mapping[str, Rule]
    default: str | None = None
    noun: str = "an object"

    def fault(self, value: Json, path: str) -> Fault | None:
        """A wrong type, no tag or an unknown one, or the first fault of the shape it names."""
        if not isinstance(value, Mapping):
            return wrong_type(path, expected=self.noun, value=value)
        where = _join(path, self.tag)
        if self.tag not in value and self.default is None:
            return missing_parameter(where)
        tag = value.get(self.tag, self.default)
        fault = Choice(tuple(self.shapes)).fault(tag, where)
        if fault is not None:
            return fault
        return self.shapes[str(tag)].fault(value, path)


@dataclass(frozen=True, slots=True)
class OneOf:
    """A value that may be of several types, each with its own rule."""

    rules: tuple[Rule, ...]

    @property
    def noun(self) -> str:
        """All that is possible (`one of an object or null`)."""
        nouns = dict.fromkeys(rule.noun for rule in self.rules)
        return f"one of {' or '.join(nouns)}" if len(nouns) > 1 else next(iter(nouns))

    def fault(self, value: Json, path: str) -> Fault | None:
        """None if one rule is kept; else the fault of the rule that speaks of this type."""
        first: Fault | None = None
        for rule in self.rules:
            fault = rule.fault(value, path)
            if fault is None:
                return None
            if first is None and not (fault.code == "invalid_type" and fault.param == path):
                first = fault
        return first or wrong_type(path, expected=self.noun, value=value)


def nullable(rule: Rule) -> OneOf:
    """The rule, or null."""
    return OneOf((rule, Nothing()))


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
