"""An emulator in a thread of its own, so that tests of any kind can use it."""

import asyncio
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from rtstart.adapters.emulator.replayer import replay_call
from rtstart.adapters.emulator.server import Emulator, EmulatorOptions
from rtstart.adapters.recordings import read_recording
from rtstart.commands.emulate import TEST_KEY, EmulateRequest, environment, options_of
from rtstart.core.errors import Usage
from rtstart.core.reading import parse_duration
from rtstart.core.realtime.faults import FaultRule, parse_fault
from rtstart.core.realtime.seen import SeenCall
from rtstart.core.realtime.wire import Fields

_Result = TypeVar("_Result")
_WITHIN_S = 30.0


class RunningEmulator:
    """What a test may know of an emulator and do to it, from any thread."""

    key = TEST_KEY
    """An API key that it takes."""

    def __init__(self, emulator: Emulator, loop: asyncio.AbstractEventLoop) -> None:
        self._emulator = emulator
        self._loop = loop

    @property
    def url(self) -> str:
        """Its origin."""
        return self._emulator.url

    @property
    def base_url(self) -> str:
        """What OPENAI_BASE_URL is set to; over TLS if that was asked for."""
        return self._emulator.tls_base_url or self._emulator.base_url

    @property
    def realtime_url(self) -> str:
        """Where WebSockets connect, without the query."""
        return f"ws{self.base_url.removeprefix('http')}/realtime"

    @property
    def env(self) -> Mapping[str, str]:
        """The environment with which a program uses it."""
        return environment(self._emulator)

    def fault(self, text: str) -> None:
        """Switch a fault on (`drop:at=2s`). Raises Usage when there is none of this name."""
        rule = _fault(text)
        self._do(lambda: self._emulator.board.add(rule))

    def clear_faults(self) -> None:
        """Switch every fault off."""
        self._do(self._emulator.board.clear)

    def calls(self) -> list[SeenCall]:
        """Every call so far, the oldest first, the running ones as far as they are."""
        return self._do(self._emulator.seen)

    def _do(self, function: Callable[[], _Result]) -> _Result:
        async def run() -> _Result:
            return function()

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(_WITHIN_S)


@contextmanager
def emulator(
    *,
    scenario: str | Path | None = None,
    replay: str | Path | None = None,
    faults: Sequence[str] = (),
    record: str | Path | None = None,
    seed: int | None = None,
    session: str = "60m",
    with_tls: bool = False,
) -> Iterator[RunningEmulator]:
    """A Realtime API on a free port of loopback, until the block ends.

    The parameters are those of `rtstart emulate`. Raises Usage when a file or a fault is wrong.
    """
    options = EmulatorOptions(
        session_s=parse_duration(session) or 3600.0,
        seed=seed,
        faults=tuple(_fault(text) for text in faults),
        record_dir=None if record is None else Path(record),
        remembers_calls=True,
    )
    request = EmulateRequest(
        options,
        scenario_path=None if scenario is None else Path(scenario),
        replay_path=None if replay is None else Path(replay),
        tls_port=0 if with_tls else None,
    )
    thread = _Thread(request)
    try:
        yield thread.started()
    finally:
        thread.stop()


def replay_client(
    path: str | Path, *, realtime_url: str, key: str = TEST_KEY, within_s: float = 30.0
) -> list[Fields]:
    """Do again what the client of a recorded call did; gives the events that came back.

    `realtime_url` is a WebSocket's, without the query. Sound of a microphone is appended in the
    time it took. Raises TimeoutError when the server does not come as far as the recorded one, and
    Usage when the file is no recording. Not to be called from a running event loop.
    """
    recording = read_recording(Path(path))
    return asyncio.run(
        replay_call(recording, realtime_url=realtime_url, key=key, within_s=within_s)
    )


def _fault(text: str) -> FaultRule:
    rule = parse_fault(text)
    if isinstance(rule, str):
        raise Usage(f'The fault "{text}" is not understood: {rule}', hint=_LIST_FAULTS)
    return rule


_LIST_FAULTS = "rtstart emulate --list-faults"


class _Thread:
    """Runs one emulator; both ends of its life are waited for."""

    def __init__(self, request: EmulateRequest) -> None:
        self._request = request
        self._ready = threading.Event()
        self._running: RunningEmulator | None = None
        self._failure: BaseException | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._thread = threading.Thread(target=self._run, name="rtstart emulator")
        self._thread.start()

    def started(self) -> RunningEmulator:
        """The emulator, once it answers; raises what kept it from it."""
        self._ready.wait(_WITHIN_S)
        if self._failure is not None:
            raise self._failure
        if self._running is None:
            raise TimeoutError(f"the emulator did not start within {_WITHIN_S} s")
        return self._running

    def stop(self) -> None:
        """Stop it and wait until the thread is gone."""
        if self._loop is not None and self._stop is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(_WITHIN_S)

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as failure:  # noqa: BLE001 - raised again where it is waited for
            self._failure = failure
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        async with Emulator(await options_of(self._request)) as emulator:
            self._running = RunningEmulator(emulator, self._loop)
            self._ready.set()
            await self._stop.wait()
