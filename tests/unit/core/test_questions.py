"""Answers are read in the question's own type, and never repeat a secret."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtstart.core.questions import (
    BadAnswer,
    Choice,
    Kind,
    Question,
    Value,
    cast,
    holds_secret,
    is_true,
    shown,
)


@pytest.mark.parametrize(
    ("kind", "raw", "value"),
    [
        ("str", "a", "a"),
        ("str", 7, "7"),
        ("bool", "Yes", True),
        ("bool", "off", False),
        ("bool", "0", False),
        ("bool", 2, True),
        ("int", "12", 12),
        ("int", 12, 12),
        ("float", "1.5", 1.5),
    ],
)
def test_cast_gives_the_questions_type_when_it_fits(kind: Kind, raw: object, value: Value) -> None:
    assert cast(Question("q", kind), raw) == value


@pytest.mark.parametrize(
    ("kind", "raw", "words"),
    [
        ("bool", "maybe", 'must be yes or no, not "maybe"'),
        ("int", "1.5", 'must be a whole number, not "1.5"'),
        ("float", "x", 'must be a number, not "x"'),
        ("str", None, "must be text, not NoneType"),
        ("str", ["a"], "must be text, not list"),
        ("float", {}, "must be a number, not dict"),
    ],
)
def test_cast_says_what_it_wants_when_it_does_not_fit(kind: Kind, raw: object, words: str) -> None:
    with pytest.raises(BadAnswer) as caught:
        cast(Question("q", kind), raw)

    assert str(caught.value) == words


def test_cast_takes_one_of_the_choices_and_guesses_what_was_meant() -> None:
    question = Question("q", "str", choices=(Choice("Vite, fast", "vite"), Choice("Next", "next")))

    assert cast(question, "vite") == "vite"
    with pytest.raises(BadAnswer, match=r'must be vite, next, not "vit" \(did you mean "vite"\?\)'):
        cast(question, "vit")
    with pytest.raises(BadAnswer, match=r'must be vite, next, not "zzz"$'):
        cast(question, "zzz")


def test_prompt_is_the_name_when_there_are_no_words() -> None:
    assert Question("q", "str").prompt == "q"
    assert Question("q", "str", words="What?").prompt == "What?"


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyzABCDEFGHIJ0123456789", min_size=20, max_size=90))
def test_shown_is_short_and_hides_keys_whatever_they_are(secret: str) -> None:
    text = shown(f"sk-test-{secret}")

    assert secret not in text
    assert len(text) <= 60


def test_holds_secret_only_when_something_looks_like_a_key() -> None:
    assert holds_secret("sk-test-abcdefghijklmnop")
    assert not holds_secret("my-app")


@pytest.mark.parametrize("text", ["1", "yes", "true", True, "anything", "0.5"])
def test_is_true_for_what_copier_calls_true(text: object) -> None:
    assert is_true(text)


@pytest.mark.parametrize("text", ["0", "no", "false", False, "", "  ", "None", "~"])
def test_is_true_is_false_for_what_copier_calls_false(text: object) -> None:
    assert not is_true(text)
