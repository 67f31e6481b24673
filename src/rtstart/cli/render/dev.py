"""What a person sees of `rtstart dev`: addresses that stay in sight, and a calm log above them."""

import asyncio
import shutil
from collections.abc import Callable, Iterator

from rtstart import __version__
from rtstart.cli.render.board import Board, head_lines, status_line
from rtstart.cli.render.footer import Footer
from rtstart.cli.render.keys import help_lines, keys_line
from rtstart.cli.render.log import Log
from rtstart.cli.render.people import people_lines
from rtstart.cli.render.qr import qr_columns, qr_lines
from rtstart.cli.render.style import Stream, Style
from rtstart.commands.dev.people import People
from rtstart.core.events import Announced, Event, Finished

_BATCH_S = 0.03
_TICK_S = 1.0
_ROOM_FOR_BLOCK = 18


def _terminal_size() -> tuple[int, int]:
    size = shutil.get_terminal_size((80, 24))
    return size.columns, size.lines


class PlainDev:
    """For pipes and dumb terminals: addresses on standard output, talk on standard error."""

    def __init__(
        self, out: Stream, err: Stream, *, styles: tuple[Style, Style], verbose: bool = False
    ) -> None:
        self._out, self._err = out, err
        self._out_style, self._err_style = styles
        self._log = Log(self._err_style, verbose=verbose)

    def __call__(self, event: Event) -> None:
        """Show one event."""
        for line in self._log.lines(event):
            self._err.write(f"{line}\n")
        if isinstance(event, Announced):
            lines = head_lines(event, version=_version(), width=80, style=self._out_style)
            self._out.write("\n" + "".join(f"{line}\n" for line in lines) + "\n")
            self._out.flush()
        if isinstance(event, Finished) and event.words:
            self._err.write(f"\n  {event.words}\n")
        self._err.flush()

    def close(self) -> None:
        """Nothing stands on the screen that must go."""


class QuietDev:
    """Only the address that leads furthest, once."""

    def __init__(self, out: Stream) -> None:
        self._out = out

    def __call__(self, event: Event) -> None:
        """Show one event."""
        if isinstance(event, Announced):
            self._out.write(f"{event.invite_url or event.public_url or event.local_url}\n")
            self._out.flush()

    def close(self) -> None:
        """Nothing stands on the screen that must go."""


class TerminalDev:
    """For a terminal: the log scrolls, the addresses and keys stay at the bottom."""

    def __init__(
        self,
        out: Stream,
        *,
        style: Style,
        verbose: bool = False,
        size: Callable[[], tuple[int, int]] = _terminal_size,
    ) -> None:
        self._style = style
        self._size = size
        self._log = Log(style, verbose=verbose)
        self._board = Board()
        self._footer = Footer(out, size)
        self._pending: list[str] = []
        self._timer: asyncio.TimerHandle | None = None
        self._tick: asyncio.TimerHandle | None = None
        self._qr_of = ""
        self._help = False
        self._people: Callable[[], People | None] | None = None

    def __call__(self, event: Event) -> None:
        """Show one event; drawing is batched, so that a flood of lines costs little."""
        self._board.tell(event)
        self._pending += self._log.lines(event)
        if isinstance(event, Announced) and not self._is_tall():
            self._pending += ["", *self._head(event), ""]
        if isinstance(event, Finished) and event.words:
            self._pending += ["", f"  {event.words}"]
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(_BATCH_S, self._draw)

    def toggle_qr(self) -> None:
        """Show the QR code of the invitation, or of the address, or take it away."""
        told = self._board.announced
        address = (told.invite_url or told.public_url or told.local_url) if told else ""
        self._qr_of = "" if self._qr_of == address else address
        self._draw()

    def toggle_people(self, people: Callable[[], People | None]) -> None:
        """Show who is in and who talks, as `people` tells it each second, or take it away."""
        self._people = None if self._people else people
        self._refresh()

    def person(self, digit: int) -> str:
        """The id of the visitor who is shown with this digit; empty for none."""
        told = self._people() if self._people else None
        shown = told.visitors[digit - 1 : digit] if told and digit else ()
        return shown[0].id if shown else ""

    def _refresh(self) -> None:
        self._draw()
        if self._people is not None and self._tick is None:
            self._tick = asyncio.get_running_loop().call_later(_TICK_S, self._ticked)

    def _ticked(self) -> None:
        self._tick = None
        self._refresh()

    def toggle_help(self) -> None:
        """Show what each key does, or take it away."""
        self._help = not self._help
        self._draw()

    def say(self, words: str) -> None:
        """Show a short line that is no event, such as the answer to a key."""
        self._pending.append(self._style.ink(f"  {words}", "dim"))
        self._draw()

    def close(self) -> None:
        """Leave the terminal as a shell expects it: the last lines stay, the block goes."""
        for timer in (self._timer, self._tick):
            if timer is not None:
                timer.cancel()
        self._people = None
        self._footer.close(self._pending)
        self._pending = []

    def _draw(self) -> None:
        self._timer = None
        pending, self._pending = self._pending, []
        self._footer.update(pending, list(self._block()))

    def _block(self) -> Iterator[str]:
        told = self._board.announced
        if self._board.stopping is not None:
            yield self._style.ink(f"  stopping{self._style.glyphs.ellipsis}", "dim")
            return
        if told is None:
            yield ""
            yield self._status()
            yield self._style.ink(f"  starting{self._style.glyphs.ellipsis}", "dim")
            return
        yield ""
        if self._qr_of:
            # Also under NO_COLOR: without grounds of its own it is inverted on a light terminal,
            # and then not every phone reads it.
            code = list(qr_lines(self._qr_of, color=True))
            columns, rows = self._size()
            if rows < len(code) + 2 or columns <= qr_columns(code):
                words = (
                    f"the QR code needs {qr_columns(code) + 1} columns and {len(code) + 2} lines"
                )
                yield f"  {self._style.ink(self._qr_of, 'accent')}"
                yield self._style.ink(f"  {words}", "dim")
                return
            yield from code
            if rows < len(code) + _ROOM_FOR_BLOCK:
                yield f"  {self._style.ink(self._qr_of, 'accent')}"
                return
            yield ""
        if self._is_tall():
            yield from self._head(told)
            yield ""
        if self._help:
            yield self._status()
            yield from help_lines(self._style)
            return
        people = self._people() if self._people else None
        if people is not None:
            yield from people_lines(people, style=self._style)
            yield ""
        yield self._status()
        stopped = self._board.are_calls_stopped
        yield keys_line(self._size()[0] - 1, are_calls_stopped=stopped, style=self._style)

    def _head(self, told: Announced) -> Iterator[str]:
        way = self._board.way
        width = self._size()[0] - 1
        return head_lines(told, version=_version(), width=width, style=self._style, way=way)

    def _status(self) -> str:
        return status_line(self._board, width=self._size()[0] - 1, style=self._style)

    def _is_tall(self) -> bool:
        return self._size()[1] >= _ROOM_FOR_BLOCK


def _version() -> str:
    return ".".join(__version__.split(".")[:2])
