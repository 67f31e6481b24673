"""Package managers: which one a project means, and what their words say."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

LOCK_FILES = {
    "package-lock.json": "npm",
    "npm-shrinkwrap.json": "npm",
    "pnpm-lock.yaml": "pnpm",
    "yarn.lock": "yarn",
    "bun.lock": "bun",
    "bun.lockb": "bun",
}
"""Which package manager wrote a lock file."""

_COUNTS = (
    re.compile(r"\badded (\d+) packages?\b"),  # npm
    re.compile(r"\b(\d+) packages? (?:was|were) added to the project\b"),  # yarn 4
    re.compile(r"^Packages: \+(\d+)"),  # pnpm
    re.compile(r"^(\d+) packages? installed\b"),  # bun
    re.compile(r"^Installed (\d+) packages?\b"),  # uv
)


@dataclass(frozen=True, slots=True)
class PackageManager:
    """A package manager, and how it installs without asking, scoring or advertising.

    `settings` are variables of its environment; `files` are what it needs to see in the app;
    `folder` is where the packages go.
    """

    name: str
    arguments: tuple[str, ...]
    settings: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    folder: str = "node_modules"

    @property
    def words(self) -> str:
        """What a person types to install with it."""
        return f"{self.name} {self.arguments[0]}"


MANAGERS = (
    PackageManager("npm", ("install", "--no-audit", "--no-fund", "--no-progress")),
    PackageManager("pnpm", ("install", "--reporter=append-only", "--no-frozen-lockfile")),
    # Yarn 2 and later leave out node_modules unless told, and in CI refuse to write a lock file.
    PackageManager(
        "yarn",
        ("install",),
        settings={"YARN_ENABLE_IMMUTABLE_INSTALLS": "false", "YARN_ENABLE_TELEMETRY": "0"},
        files={
            ".yarnrc.yml": "nodeLinker: node-modules\nenableGlobalCache: true\n"
            "installStatePath: node_modules/.yarn-install-state.gz\n"
        },
    ),
    PackageManager("bun", ("install", "--no-progress")),
)
"""All for JavaScript that rtstart knows, in the order in which it prefers them."""

UV = PackageManager("uv", ("sync", "--color", "never"), folder=".venv")
"""The one for Python."""


def choose_manager(
    *, user_agent: str, lock_files: Iterable[str], available: Iterable[str]
) -> PackageManager | None:
    """The package manager to use, or None when none is on this machine.

    First the one that started us (`npm_config_user_agent`: `pnpm/9.1.0 npm/? node/v24...`), then
    the one whose lock file lies nearest, then the first that is there.
    """
    there = set(available)
    wished = [user_agent.split("/", 1)[0], *(LOCK_FILES.get(name, "") for name in lock_files)]
    names = [*wished, *(one.name for one in MANAGERS)]
    known = {one.name: one for one in MANAGERS if one.name in there}
    return next((known[name] for name in names if name in known), None)


def count_packages(lines: Iterable[str]) -> int | None:
    """How many packages an installer says it added, or None when its lines do not say."""
    for line in lines:
        for pattern in _COUNTS:
            if match := pattern.search(line.strip()):
                return int(match.group(1))
    return None
