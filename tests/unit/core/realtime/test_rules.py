"""Rules that no client event reaches at its edges."""

import pytest

from rtstart.core.realtime.rules import (
    Anything,
    Exactly,
    ListOf,
    MapOf,
    Nothing,
    Number,
    Picture,
    Rule,
    Shape,
    Tagged,
    Text,
    Whole,
    listing,
)
from rtstart.core.realtime.wire import Fault, Json


@pytest.mark.parametrize(
    ("rule", "value", "code"),
    [
        (Whole(1, 3), 4, "integer_above_max_value"),
        (Whole(), True, "invalid_type"),
        (Number(0.25, 1.5), 0.1, "decimal_below_min_value"),
        (ListOf(Text(), of="strings", max_length=1), ["a", "b"], "array_above_max_length"),
        (ListOf(Text(), of="strings"), "ab", "invalid_type"),
        (MapOf(Text()), ["a"], "invalid_type"),
        (Shape({}), [], "invalid_type"),
        (Tagged("type", {}, default="a"), [], "invalid_type"),
        (Exactly("inf"), "info", "invalid_type"),
        (Nothing(), 0, "invalid_type"),
    ],
)
def test_a_rule_finds_the_fault(rule: Rule, value: Json, code: str) -> None:
    fault = rule.fault(value, "here")

    assert isinstance(fault, Fault)
    assert (fault.code, fault.param) == (code, "here")


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        (Anything(), {"any": ["thing"]}),
        (Exactly("inf"), "inf"),
        (Nothing(), None),
        (Picture(), "data:image/png;base64,AA=="),
        (MapOf(Text()), {"a": "b"}),
        (Tagged("type", {"a": Shape({})}, default="a"), {}),
        (Number(), 1),
    ],
)
def test_a_rule_finds_nothing_when_it_is_kept(rule: Rule, value: Json) -> None:
    assert rule.fault(value, "here") is None


@pytest.mark.parametrize(
    ("words", "text"),
    [(["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b, and c")],
)
def test_a_list_is_written_as_the_api_writes_it(words: list[str], text: str) -> None:
    assert listing(words) == text
