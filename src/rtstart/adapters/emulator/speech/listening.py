"""PocketSphinx in a process of its own: what somebody said, as words.

The recogniser holds Python's lock for as long as it listens, which would be heard in every call.
"""

import asyncio
import json
import sys
from contextlib import suppress

from rtstart.adapters.emulator.audio.samples import decoded, resampled
from rtstart.core.realtime.conversation import Audio

RATE_HZ = 16_000
_GRACE_S = 2.0


class Recogniser:
    """Writes down what is said, one turn after another. Ends with `close`."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None
        self._lock = asyncio.Lock()
        self._tasks: set[asyncio.Task[str]] = set()

    async def start(self) -> None:
        """Load the model now (a second or two), so that the first turn need not wait for it."""
        async with self._lock:
            await self._started()

    async def write_down(self, sound: Audio) -> str:
        """The words, or nothing when none were understood; about a third of the sound's time.

        Raises EOFError when the recogniser broke; the next turn has a new one.
        """
        # A turn that nobody waits for any more is finished all the same: its words would
        # otherwise be taken for those of the next.
        task = asyncio.get_running_loop().create_task(self._write_down(sound))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return await asyncio.shield(task)

    async def close(self) -> None:
        """End the process."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            async with asyncio.timeout(_GRACE_S):
                await process.wait()
        except TimeoutError:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def _write_down(self, sound: Audio) -> str:
        samples, rate_hz = decoded(sound.audio, sound.format)
        data = resampled(samples, rate_hz, RATE_HZ).astype("<i2").tobytes()
        async with self._lock:
            process = await self._started()
            if process.stdin is None or process.stdout is None:
                raise EOFError("the recogniser has no pipes")
            try:
                process.stdin.write(len(data).to_bytes(4, "little") + data)
                await process.stdin.drain()
                line = await process.stdout.readline()
            except ConnectionError:
                line = b""
            if not line:
                self._process = None
                await process.wait()
                raise EOFError("the recogniser ended")
        words: str = json.loads(line)
        return words

    async def _started(self) -> asyncio.subprocess.Process:
        if self._process is None:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "rtstart.adapters.emulator.speech.recogniser"),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
            )
        return self._process
