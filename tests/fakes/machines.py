"""A machine for tunnel providers to look at, as a test wants it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class FakeMachine:
    """Programs by name to their path, answers by command line, files that are there."""

    env: Mapping[str, str] = field(default_factory=dict)
    programs: Mapping[str, str] = field(default_factory=dict)
    answers: Mapping[str, tuple[int, str]] = field(default_factory=dict)
    files: Sequence[str] = ()
    modules: Sequence[str] = ()
    networks: Sequence[str] = ()
    system: Literal["linux", "darwin", "windows"] = "linux"
    project_dir: str = "/app"

    def find(self, program: str) -> str | None:
        """The path of a program that is there."""
        return self.programs.get(program)

    def exists(self, path: str) -> bool:
        """Whether this file is there."""
        return path in self.files

    def has_module(self, name: str) -> bool:
        """Whether this module is there."""
        return name in self.modules

    def addresses(self) -> Sequence[str]:
        """The networks' addresses."""
        return self.networks

    async def run(self, *command: str, within_s: float = 5.0) -> tuple[int, str]:
        """The answer to a command line; 127 to one that nobody wrote down."""
        del within_s
        return self.answers.get(" ".join(command), (127, ""))
