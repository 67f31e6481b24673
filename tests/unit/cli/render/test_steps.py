"""Steps: what has ended stands side by side, what lasts turns behind it, and it all goes away."""

import pytest

from rtstart.cli.render.steps import PlainSteps, TerminalSteps, lay_out, span, step_words
from rtstart.cli.render.style import Glyphs, Style
from rtstart.core.events import (
    Created,
    Event,
    Planned,
    StepDone,
    StepFailed,
    StepSkipped,
    StepStarted,
)
from tests.fakes.terminal import FakeTerminal

_PLAIN = Style(color=False)
_ASCII = Style(color=False, glyphs=Glyphs("+", "x", "!", "->", "*", "o", "-", "...", "-"))
_CREATED = Created("/w/app", "app", "vite", 3, True, True, ("cd app", "rtstart dev"))


class Pipe:
    """A stream that goes to a file."""

    encoding = "utf-8"

    def __init__(self) -> None:
        self.text = ""

    def isatty(self) -> bool:
        return False

    def write(self, text: str) -> int:
        self.text += text
        return len(text)

    def flush(self) -> None:
        """Nothing is held back."""


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.0, ""), (0.99, ""), (1.0, "1.0 s"), (59.94, "59.9 s"), (61.0, "1 min 1 s")],
)
def test_span_tells_only_what_is_worth_telling(seconds: float, words: str) -> None:
    assert span(seconds) == words


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (StepDone("a", "installed 4 packages", 2.13), "✓ installed 4 packages  2.1 s"),
        (StepDone("a", "git", 0.1), "✓ git"),
        (StepFailed("a", "not installed", 3.0), "✗ not installed  3.0 s"),
        (StepFailed("a", "not installed", 0.2), "✗ not installed"),
        (StepSkipped("a", "left alone"), "· left alone"),
        (StepStarted("a", "installing"), ""),
    ],
)
def test_step_words_say_how_a_step_ended(event: Event, words: str) -> None:
    assert step_words(event, _PLAIN) == words


def test_step_words_use_ascii_and_colour_as_the_style_says() -> None:
    event = StepDone("a", "git", 0.1)

    assert step_words(event, _ASCII) == "+ git"
    assert step_words(event, Style(color=True)) == "\x1b[32m✓\x1b[0m git"


def test_lay_out_puts_as_many_on_a_line_as_fit() -> None:
    parts = ["one", "\x1b[32mtwo\x1b[0m", "three"]

    assert lay_out(parts, 30) == ["  one   \x1b[32mtwo\x1b[0m   three"]
    assert lay_out(parts, 12) == ["  one   \x1b[32mtwo\x1b[0m", "  three"]
    assert lay_out(parts, 4) == ["  one", "  \x1b[32mtwo\x1b[0m", "  three"]
    assert lay_out([], 4) == []


def test_plain_steps_write_a_line_each_and_the_result_apart() -> None:
    out, err = Pipe(), Pipe()
    steps = PlainSteps(out, err, styles=(_PLAIN, _PLAIN))

    for event in (StepStarted("a", "making"), StepDone("a", "made", 0.1), _CREATED):
        steps(event)
    steps.close()

    assert (out.text, err.text) == ("cd app\nrtstart dev\n", "  ✓ made\n")


def test_plain_steps_list_what_would_be_written() -> None:
    out, err = Pipe(), Pipe()
    steps = PlainSteps(out, err, styles=(_PLAIN, _PLAIN))

    steps(Planned("/w/app", "vite", ("a.txt", "b.txt")))

    assert out.text == "a.txt\nb.txt\n"
    assert err.text == "\n  2 files would be written to /w/app (vite)\n"


def test_terminal_steps_leave_one_line_and_the_result() -> None:
    screen = FakeTerminal(80)
    steps = TerminalSteps(screen, screen, styles=(_PLAIN, _PLAIN), clock=Clock(), tick_s=60)

    for event in (
        StepStarted("a", "making"),
        StepDone("a", "made", 0.1),
        StepSkipped("b", "left alone"),
        _CREATED,
    ):
        steps(event)
    steps.close()

    assert screen.screen == [
        "  ✓ made   · left alone",
        "",
        "  cd app",
        "  rtstart dev",
    ]


def test_terminal_steps_say_nothing_more_when_rtstart_goes_on() -> None:
    screen = FakeTerminal(80)
    steps = TerminalSteps(screen, screen, styles=(_PLAIN, _PLAIN), clock=Clock(), tick_s=60)

    steps(StepDone("a", "made", 0.1))
    steps(Created("/w/app", "app", "vite", 3, True, True, ()))

    assert screen.screen == ["  ✓ made"]


def test_terminal_steps_turn_while_a_step_lasts() -> None:
    screen, clock = FakeTerminal(80), Clock()
    steps = TerminalSteps(screen, screen, styles=(_PLAIN, _PLAIN), clock=clock, tick_s=60)
    steps(StepDone("a", "made", 0.1))
    steps(StepStarted("b", "installing"))

    steps.tick()
    at_once = list(screen.screen)
    clock.now = 0.5
    steps.tick()
    soon = list(screen.screen)
    clock.now = 2.4
    steps.tick()
    later = list(screen.screen)
    steps(StepDone("b", "installed", 2.4))
    steps.tick()
    steps.close()

    assert at_once == ["  ✓ made"]
    assert soon == ["  ✓ made   ⠙ installing"]
    assert later == ["  ✓ made   ⠹ installing  2 s"]
    assert screen.screen == ["  ✓ made   ✓ installed  2.4 s"]


def test_terminal_steps_turn_in_ascii_where_it_must_be() -> None:
    screen, clock = FakeTerminal(80), Clock()
    steps = TerminalSteps(screen, screen, styles=(_ASCII, _ASCII), clock=clock, tick_s=60)
    steps(StepStarted("b", "installing"))
    clock.now = 1.0

    steps.tick()
    during = list(screen.screen)
    steps.close()

    assert during == ["  / installing  1 s"]
    assert screen.screen == []
