"""Text cut into sentences while it comes."""

from hypothesis import given
from hypothesis import strategies as st

from rtstart.core.realtime.sentences import Sentences


def _cut(*pieces: str) -> list[list[str]]:
    sentences = Sentences()
    return [*(sentences.add(piece) for piece in pieces), sentences.rest()]


def test_a_sentence_is_given_when_the_next_begins() -> None:
    assert _cut("It ra", "ins. Take ", "an umbrella!") == [
        [],
        ["It rains."],
        [],
        ["Take an umbrella!"],
    ]


def test_lines_and_marks_of_other_scripts_end_a_sentence() -> None:
    assert _cut("One\nTwo\u3002Three") == [["One", "Two\u3002"], ["Three"]]


def test_numbers_are_not_cut() -> None:
    assert _cut("It costs 3.50 euros.") == [[], ["It costs 3.50 euros."]]


def test_a_sentence_without_an_end_is_cut_at_a_blank() -> None:
    found = _cut("word " * 60)

    assert [len(sentence) for sentence in found[0]] == [239]
    assert _cut("x" * 300) == [["x" * 240], ["x" * 60]]


def test_nothing_is_left_of_blanks() -> None:
    assert _cut("  \n ", " ") == [[], [], []]


@given(st.lists(st.text(alphabet="ab .!?\n,", max_size=30), max_size=8))
def test_no_word_is_lost(pieces: list[str]) -> None:
    found = [sentence for some in _cut(*pieces) for sentence in some]

    assert "".join("".join(found).split()) == "".join("".join(pieces).split())
