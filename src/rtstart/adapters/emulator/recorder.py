"""Recording calls to files and reading them again."""

import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from gzip import GzipFile
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import BinaryIO, TextIO

from rtstart.adapters.emulator.audio.samples import Samples
from rtstart.core.errors import Usage
from rtstart.core.findings.project import BAD_RECORDING
from rtstart.core.realtime.recording import (
    Happening,
    NotARecording,
    Recording,
    head_line,
    line_of,
    parse_recording,
)
from rtstart.core.realtime.speaking import Medium
from rtstart.core.realtime.wire import Fields
from rtstart.core.secrets import Masker

SUFFIX = ".rtcall.gz"
_PIECE = 4800


class Recorder:
    """Writes one call to one file while it goes on. `now` is in seconds, any origin.

    The file is made at once and is whole after `close`.
    """

    def __init__(self, path: Path, *, medium: Medium, model: str, now: Callable[[], float]) -> None:
        self._begun_at = now()
        self._now = now
        self._mask = Masker()
        self._microphone = bytearray()
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file: TextIO = TextIOWrapper(GzipFile(path, "wb"), encoding="utf-8")
        self._write(head_line(medium, model))

    def client(self, event: Fields) -> None:
        """A client sent an event."""
        self._put(Happening(self._at_s, "client", event))

    def server(self, event: Fields) -> None:
        """The server sent an event."""
        self._put(Happening(self._at_s, "server", event))

    def heard(self, samples: Samples) -> None:
        """The media track brought sound."""
        self._microphone += samples.astype("<i2").tobytes()
        if len(self._microphone) >= 2 * _PIECE:
            self._flush()

    def played(self, response_id: str, audio: bytes) -> None:
        """Sound of an answer was given to the media track."""
        self._put(Happening(self._at_s, "loudspeaker", audio=audio, response_id=response_id))

    def close(self) -> None:
        """The call is over."""
        self._flush()
        self._file.close()

    @property
    def _at_s(self) -> float:
        return self._now() - self._begun_at

    def _flush(self) -> None:
        if self._microphone:
            sound, self._microphone = bytes(self._microphone), bytearray()
            self._put(Happening(self._at_s, "microphone", audio=sound))

    def _put(self, happening: Happening) -> None:
        self._write(line_of(happening, self._mask))

    def _write(self, line: str) -> None:
        self._file.write(f"{line}\n")


def read_recording(path: Path) -> Recording:
    """The recording in a file, compressed or not, up to where it breaks off. Raises Usage."""
    try:
        data = path.read_bytes()
        compressed = data[:2] == b"\x1f\x8b"
        with GzipFile(fileobj=BytesIO(data)) if compressed else BytesIO(data) as file:
            return parse_recording(_lines(file))
    except FileNotFoundError as error:
        raise Usage.of(BAD_RECORDING.found("There is no such file", where=str(path))) from error
    except (OSError, UnicodeDecodeError, zlib.error) as error:
        words = f"The file cannot be read: {error}"
        raise Usage.of(BAD_RECORDING.found(words, where=str(path))) from error
    except NotARecording as error:
        words = f"This is no recording of a call: {error}"
        raise Usage.of(BAD_RECORDING.found(words, where=str(path))) from error


def _lines(file: BinaryIO | GzipFile) -> Iterator[str]:
    with suppress(EOFError):
        for line in file:
            yield line.decode("utf-8")
