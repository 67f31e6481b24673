"""Lines stay at the bottom while a log scrolls above them."""

import pytest

from rtstart.cli.render.footer import Footer, clip, visible_width
from tests.fakes.terminal import FakeTerminal


def _footer(columns: int = 40, rows: int = 24) -> tuple[FakeTerminal, Footer]:
    terminal = FakeTerminal(columns)
    return terminal, Footer(terminal, lambda: (columns, rows))


def test_update_keeps_the_block_below_the_log() -> None:
    terminal, footer = _footer()

    footer.update(["one"], ["block a", "block b"])
    footer.update(["two", "three"], ["block a", "block c"])

    assert terminal.screen == ["one", "two", "three", "block a", "block c"]


def test_update_takes_a_shorter_block() -> None:
    terminal, footer = _footer()

    footer.update([], ["a", "b", "c"])
    footer.update(["log"], ["a"])

    assert terminal.screen == ["log", "a"]


def test_update_cuts_lines_that_would_wrap() -> None:
    terminal, footer = _footer(columns=10)

    footer.update([], ["0123456789abc"])

    assert terminal.screen == ["01234567…"]


def test_update_leaves_room_on_a_low_terminal() -> None:
    terminal, footer = _footer(rows=6)

    footer.update([], ["a", "b", "c"])

    assert terminal.screen == ["a", "b"]


def test_close_leaves_only_the_last_lines() -> None:
    terminal, footer = _footer()
    footer.update(["log"], ["a", "b"])

    footer.close(["bye"])

    assert terminal.screen == ["log", "bye"]


@pytest.mark.parametrize(
    ("text", "width", "cut"),
    [
        ("short", 10, "short"),
        ("0123456789", 5, "0123…"),
        ("\x1b[31mred and long\x1b[0m", 4, "\x1b[31mred\x1b[0m\x1b[0m…"),
        ("日本語日本語", 5, "日本…"),
    ],
)
def test_clip_counts_cells_not_codes(text: str, width: int, cut: str) -> None:
    assert clip(text, width) == cut
    assert visible_width(cut) <= width


def test_update_erases_all_rows_when_the_terminal_became_narrower() -> None:
    terminal = FakeTerminal(40)
    width = 40
    footer = Footer(terminal, lambda: (width, 24))
    footer.update([], ["a" * 30])

    width = 20
    terminal.write("\x1b[1;1H" + "a" * 20 + "\n" + "a" * 10)  # as the terminal wraps it again
    footer.update(["log"], ["b"])

    assert terminal.screen == ["log", "b"]
