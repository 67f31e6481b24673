"""What the relay remembers of each request: both sides, timed, with every secret masked."""

import zlib
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from rtstart.core.findings import Finding
from rtstart.core.secrets import Masker, mask

_KEPT = 200
_BODY_BYTES = 64 * 1024
_CREDENTIALS = frozenset(
    {"authorization", "cookie", "set-cookie", "api-key", "x-api-key", "proxy-authorization"}
)


@dataclass(frozen=True, slots=True)
class RelayRecord:
    """One request and its answer. Bodies are the first 64 kB as text; no secret is in here.

    `at` is unix time. `first_byte_ms` is the time to the answer's head, `total_ms` to its end,
    `connect_ms` what of it went into a new connection, 0 on a kept one. `corrected` is the body
    the lint would send instead, or empty.
    """

    number: int
    at: float
    method: str
    path: str
    status: int
    http_version: str
    connect_ms: float
    first_byte_ms: float
    total_ms: float
    request_headers: tuple[tuple[str, str], ...]
    request_body: str
    answer_headers: tuple[tuple[str, str], ...]
    answer_body: str
    findings: tuple[Finding, ...] = ()
    corrected: str = ""


class Records:
    """The last requests, oldest first."""

    def __init__(self) -> None:
        self._records: deque[RelayRecord] = deque(maxlen=_KEPT)
        self._count = 0

    def next_number(self) -> int:
        """A number for the next record."""
        self._count += 1
        return self._count

    def keep(self, record: RelayRecord) -> None:
        """Remember one."""
        self._records.append(record)

    def all(self) -> tuple[RelayRecord, ...]:
        """What is remembered."""
        return tuple(self._records)


class Sample:
    """The beginning of a body, taken while it passes."""

    def __init__(self) -> None:
        self._data = bytearray()

    def take(self, chunk: bytes) -> None:
        """Look at a piece that passes."""
        room = _BODY_BYTES - len(self._data)
        if room > 0:
            self._data += chunk[:room]

    def text(self, encoding: str, masker: Masker) -> str:
        """What was taken, unpacked where that is plain, masked."""
        data = bytes(self._data)
        if encoding in ("gzip", "deflate"):
            data = _unpacked(data)
        elif encoding not in ("", "identity"):
            return f"({len(data)} bytes of {encoding})"
        return masker(data.decode("utf-8", "replace"))


def _unpacked(data: bytes) -> bytes:
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 32)
    try:
        return unpacker.decompress(data, _BODY_BYTES)
    except zlib.error:
        return b"(damaged)"


def masked_headers(
    headers: Iterable[tuple[str, str]], masker: Masker
) -> tuple[tuple[str, str], ...]:
    """Headers as they may be shown: credentials by their last two characters."""
    shown = []
    for name, value in headers:
        if name.lower() in _CREDENTIALS:
            kind, _, rest = value.partition(" ")
            text = f"{kind} {mask(rest)}" if rest else mask(value)
        else:
            text = masker(value)
        shown.append((name, text))
    return tuple(shown)
