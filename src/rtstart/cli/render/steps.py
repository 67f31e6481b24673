"""Steps that a person waits for: a spinner while one lasts, and one line with its time after."""

import shutil
import threading
import time
from collections.abc import Callable
from typing import Protocol

from rtstart.cli.render.style import Stream, Style
from rtstart.core.events import (
    Created,
    Event,
    Planned,
    StepDone,
    StepFailed,
    StepSkipped,
    StepStarted,
)

_SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_ASCII_SPINNER = "|/-\\"
_TICK_S = 0.1
_UNSEEN_S = 0.3
"""A step shorter than this shows no spinner: it would only flicker."""
_GAP = "   "


class Steps(Protocol):
    """Shows events, and leaves the screen in order when closed."""

    def __call__(self, event: Event, /) -> None: ...

    def close(self) -> None: ...


def span(seconds: float) -> str:
    """A time worth telling: nothing below a second, tenths below a minute."""
    if seconds < 1:
        return ""
    return f"{seconds:.1f} s" if seconds < 60 else f"{seconds // 60:.0f} min {seconds % 60:.0f} s"


def step_words(event: Event, style: Style) -> str:
    """A step that has ended, in a few words with their sign; empty for other events."""
    signs = style.glyphs
    match event:
        case StepDone(words=words, seconds=seconds):
            took = style.ink(f"  {span(seconds)}" if span(seconds) else "", "dim")
            return f"{style.ink(signs.done, 'good')} {words}{took}"
        case StepFailed(words=words, seconds=seconds):
            took = f"  {span(seconds)}" if span(seconds) else ""
            return style.ink(f"{signs.failed} {words}{took}", "bad")
        case StepSkipped(words=words):
            return style.ink(f"{signs.dash} {words}", "dim")
        case _:
            return ""


def lay_out(parts: list[str], width: int) -> list[str]:
    """Parts beside one another, as many on a line as fit."""
    from rtstart.cli.render.footer import visible_width

    lines: list[str] = []
    for part in parts:
        wider = f"{lines[-1]}{_GAP}{part}" if lines else ""
        if lines and visible_width(wider) < width:
            lines[-1] = wider
        else:
            lines.append(f"  {part}")
    return lines


class PlainSteps:
    """For pipes and dumb terminals: a line for each step that has ended, nothing that moves."""

    def __init__(self, out: Stream, err: Stream, *, styles: tuple[Style, Style]) -> None:
        self._out, self._err = out, err
        self._out_style, self._err_style = styles

    def __call__(self, event: Event) -> None:
        """Show one event."""
        if words := step_words(event, self._err_style):
            self._err.write(f"  {words}\n")
            self._err.flush()
        _result(event, self._out, self._err, self._out_style)

    def close(self) -> None:
        """Nothing stands on the screen that must go."""


class TerminalSteps:
    """For a terminal: what has ended stands beside one another, what lasts turns behind it."""

    def __init__(
        self,
        out: Stream,
        err: Stream,
        *,
        styles: tuple[Style, Style],
        clock: Callable[[], float] = time.monotonic,
        tick_s: float = _TICK_S,
    ) -> None:
        from rtstart.cli.render.footer import Footer

        self._out, self._err = out, err
        self._out_style, self._style = styles
        self._clock = clock
        self._tick_s = tick_s
        self._footer = Footer(err, _terminal_size)
        self._parts: list[str] = []
        self._step = ""
        self._since = 0.0
        self._turn = 0
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._ticker: threading.Thread | None = None

    def __call__(self, event: Event) -> None:
        """Show one event."""
        with self._lock:
            match event:
                case StepStarted(words=words):
                    self._step, self._since = words, self._clock()
                    self._tick_from_now_on()
                case StepDone() | StepFailed() | StepSkipped():
                    self._step = ""
                    self._parts.append(step_words(event, self._style))
                    self._draw()
                case _:
                    pass
        if isinstance(event, Created | Planned):
            self.close()
            _result(event, self._out, self._err, self._out_style)

    def close(self) -> None:
        """Take the spinner away; what has ended stays."""
        self._stop.set()
        if self._ticker is not None:
            self._ticker.join()
            self._ticker = None
        with self._lock:
            self._footer.close(lay_out(self._parts, _terminal_size()[0]))
            self._parts, self._step = [], ""

    def _tick_from_now_on(self) -> None:
        if self._ticker is None:
            self._stop.clear()
            self._ticker = threading.Thread(
                target=self._tick_until_stopped, name="steps", daemon=True
            )
            self._ticker.start()

    def tick(self) -> None:
        """Draw the step that lasts, one turn further; called ten times a second meanwhile."""
        with self._lock:
            if self._step and self._clock() - self._since >= _UNSEEN_S:
                self._turn += 1
                self._draw()

    def _tick_until_stopped(self) -> None:
        while not self._stop.wait(self._tick_s):
            self.tick()

    def _draw(self) -> None:
        parts = [*self._parts, self._turning()] if self._step else self._parts
        self._footer.update([], lay_out(parts, _terminal_size()[0]))

    def _turning(self) -> str:
        signs = _SPINNER if self._style.glyphs.done == "✓" else _ASCII_SPINNER
        sign = self._style.ink(signs[self._turn % len(signs)], "accent")
        took = self._clock() - self._since
        return f"{sign} {self._step}" + self._style.ink(
            f"  {took:.0f} s" if took >= 1 else "", "dim"
        )


def _result(event: Event, out: Stream, err: Stream, style: Style) -> None:
    """What the command was for, on standard output."""
    indent = "  " if out.isatty() else ""
    match event:
        case Created(next_commands=commands) if commands:
            blank = "\n" if out.isatty() else ""
            lines = "".join(f"{indent}{style.ink(line, 'bold')}\n" for line in commands)
            out.write(f"{blank}{lines}{blank}")
        case Planned(project_dir=folder, template=template, files=files):
            out.write("".join(f"{indent}{name}\n" for name in files))
            out.flush()
            err.write(f"\n  {len(files)} files would be written to {folder} ({template})\n")
            err.flush()
        case _:
            return
    out.flush()


def _terminal_size() -> tuple[int, int]:
    size = shutil.get_terminal_size((80, 24))
    return size.columns, size.lines
