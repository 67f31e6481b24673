"""`.env` files are read as people write them, and every fault has its line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtstart.core.dotenv import parse_dotenv


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("KEY=value", "value"),
        ("export KEY=value", "value"),
        ("KEY = two words ", "two words"),
        ("KEY=#fff", "#fff"),
        ("KEY=abc#def", "abc#def"),
        ("KEY=abc # a comment", "abc"),
        ("KEY=abc #comment", "abc"),
        ("KEY=", ""),
        ("KEY= # only a comment", ""),
        ("KEY='it $stays \\n literal'", "it $stays \\n literal"),
        ('KEY="a\\nb \\"q\\" \\\\ \\x"', 'a\nb "q" \\ \\x'),
        ('KEY="quoted" # comment', "quoted"),
        ('KEY="first\nsecond"', "first\nsecond"),
        ("KEY='blanks \n stay '", "blanks \n stay "),
        ("KEY=windows\r\n", "windows"),
        ("KEY=back\\slash", "back\\slash"),
        ("KEY=it's", "it's"),
    ],
)
def test_parse_dotenv_reads_a_value(line: str, value: str) -> None:
    dotenv = parse_dotenv(line)

    assert (dotenv.values, dotenv.faults) == ({"KEY": value}, ())


def test_parse_dotenv_skips_comments_and_a_byte_order_mark() -> None:
    dotenv = parse_dotenv("\ufeffA=1\n\n# note\n  # note\nB=2\nA=3\n")

    assert dict(dotenv.values) == {"A": "3", "B": "2"}
    assert dict(dotenv.lines) == {"A": 6, "B": 5}


def test_parse_dotenv_names_every_fault_with_its_line() -> None:
    dotenv = parse_dotenv("A=1\nthis is nothing\n9=x\nB=\"open\nC='x' y\n")

    assert [(fault.where, fault.what) for fault in dotenv.faults] == [
        (".env:2", "Line 2 of .env is no `NAME=value`"),
        (".env:3", "Line 3 of .env is no `NAME=value`"),
        (".env:4", "Line 4 of .env has a quote that is never closed"),
        (".env:5", "Line 5 of .env has text after the closing quote"),
    ]


def test_parse_dotenv_never_repeats_a_value_in_a_fault() -> None:
    dotenv = parse_dotenv('KEY="sk-secret-secret-secret')

    assert "secret" not in repr(dotenv)


@given(st.dictionaries(st.from_regex(r"[A-Z_]{1,8}", fullmatch=True), st.text(max_size=20)))
def test_parse_dotenv_gives_back_what_was_quoted(values: dict[str, str]) -> None:
    plain = {k: v.replace("\r", "").replace("'", "") for k, v in values.items()}
    plain = {k: "".join(c for c in v if c == "\n" or c.isprintable()) for k, v in plain.items()}

    assert dict(parse_dotenv("\n".join(f"{k}='{v}'" for k, v in plain.items())).values) == plain


@given(st.text())
def test_parse_dotenv_accepts_any_text(text: str) -> None:
    parse_dotenv(text)
