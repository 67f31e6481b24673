"""The file of audit lines, readable by the user alone."""

import os
from pathlib import Path

from rtstart.core.audit import AuditLine

_LARGEST_BYTES = 5_000_000


class AuditFile:
    """Appends lines; when the file has grown too large, it becomes `.1` and a new one begins."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def write(self, line: AuditLine, *, at: str) -> None:
        """Write one line; `at` is the time in ISO form."""
        if self._path.exists() and self._path.stat().st_size > _LARGEST_BYTES:
            self._path.replace(self._path.with_name(self._path.name + ".1"))
        self._path.parent.mkdir(parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
        with os.fdopen(os.open(self._path, flags, 0o600), "a", encoding="utf-8") as file:
            file.write(line.text(at))
