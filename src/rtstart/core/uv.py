"""uv as the python template needs it: which version is enough, and which one rtstart brings."""

import re
from dataclasses import dataclass
from typing import TypeAlias

Version: TypeAlias = tuple[int, int, int]

NEEDED: Version = (0, 9, 0)
"""The first whose build backend the app asks for (uv_build, pyproject.toml of the template)."""

BROUGHT = "0.13.9"
"""The release of PyPI's `uv` that rtstart brings (seen 2026-11)."""

REQUIREMENT = f"uv=={BROUGHT}"

_VERSION = re.compile(r"uv (\d+)\.(\d+)\.(\d+)")


@dataclass(frozen=True, slots=True)
class Uv:
    """A uv that is new enough.

    `bin_dir` goes first on the PATH of children that need it, or is empty for the PATH's own.
    """

    version: Version
    bin_dir: str = ""

    @property
    def words(self) -> str:
        """What a person calls it: `uv 0.13`."""
        return f"uv {self.version[0]}.{self.version[1]}"


def parse_version(text: str) -> Version | None:
    """The version in the words of `uv --version` (`uv 0.13.9 (abc 2026-11-01)`), or None."""
    match = _VERSION.search(text)
    return (int(match[1]), int(match[2]), int(match[3])) if match else None


def is_enough(version: Version) -> bool:
    """Whether this version can install and run an app."""
    return version >= NEEDED
