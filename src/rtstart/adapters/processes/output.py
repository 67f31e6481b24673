"""A service's output on its way from bytes to events, its log file and those who listen to it."""

import asyncio
from collections import deque
from collections.abc import Callable

from rtstart.adapters.processes.lines import Folder, LineSplitter, mask_lines, strip_color
from rtstart.adapters.processes.logs import LogFile
from rtstart.core.events import Emit, Output
from rtstart.core.secrets import Masker

_PARTIAL_AFTER_S = 0.2
_REPEATS_EVERY_S = 1.0
_LAST_LINES = 50

Listener = Callable[[str], None]
"""Gets each whole line as the program wrote it, without colours and not masked."""


class ServiceOutput:
    """Takes the bytes of one life of a service, on the event loop."""

    def __init__(
        self,
        service: str,
        *,
        masker: Masker,
        emit: Emit,
        log: LogFile | None,
        listeners: list[Listener],
    ) -> None:
        self.last_lines: deque[str] = deque(maxlen=_LAST_LINES)
        self._service = service
        self._masker = masker
        self._emit = emit
        self._log = log
        self._listeners = listeners
        self._splitter = LineSplitter(masker.settled)
        self._folder = Folder()
        self._loop = asyncio.get_running_loop()
        self._partial_timer: asyncio.TimerHandle | None = None
        self._repeats_timer: asyncio.TimerHandle | None = None
        self._shown_partial = ""

    def feed(self, chunk: bytes) -> None:
        """Take a chunk; whole lines are told now, a line without its end after 200 ms."""
        self._take(self._splitter.feed(chunk))
        if self._partial_timer is not None:
            self._partial_timer.cancel()
        self._partial_timer = self._loop.call_later(_PARTIAL_AFTER_S, self._tell_partial)

    def end(self) -> None:
        """Tell what is left; no more will come."""
        self._take(self._splitter.end())
        self._tell(self._folder.flush())
        for timer in (self._partial_timer, self._repeats_timer):
            if timer is not None:
                timer.cancel()

    def _take(self, lines: list[str]) -> None:
        if not lines:
            return
        for listener in tuple(self._listeners):
            for line in lines:
                listener(strip_color(line))
        self._tell(self._folder.feed(mask_lines(lines, self._masker)))
        if self._folder.is_counting and self._repeats_timer is None:
            self._repeats_timer = self._loop.call_later(_REPEATS_EVERY_S, self._tell_repeats)

    def _tell(self, lines: list[tuple[str, int]]) -> None:
        if not lines:
            return
        self._shown_partial = ""
        for line, repeats in lines:
            self._emit(Output(self._service, line, repeats=repeats))
        self.last_lines.extend(line for line, repeats in lines[-_LAST_LINES:] if repeats == 1)
        if self._log is not None:
            self._log.write(lines)

    def _tell_partial(self) -> None:
        partial = mask_lines([self._splitter.partial], self._masker)[0]
        if partial and partial != self._shown_partial:
            self._shown_partial = partial
            self._emit(Output(self._service, partial, partial=True))

    def _tell_repeats(self) -> None:
        self._repeats_timer = None
        self._tell(self._folder.flush())
