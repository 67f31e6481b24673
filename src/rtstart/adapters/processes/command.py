"""Run one program to its end: installers, version questions, the user's command after `--`."""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rtstart.adapters.processes.child import (
    Child,
    ChildClosed,
    ChildExited,
    ChildFact,
    ChildFailed,
    ChildSaid,
    ChildStarted,
)
from rtstart.adapters.processes.groups import ask_group, is_group_alive, kill_group
from rtstart.adapters.processes.lines import LineSplitter, mask_lines
from rtstart.core.secrets import Masker

_LAST_LINES = 20
_GRACE_S = 2.0
_LINGER_S = 0.5
_NOT_FOUND = 127
_NOT_EXECUTABLE = 126


@dataclass(frozen=True, slots=True)
class Completed:
    """How a program ended.

    `code` is its exit code, negative for a signal, and 127 or 126 as in a shell when it is not
    there or may not be run. `last_lines` are its last 20 lines of output, masked. `is_late` says
    that the deadline passed and that it was ended for that.
    """

    code: int
    last_lines: tuple[str, ...]
    is_late: bool = False


async def run_to_end(
    command: str | Sequence[str],
    *,
    cwd: str | Path,
    env: Mapping[str, str],
    deadline_s: float,
    on_line: Callable[[str], None] | None = None,
    masker: Masker | None = None,
) -> Completed:
    """Run a program with nobody at its keyboard, until it ends or `deadline_s` is over.

    `env` is its whole environment. `on_line` gets each line of both outputs as it comes, masked,
    colours kept. Nothing of the program is left when this returns, is cancelled or raises.
    """
    run = _Run(on_line, masker or Masker())
    run.start(command, cwd=str(cwd), env=env)
    is_late = False
    try:
        async with asyncio.timeout(deadline_s):
            await run.until_exited()
    except TimeoutError:
        is_late = True
    finally:
        await run.finish()
    return Completed(run.code, tuple(run.last_lines), is_late)


class _Run:
    """One program from its start until nothing of it is left."""

    def __init__(self, on_line: Callable[[str], None] | None, masker: Masker) -> None:
        self.code = 0
        self.last_lines: deque[str] = deque(maxlen=_LAST_LINES)
        self._on_line = on_line
        self._masker = masker
        self._splitter = LineSplitter(masker.settled)
        self._facts: asyncio.Queue[ChildFact] = asyncio.Queue()
        self._pid: int | None = None
        self._has_exited = False
        self._is_closed = False

    def start(self, command: str | Sequence[str], *, cwd: str, env: Mapping[str, str]) -> None:
        loop = asyncio.get_running_loop()

        def tell(fact: ChildFact) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(self._facts.put_nowait, fact)

        self._child = Child(command, cwd=cwd, env=env, tell=tell)
        self._child.start()

    async def until_exited(self) -> None:
        while not self._has_exited:
            self._take(await self._facts.get())

    async def finish(self) -> None:
        """End whatever is left: first by asking, if the program itself still runs."""
        while self._pid is None and not self._is_closed:
            self._take(await self._facts.get())
        if self._pid is not None:
            await self._end_group(self._pid)
        if not self._is_closed:
            self._child.abandon()
        self._show(self._splitter.end())

    async def _end_group(self, pid: int) -> None:
        if not self._has_exited:
            ask_group(pid)
        if await self._until_empty(pid, _LINGER_S if self._has_exited else _GRACE_S):
            return
        kill_group(pid)
        await self._until_empty(pid, _LINGER_S)

    async def _until_empty(self, pid: int, within_s: float) -> bool:
        """Whether the program, its output and its group have ended within this time."""
        end = asyncio.get_running_loop().time() + within_s
        while (left := end - asyncio.get_running_loop().time()) > 0:
            ended = self._has_exited and self._is_closed
            if ended and not is_group_alive(pid):
                return True
            try:
                # A group tells nobody when its last member goes, so it is asked now and then.
                async with asyncio.timeout(0.02 if ended else left):
                    self._take(await self._facts.get())
            except TimeoutError:
                continue
        return False

    def _take(self, fact: ChildFact) -> None:
        match fact:
            case ChildStarted(pid):
                self._pid = pid
            case ChildFailed(error):
                self._has_exited = self._is_closed = True
                missing = isinstance(error, FileNotFoundError | NotADirectoryError)
                self.code = _NOT_FOUND if missing else _NOT_EXECUTABLE
                self._show([str(error)])
            case ChildSaid(chunk):
                self._show(self._splitter.feed(chunk))
                self._child.handled()
            case ChildExited(code):
                self.code, self._has_exited = code, True
            case ChildClosed():
                self._is_closed = True

    def _show(self, lines: list[str]) -> None:
        for line in mask_lines(lines, self._masker):
            self.last_lines.append(line)
            if self._on_line is not None:
                self._on_line(line)
