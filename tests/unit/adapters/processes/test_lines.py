"""Bytes to lines that can be shown."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtstart.adapters.processes.lines import (
    LONGEST_LINE,
    Folder,
    LineSplitter,
    mask_lines,
    strip_color,
)
from rtstart.core.secrets import Masker

_KEY = "sk-" + "proj-" + "abcdefghijklmnop" + "QRSTuv"
_GREEN = "\x1b[32m"
_RESET = "\x1b[0m"


def _lines(*chunks: bytes, masker: Masker | None = None) -> list[str]:
    """All lines of these chunks, masked as the runner does."""
    masker = masker or Masker()
    splitter = LineSplitter(masker.settled)
    found = [line for chunk in chunks for line in mask_lines(splitter.feed(chunk), masker)]
    return found + mask_lines(splitter.end(), masker) if splitter._rest else found


@pytest.mark.parametrize(
    ("chunks", "lines"),
    [
        ([b"one\ntwo\n"], ["one", "two"]),
        ([b"on", b"e\ntw", b"o"], ["one", "two"]),
        ([b"one\r\ntwo\r", b"\n"], ["one", "two"]),
        ([b"\n\n"], ["", ""]),
        ([b""], []),
        ([b"gr\xc3", b"\xbc\xc3\x9f\n"], ["grüß"]),
        ([b"bad \xff\xfe end\n"], ["bad \ufffd\ufffd end"]),
        ([b"cut \xc3"], ["cut \ufffd"]),
        ([b"10%\r50%\r100%\n"], ["100%"]),
        ([b"done\r\x1b[K\n"], ["done"]),
        ([b"\r\r\n"], [""]),
        ([b"a\tb\x07\x08\x00c\n"], ["a\tbc"]),
        ([b"\x1b[32mgreen\x1b[39m plain\n"], ["\x1b[32mgreen\x1b[39m plain"]),
        ([b"\x1b[32mopen\n"], ["\x1b[32mopen\x1b[0m"]),
        ([b"\x1b[2J\x1b[Hclear\x1bc\n"], ["clear"]),
        ([b"\x1b]0;title\x07text\n"], ["text"]),
        ([b"\x1b]52;c;aGk=\x1b\\text\n"], ["text"]),
        ([b"\x1b]8;;https://x.test\x1b\\link\x1b]8;;\x1b\\\n"], ["link"]),
        ([b"\x1b]0;never closed\nnext\n"], ["", "next"]),
        ([b"\x1bPq#0\x1b\\sixel\n"], ["sixel"]),
        (["\u009b31mc1\n".encode()], ["31mc1"]),
        ([b"half \x1b[3"], ["half "]),
    ],
)
def test_lines_are_clean_when_bytes_come_in_any_form(chunks: list[bytes], lines: list[str]) -> None:
    assert _lines(*chunks) == lines


@given(st.text(st.characters(codec="utf-8"), max_size=60), st.lists(st.integers(0, 80), max_size=6))
def test_lines_are_the_same_however_the_bytes_are_cut(text: str, cuts: list[int]) -> None:
    data = text.encode()
    places = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    chunks = [data[a:b] for a, b in itertools.pairwise(places)]

    assert _lines(*chunks) == _lines(data)


@given(st.lists(st.integers(0, 60), max_size=6), st.sampled_from(["{}", "x {} y", _GREEN + "{}"]))
def test_secret_is_masked_however_the_bytes_are_cut(cuts: list[int], around: str) -> None:
    data = (around.format(_KEY) + "\n").encode()
    places = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    chunks = [data[a:b] for a, b in itertools.pairwise(places)]

    assert [strip_color(line) for line in _lines(*chunks)] == [
        strip_color(around).format("sk-proj-***uv")
    ]


@pytest.mark.parametrize(
    "line",
    [
        f"{_GREEN}{_KEY}{_RESET}",
        f"'{_KEY[:12]}{_GREEN}{_KEY[12:]}{_RESET}'",
        f"Bearer {_GREEN}abcdefghijklmnop{_RESET}",
    ],
)
def test_secret_is_masked_when_colors_touch_it(line: str) -> None:
    masked = mask_lines([f"{_GREEN}kept{_RESET}", line, "plain"], Masker())

    assert masked[0] == f"{_GREEN}kept{_RESET}"
    assert "***" in masked[1]
    assert _KEY[12:] not in masked[1]
    assert masked[2] == "plain"


def test_lines_are_not_touched_when_they_hold_no_secret() -> None:
    lines = [f"{_GREEN}one{_RESET}", "two"]

    assert mask_lines(lines, Masker(["hunter2hunter2"])) is lines


def test_secret_is_masked_when_no_line_has_color() -> None:
    assert mask_lines(["a", _KEY], Masker()) == ["a", "sk-proj-***uv"]


@pytest.mark.parametrize(
    ("chunk", "partial"),
    [
        (b"name? ", "name? "),
        (b"old\nname? ", "name? "),
        (b"10%\r20%", "20%"),
        (b"key sk-proj-abc", "key "),
        (b"done\n", ""),
        (b"\x1b[1m? ", "\x1b[1m? \x1b[0m"),
    ],
)
def test_partial_line_is_what_may_be_shown_now(chunk: bytes, partial: str) -> None:
    splitter = LineSplitter(Masker().settled)

    splitter.feed(chunk)

    assert splitter.partial == partial


def test_long_line_comes_in_pieces_and_nothing_is_lost() -> None:
    text = "word " * 20_000

    pieces = _lines(text.encode()[:70_001], text.encode()[70_001:], b"\n")

    assert "".join(pieces) == text
    assert max(map(len, pieces)) <= 2 * LONGEST_LINE


def test_long_line_is_not_cut_through_a_secret_or_a_color() -> None:
    for offset in range(0, 64, 3):
        text = "x" * (LONGEST_LINE - 40 - offset) + f" {_GREEN}{_KEY}{_RESET} " + "y" * LONGEST_LINE
        shown = "".join(_lines(text.encode(), b"\n"))

        assert _KEY[8:20] not in shown
        assert "***uv" in shown
        assert "[32" not in shown.replace(_GREEN, "")


def test_token_is_masked_whole_when_it_is_longer_than_a_line_may_be() -> None:
    token = "sk-" + "a" * (3 * LONGEST_LINE)

    assert _lines(token.encode(), token.encode()[3:] + b" after\n") == ["sk-***aa", " after"]


def test_token_ends_with_its_line_when_it_is_longer_than_a_line_may_be() -> None:
    token = "sk-" + "a" * (2 * LONGEST_LINE)

    assert _lines(token.encode(), b"\nafter\n") == ["sk-***aa", "", "after"]


def test_folder_counts_when_a_line_comes_again() -> None:
    folder = Folder()

    assert folder.feed(["a", "a", "a", "b"]) == [("a", 1), ("a", 3), ("b", 1)]
    assert folder.flush() == []
    assert folder.feed(["b"]) == []
    assert folder.is_counting
    assert folder.flush() == [("b", 2)]
    assert not folder.is_counting
    assert folder.feed(["b", "", "", "b"]) == [("b", 3), ("", 1), ("", 1), ("b", 1)]
