"""A project as rtstart sees it: configuration, commands and settings, checked for agreement."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from rtstart.core.api_key import key_fault
from rtstart.core.config import KEY_NAME, ProjectConfig, ServiceConfig
from rtstart.core.dotenv import Dotenv
from rtstart.core.findings import Finding, Fix
from rtstart.core.findings.project import (
    BAD_CONFIG,
    BAD_WEBHOOK_SECRET,
    SERVICE_WITHOUT_COMMAND,
)
from rtstart.core.key_firewall import leaked_names
from rtstart.core.webhooks import is_webhook_secret


@dataclass(frozen=True, slots=True)
class Project:
    """What the three files say. `commands` are the Procfile's shell lines by name, in its order."""

    name: str
    project_dir: str
    config: ProjectConfig
    commands: Mapping[str, str]
    dotenv: Dotenv = field(repr=False)

    def services(self) -> tuple[ServiceConfig, ...]:
        """What is known of each process of the Procfile, in its order."""
        return tuple(
            self.config.services.get(name, ServiceConfig(name=name)) for name in self.commands
        )

    def runs(self, program: str) -> bool:
        """Whether a line of the Procfile begins with this program."""
        return any(command.split()[:1] == [program] for command in self.commands.values())


@dataclass(frozen=True, slots=True)
class Key:
    """The API key and where it came from (`.env` or `the environment`); empty for none."""

    value: str = field(default="", repr=False)
    source: str = ""


def find_key(project: Project, environment: Mapping[str, str]) -> Key:
    """The key that this project would use: `.env` first, because it belongs to the project."""
    if value := project.dotenv.values.get(KEY_NAME, "").strip():
        return Key(value, ".env")
    if value := environment.get(KEY_NAME, "").strip():
        return Key(value, "the environment")
    return Key()


def cross_faults(project: Project) -> list[Finding]:
    """What is wrong between the files, although each is right by itself.

    Where no process could be read from the Procfile, that is not told of each service again.
    """
    faults = [
        SERVICE_WITHOUT_COMMAND.found(
            f'rtstart.toml has [services.{name}], but the Procfile has no line "{name}:"',
            where="rtstart.toml",
        )
        for name in project.config.services
        if project.commands and name not in project.commands
    ]
    if project.commands:
        faults += _public_faults(project)
    lines = project.dotenv.lines
    raw_key = project.dotenv.values.get(KEY_NAME, "")
    faults += leaked_names(project.dotenv.values, file=".env", lines=lines, key=raw_key)
    if raw_key and (fault := key_fault(raw_key, where=f".env:{lines[KEY_NAME]}")):
        faults.append(fault)
    faults += [
        BAD_WEBHOOK_SECRET.found(
            f"{name}, which guards {path}, is no webhook secret", where=f".env:{lines[name]}"
        )
        for service in project.config.services.values()
        for path, name in service.webhooks.items()
        if (value := project.dotenv.values.get(name)) and not is_webhook_secret(value)
    ]
    return faults


def _public_faults(project: Project) -> list[Finding]:
    """What keeps the address from leading to the services that it is meant for."""
    public = project.config.public
    if public not in (*project.commands, *project.config.services):
        words = f'dev.public is "{public}", but the Procfile has no line "{public}:"'
        fix = Fix("Name a process of the Procfile under [dev] public.")
        return [BAD_CONFIG.found(words, fix=fix, where="rtstart.toml")]
    return [
        BAD_CONFIG.found(
            f'"{one.name}" is behind the address, but nothing says on which port it listens',
            why="The gateway leads there, and tells each process its port by a variable.",
            fix=Fix(f'Name that variable: [services.{one.name}] port_env = "PORT".'),
            where="rtstart.toml",
        )
        for one in project.services()
        if not one.port_env and (one.name == public or one.routes or one.mint or one.webhooks)
    ]
