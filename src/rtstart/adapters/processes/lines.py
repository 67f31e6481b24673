"""What a child writes, made fit to show: bytes to lines, terminal tricks out, secrets masked.

Nothing here waits or knows time; `output.py` adds that.
"""

import codecs
import re
from collections.abc import Callable, Iterable

from rtstart.core.secrets import Masker

LONGEST_LINE = 16_384
"""Characters of a line that are surely kept together; a longer one may come in pieces."""

_ESCAPE = re.compile(
    r"""
    \x1b\[[0-?]*[ -/]*[@-~]                         # colours, and moving or clearing the screen
    | \x1b\][^\x07\x1b\n]*(?:\x07|\x1b\\)?          # titles, links, the clipboard
    | \x1b[PX^_][^\x1b\n]*(?:\x1b\\)?               # strings for devices
    | \x1b(?:\[[0-?]*[ -/]*|[ -/]*[0-~])?           # any other, or the beginning of one
    """,
    re.VERBOSE,
)
_COLOR = re.compile(r"\x1b\[[0-9;:]*m")
_RESET = "\x1b[0m"
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f-\x9f]")
_TOKEN = re.compile(r"[A-Za-z0-9_\-.~+/=]*")
_ESCAPE_LONGEST = 256


def strip_color(text: str) -> str:
    """The text without colour codes."""
    return _COLOR.sub("", text) if "\x1b" in text else text


def mask_lines(lines: list[str], masker: Masker) -> list[str]:
    """The lines with secrets masked, also those that colours take apart or stand before.

    A coloured line that holds a secret loses its colours: a code may stand inside the secret.
    """
    block = "\n".join(lines)
    if "\x1b" not in block:
        masked = masker(block)
        return lines if masked == block else masked.split("\n")
    plain = strip_color(block)
    if masker(plain) == plain:
        return lines
    return [_mask_colored(line, masker) for line in lines]


def _mask_colored(line: str, masker: Masker) -> str:
    plain = strip_color(line)
    masked = masker(plain)
    return line if masked == plain else masked


class LineSplitter:
    """Bytes in pieces of any size to clean lines of text, secrets still in them.

    Colours are kept and closed at the line's end; other escape sequences and control characters
    go. Of a line that was rewritten in place the last state is kept. Bytes that are no UTF-8
    become U+FFFD. `settled` says how much of a text may be cut off without cutting a secret.
    """

    def __init__(self, settled: Callable[[str], int]) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._settled = settled
        self._rest = ""
        self._is_swallowing = False

    def feed(self, chunk: bytes) -> list[str]:
        """The lines that this chunk completes."""
        lines: list[str] = []
        for at in range(0, len(chunk), LONGEST_LINE):
            lines += self._take(self._decoder.decode(chunk[at : at + LONGEST_LINE]))
        return lines

    def end(self) -> list[str]:
        """What is left when no more will come: the last line, if it had no end."""
        lines = self._take(self._decoder.decode(b"", final=True))
        if self._rest:
            lines += _clean(self._rest)
            self._rest = ""
        return lines

    @property
    def partial(self) -> str:
        """The line begun and not ended, as far as it may be shown now; empty if there is none."""
        text = self._rest[: self._settled(self._rest)]
        return _clean(text)[-1] if text else ""

    def _take(self, text: str) -> list[str]:
        text = self._rest + self._without_swallowed(text)
        end = text.rfind("\n")
        lines = _clean(text[:end]) if end >= 0 else []
        self._rest = text[end + 1 :]
        while len(self._rest) > LONGEST_LINE:
            lines += self._cut()
        return lines

    def _without_swallowed(self, text: str) -> str:
        if self._is_swallowing:
            skipped = _TOKEN.match(text)
            text = text[skipped.end() :] if skipped else text
            self._is_swallowing = not text
        return text

    def _cut(self) -> list[str]:
        """A piece off the front of a line that is too long, never through a secret."""
        head = self._rest[:LONGEST_LINE]
        escape = head.rfind("\x1b", LONGEST_LINE - _ESCAPE_LONGEST)
        cut = self._settled(head[:escape] if escape > 0 else head)
        if cut == 0:
            # One single token as long as this is masked whole; its continuation goes with it.
            self._rest, self._is_swallowing = self._rest[LONGEST_LINE:], True
            self._rest = self._without_swallowed(self._rest)
            return _clean(head)
        self._rest = self._rest[cut:]
        return _clean(head[:cut])


def _clean(block: str) -> list[str]:
    if "\r" in block:
        block = block.replace("\r\n", "\n").rstrip("\r")
    if "\x1b" in block:
        block = _ESCAPE.sub(_keep_color, block)
    lines = _CONTROL.sub("", block).split("\n")
    if "\r" in block:
        lines = [_last_state(line) for line in lines]
    if "\x1b" in block:
        lines = [_closed(line) for line in lines]
    return lines


def _keep_color(escape: re.Match[str]) -> str:
    code = escape.group()
    return code if _COLOR.fullmatch(code) else ""


def _last_state(line: str) -> str:
    """What stands there after a progress line was written over itself."""
    return next((state for state in reversed(line.split("\r")) if state.strip()), "")


def _closed(line: str) -> str:
    """The line, ended with a reset if it leaves a colour on."""
    codes = _COLOR.findall(line)
    if codes and codes[-1] not in ("\x1b[m", "\x1b[0m", "\x1b[39m", "\x1b[22m", "\x1b[49m"):
        return line + _RESET
    return line


class Folder:
    """Folds a line that comes again and again into its first time and a count.

    Blank lines are layout and stay as they are.
    """

    def __init__(self) -> None:
        self._line = ""
        self._count = 0
        self._told = 0

    def feed(self, lines: Iterable[str]) -> list[tuple[str, int]]:
        """Lines to show, each with how often it has come in a row: 1, or the count at the end."""
        shown: list[tuple[str, int]] = []
        for line in lines:
            if line == self._line and line:
                self._count += 1
                continue
            shown += self.flush()
            shown.append((line, 1))
            self._line, self._count, self._told = line, 1, 1
        return shown

    @property
    def is_counting(self) -> bool:
        """Whether a line has come again since its count was last told."""
        return self._count != self._told

    def flush(self) -> list[tuple[str, int]]:
        """The count of the line that is being repeated, if it grew since it was last told."""
        if not self.is_counting:
            return []
        self._told = self._count
        return [(self._line, self._count)]
