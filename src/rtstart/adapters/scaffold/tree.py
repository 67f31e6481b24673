"""A rendered app before it is on disk: files and folders as values, and writing them."""

import os
import stat
from dataclasses import dataclass
from pathlib import Path

PLAIN = 0o666
EXECUTABLE = 0o777
PRIVATE = 0o600


@dataclass(frozen=True, slots=True)
class File:
    """One file; `relpath` has forward slashes, `mode` is what the user's umask is taken from."""

    relpath: str
    content: bytes
    mode: int = PLAIN


@dataclass(frozen=True, slots=True)
class Tree:
    """All files and folders of an app, each sorted by relative path."""

    files: tuple[File, ...]
    folders: tuple[str, ...]

    def with_file(self, file: File) -> "Tree":
        """The same tree with one file more, in place of one with the same path."""
        others = [one for one in self.files if one.relpath != file.relpath]
        return Tree(tuple(sorted([*others, file], key=lambda one: one.relpath)), self.folders)


def make_tree(files: list[File], folders: set[str]) -> Tree:
    """A tree in its order."""
    return Tree(tuple(sorted(files, key=lambda one: one.relpath)), tuple(sorted(folders)))


def write_tree(tree: Tree, folder: Path) -> None:
    """Write the tree into an existing, empty folder. A file that is there already is an error."""
    for relpath in tree.folders:
        (folder / relpath).mkdir(parents=True, exist_ok=True)
    for file in tree.files:
        path = folder / file.relpath
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        with os.fdopen(os.open(path, flags, file.mode), "wb") as opened:
            opened.write(file.content)


def read_tree(folder: Path) -> Tree:
    """The tree that lies in a folder, without what belongs to git."""
    files: list[File] = []
    folders: set[str] = set()
    for parent, names, file_names in os.walk(folder):
        names[:] = [name for name in names if name != ".git"]
        here = Path(parent).relative_to(folder)
        folders |= {(here / name).as_posix() for name in names}
        for name in file_names:
            path = Path(parent, name)
            files.append(File((here / name).as_posix(), path.read_bytes(), mode_of(path)))
    return make_tree(files, folders)


def mode_of(path: Path) -> int:
    """Whether a file may be run, which is all of its mode that a template hands on."""
    return EXECUTABLE if path.stat().st_mode & stat.S_IXUSR else PLAIN
