"""Which service is to start anew because its files changed."""

import asyncio
import threading
from collections.abc import Callable, Collection
from pathlib import Path

from rtstart.core.services import Service

_SETTLED_MS = 50
"""An editor writes a file in several steps; a change counts when none has followed this long."""


_ASK_STOP_MS = 500
"""How often the watching thread looks up while nothing changes."""


def is_under(path: Path, watched: Collection[Path]) -> bool:
    """Whether a changed path is one that is watched, or lies in a folder that is."""
    return any(path == one or one in path.parents for one in watched)


class Watcher:
    """Watches the files of services that have a `watch`.

    Calls `on_change(service, why)` after each change. What tools write for themselves
    (`node_modules`, `.git`, caches) is no change. A path that does not exist is told to
    `on_trouble`, and so is a system that cannot watch.
    """

    def __init__(
        self,
        *,
        on_change: Callable[[str, str], None],
        on_trouble: Callable[[Service, str], None],
    ) -> None:
        self._on_change = on_change
        self._on_trouble = on_trouble
        self._present: dict[str, list[_Watch]] = {}
        self._all: list[_Watch] = []

    def begin(self, service: Service) -> None:
        """Watch a service, in place of the one of its name."""
        self.end(service.name)
        folder = Path(service.cwd)
        watched = [folder / relpath for relpath in service.watch]
        for missing in (path for path in watched if not path.exists()):
            self._on_trouble(service, f'"{missing.relative_to(folder)}" does not exist.')
        folders = {path for path in watched if path.is_dir()}
        # A file is watched through its folder: editors put a new file in the place of the old.
        parents = {path.parent for path in watched if path.is_file()}
        begun = [
            _Watch(
                paths,
                is_deep=is_deep,
                on_change=lambda changed: self._changed(service, watched, changed),
                on_trouble=lambda error: self._on_trouble(service, str(error)),
            )
            for paths, is_deep in ((folders, True), (parents, False))
            if paths
        ]
        self._present[service.name] = begun
        self._all += begun

    def end(self, name: str) -> None:
        """Watch a service no more."""
        for watch in self._present.pop(name, []):
            watch.stop()

    async def close(self) -> None:
        """Watch nothing any more; returns when nothing of the watching is left."""
        for watch in self._all:
            watch.stop()
        for watch in self._all:
            await watch.ended

    def _changed(self, service: Service, watched: Collection[Path], changed: set[Path]) -> None:
        found = sorted(path for path in changed if is_under(path, watched))
        if found:
            self._on_change(service.name, _why(found, Path(service.cwd)))


class _Watch:
    """One watch on some folders, in a daemon thread.

    watchfiles' own asynchronous form runs in threads of anyio, which outlive it.
    """

    def __init__(
        self,
        folders: Collection[Path],
        *,
        is_deep: bool,
        on_change: Callable[[set[Path]], None],
        on_trouble: Callable[[Exception], None],
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self.ended: asyncio.Future[None] = self._loop.create_future()
        self._stop = threading.Event()
        self._folders = folders
        self._is_deep = is_deep
        self._on_change = on_change
        self._on_trouble = on_trouble
        threading.Thread(target=self._run, name="rtstart watch", daemon=True).start()

    def stop(self) -> None:
        """End soon; `ended` says when."""
        self._stop.set()

    def _run(self) -> None:
        from watchfiles import watch

        try:
            for change in watch(
                *self._folders,
                step=_SETTLED_MS,
                recursive=self._is_deep,
                stop_event=self._stop,
                rust_timeout=_ASK_STOP_MS,
                yield_on_timeout=False,
            ):
                self._tell(self._on_change, {Path(path) for _, path in change})
        except (OSError, RuntimeError) as error:
            self._tell(self._on_trouble, error)
        self._tell(self._end)

    def _end(self) -> None:
        if not self.ended.done():
            self.ended.set_result(None)

    def _tell(self, call: Callable[..., None], *values: object) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(call, *values)


def _why(changed: list[Path], folder: Path) -> str:
    first = changed[0]
    name = first.relative_to(folder) if first.is_relative_to(folder) else first
    more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
    return f"{name}{more} changed"
