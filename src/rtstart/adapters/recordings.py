"""Recording calls to files and reading them again; the emulator and the relay both write here."""

import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from gzip import GzipFile
from io import BytesIO, TextIOWrapper
from os import open as open_descriptor
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, BinaryIO, TextIO

from rtstart.core.errors import Usage
from rtstart.core.findings.project import BAD_RECORDING
from rtstart.core.realtime.recording import (
    Happening,
    NotARecording,
    Recording,
    event_in,
    head_line,
    line_of,
    parse_recording,
)
from rtstart.core.realtime.speaking import Medium
from rtstart.core.realtime.wire import Fields

if TYPE_CHECKING:
    # The relay does without numpy, which takes long to load.
    from rtstart.adapters.emulator.audio.samples import Samples

_SUFFIX = ".rtcall.gz"
_PIECE = 4800


@dataclass(frozen=True, slots=True)
class Recordings:
    """Where the calls of a run are recorded, each to a file of its own.

    `mask` takes the secrets out. `on_loss` is told, once a call, that its file cannot be written.
    `now` is in seconds, any origin.
    """

    folder: Path
    mask: Callable[[str], str]
    on_loss: Callable[[Path, OSError], None]
    now: Callable[[], float] = time.time

    def begin(self, name: str, *, medium: Medium, model: str) -> "Recorder":
        """Record a call; `name` is its file's, without the ending."""
        return Recorder(self, self.folder / f"{name}{_SUFFIX}", medium=medium, model=model)


class Recorder:
    """Writes one call to one file while it goes on; nothing here raises.

    The file is made at once, for this user alone, and is whole after `close`. A call whose file
    cannot be written goes on without one.
    """

    def __init__(self, kept: Recordings, path: Path, *, medium: Medium, model: str) -> None:
        self._kept = kept
        self._path = path
        self._begun_at = kept.now()
        self._microphone = bytearray()
        self._raw: BinaryIO | None = None
        self._file: TextIO | None = None
        try:
            self._raw = _private_file(path)
            self._file = TextIOWrapper(GzipFile(fileobj=self._raw, mode="wb"), encoding="utf-8")
        except OSError as error:
            kept.on_loss(path, error)
        self._write(head_line(medium, kept.mask(model)))

    def client(self, event: Fields) -> None:
        """A client sent an event."""
        self._put(Happening(self._at_s, "client", event))

    def server(self, event: Fields) -> None:
        """The server sent an event."""
        self._put(Happening(self._at_s, "server", event))

    def client_message(self, text: str) -> None:
        """A client sent a message; what is no event is left out."""
        if event := event_in(text):
            self.client(event)

    def server_message(self, text: str) -> None:
        """The server sent a message; what is no event is left out."""
        if event := event_in(text):
            self.server(event)

    def heard(self, samples: "Samples") -> None:
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
        try:
            if self._file is not None:
                self._file.close()
        except OSError as error:
            self._kept.on_loss(self._path, error)
        finally:
            self._let_go()

    @property
    def _at_s(self) -> float:
        return self._kept.now() - self._begun_at

    def _flush(self) -> None:
        if self._microphone:
            sound, self._microphone = bytes(self._microphone), bytearray()
            self._put(Happening(self._at_s, "microphone", audio=sound))

    def _put(self, happening: Happening) -> None:
        # An event that is nested too deeply to be gone through is none of the API's.
        with suppress(RecursionError):
            self._write(line_of(happening, self._kept.mask))

    def _write(self, line: str) -> None:
        try:
            if self._file is not None:
                self._file.write(f"{line}\n")
        except OSError as error:
            self._let_go()
            self._kept.on_loss(self._path, error)

    def _let_go(self) -> None:
        for file in (self._file, self._raw):
            if file is not None:
                with suppress(OSError, ValueError):
                    file.close()
        self._file = self._raw = None


def _private_file(path: Path) -> BinaryIO:
    path.parent.mkdir(parents=True, exist_ok=True)
    # One of an earlier run may be readable by others, or lead elsewhere.
    path.unlink(missing_ok=True)
    return open(path, "xb", opener=lambda name, flags: open_descriptor(name, flags, 0o600))


def have_folder(path: Path, *, hint: str) -> None:
    """Have the folder now: when a call comes it is too late to say that it cannot be had.

    Raises Usage when nothing can be written there; `hint` is a command that would do.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=path):
            pass
    except OSError as error:
        raise Usage(
            f'Calls cannot be recorded in "{path}"', why=error.strerror or str(error), hint=hint
        ) from error


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
