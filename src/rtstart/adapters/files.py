"""Reading a project's files and writing files so that nobody ever sees half of one."""

import contextlib
import os
import tempfile
from pathlib import Path


def read_text(path: Path) -> str | None:
    """The file's text (UTF-8, a mark at its start allowed), or None when there is no such file.

    Raises UnicodeDecodeError for bytes that are no UTF-8, and OSError when it cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return None


def shortest(path: Path, *, start: Path | None = None) -> str:
    """The shorter of the two ways to write an absolute path: whole, or from `start` or here."""
    return min(os.path.relpath(path, start or Path.cwd()), str(path), key=len)


def write_atomically(path: Path, text: str, *, mode: int = 0o644) -> None:
    """Put the text at the path with these mode bits; readers see the old file or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        temporary.chmod(mode)
        temporary.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise


def is_readable_by_others(path: Path) -> bool:
    """Whether group or others may read the file; always False where modes mean nothing."""
    return os.name == "posix" and path.exists() and bool(path.stat().st_mode & 0o077)
