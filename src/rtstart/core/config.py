"""`rtstart.toml` as frozen types: what rtstart must know beyond the Procfile."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, cast

from rtstart.core.findings import Finding
from rtstart.core.findings.project import BAD_CONFIG
from rtstart.core.mint_guard import MintLimits
from rtstart.core.reading import Fault, Reader
from rtstart.core.services import AtOnce, HttpReady, LineReady, Readiness
from rtstart.core.toml_places import key_lines, line_of

Framework: TypeAlias = Literal["none", "vite", "next"]
"""Whose update socket (HMR) a service has; decides how the public address is proved."""

KEY_NAME = "OPENAI_API_KEY"

_ENV_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class ServiceConfig:
    """What is said of one service beside its command. `mint` is a path, or empty for none.

    `webhooks` are paths that a signature guards in place of an invitation, each with the name of
    the variable that holds its secret.
    """

    name: str
    port_env: str = ""
    port: int | None = None
    after: tuple[str, ...] = ()
    ready: Readiness = field(default_factory=AtOnce)
    ready_within_s: float = 30.0
    grace_s: float = 5.0
    restarts: int = 3
    routes: tuple[str, ...] = ()
    mint: str = ""
    webhooks: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()
    framework: Framework = "none"
    watch: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ProjectConfig:
    """The whole of `rtstart.toml`. `tunnels` holds each provider's own options.

    `public` is the service behind the address; `visitors`, when it is given, is the one that people
    from outside get in its place (a built preview, say). `tunnel_for_s` closes a public address by
    itself after that time, unless it is put off.
    """

    template: str = ""
    public: str = "web"
    visitors: str = ""
    tunnel: str = "auto"
    port: int = 4173
    tunnel_for_s: float = 14_400.0
    limits: MintLimits = field(default_factory=MintLimits)
    services: Mapping[str, ServiceConfig] = field(default_factory=dict)
    tunnels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def shown(self) -> str:
        """The service that visitors get."""
        return self.visitors or self.public

    def framework_of(self, service: str) -> Framework:
        """Whose update socket a service has; `none` for one that is not described."""
        found = self.services.get(service)
        return found.framework if found else "none"


def usual_config(names: Sequence[str]) -> ProjectConfig:
    """What holds for a Procfile alone, whose processes have these names.

    As with foreman and Heroku, `web`, or else the first, is told its port by `PORT`. It is also the
    only one that gets the key.
    """
    public = "web" if "web" in names else names[0]
    service = ServiceConfig(public, port_env="PORT", ready=HttpReady("/"), secrets=(KEY_NAME,))
    return ProjectConfig(public=public, services={public: service})


def parse_config(
    text: str, *, file: str = "rtstart.toml"
) -> tuple[ProjectConfig, tuple[Finding, ...]]:
    """Read the text; the configuration is only to be used when there are no faults."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return ProjectConfig(), (_syntax_fault(str(error), text, file),)
    faults: list[Fault] = []
    config = read_table(Reader(table, (), faults))
    lines = key_lines(text)
    faults.sort(key=lambda fault: line_of(lines, fault.path) or 0)
    return config, tuple(_finding(fault, lines, file) for fault in faults)


def read_table(top: Reader) -> ProjectConfig:
    """The configuration in a table that TOML has read; faults are left with the reader."""
    if not top.has("schema"):
        top.fault("schema", "is missing; write schema = 1 at the top")
    top.whole("schema", 1, least=1, most=1)
    template = top.text("template")
    dev = top.inner("dev")
    services = {one.path[-1]: _read_service(one) for one in top.tables("services")}
    config = ProjectConfig(
        template=template,
        public=dev.text("public", "web"),
        visitors=dev.text("visitors"),
        tunnel=dev.text("tunnel", "auto"),
        port=dev.whole("port", 4173, least=1, most=65535),
        tunnel_for_s=dev.seconds("tunnel_for", 14_400.0),
        limits=_read_limits(top.inner("limits")),
        services=services,
        tunnels={one.path[-1]: _read_options(one) for one in top.tables("tunnels")},
    )
    dev.close()
    top.close()
    if services and config.public not in services:
        dev.fault("public", f'names "{config.public}", which is no table under [services]')
    if config.visitors and config.visitors not in services:
        dev.fault("visitors", f'names "{config.visitors}", which is no table under [services]')
    for name, service in services.items():
        for other in service.after:
            if other not in services:
                top.faults.append(
                    Fault(("services", name, "after"), f'names "{other}", which is no service')
                )
    return config


def _read_limits(table: Reader) -> MintLimits:
    usual = MintLimits()

    def count(key: str, default: int) -> int:
        return table.whole(key, default, least=0, most=100_000)

    limits = MintLimits(
        per_visitor_per_minute=count("per_visitor_per_minute", usual.per_visitor_per_minute),
        per_minute=count("per_minute", usual.per_minute),
        open_per_visitor=count("open_per_visitor", usual.open_per_visitor),
        open_calls=count("open_calls", usual.open_calls),
        per_run=count("per_run", usual.per_run),
        run_minutes=table.number("run_minutes", usual.run_minutes, least=0, most=100_000),
        run_dollars=table.number("run_dollars", usual.run_dollars, least=0, most=100_000),
    )
    table.close()
    return limits


def _read_service(table: Reader) -> ServiceConfig:
    ready = table.inner("ready")
    service = ServiceConfig(
        name=table.path[-1],
        port_env=table.text("port_env"),
        port=table.port("port"),
        after=table.texts("after"),
        ready=_read_readiness(ready),
        ready_within_s=ready.seconds("within", 30.0),
        grace_s=table.seconds("grace", 5.0),
        restarts=table.whole("restarts", 3, least=0, most=100),
        routes=table.texts("routes"),
        mint=table.text("mint"),
        webhooks=_read_webhooks(table.inner("webhooks")),
        secrets=table.texts("secrets"),
        framework=cast(
            "Framework", table.text("framework", "none", choices=("none", "vite", "next"))
        ),
        watch=table.texts("watch"),
    )
    ready.close()
    table.close()
    if service.port_env and not _ENV_NAME.fullmatch(service.port_env):
        table.fault("port_env", f'is "{service.port_env}", which is no name of a variable')
    if isinstance(service.ready, HttpReady) and not service.port_env:
        table.fault("port_env", "is missing; readiness over HTTP needs the service's port")
    declared = (
        ("routes", service.routes),
        ("mint", (service.mint or "/",)),
        ("webhooks", tuple(service.webhooks)),
    )
    for key, paths in declared:
        if any(not path.startswith("/") for path in paths):
            table.fault(key, "must begin with /")
    return service


def _read_readiness(table: Reader) -> Readiness:
    path = table.text("path")
    line = table.text("line")
    if path and line:
        table.fault("line", "cannot stand beside path; choose one sign of readiness")
    if path:
        if not path.startswith("/"):
            table.fault("path", "must begin with /")
        return HttpReady(path)
    if line:
        try:
            re.compile(line)
        except re.error as error:
            table.fault("line", f"is no regular expression: {error}")
        return LineReady(line)
    return AtOnce()


def _read_webhooks(table: Reader) -> Mapping[str, str]:
    return {path: table.text(path) for path in table.table}


def _read_options(table: Reader) -> Mapping[str, str]:
    for key, value in table.table.items():
        if isinstance(value, dict | list):
            table.fault(key, "must be a text, a number or a truth")
        elif key.endswith("port") and not _is_port(str(value)):
            table.fault(key, f'is "{value}", which is no port')
    return {
        key: str(value).lower() if isinstance(value, bool) else str(value)
        for key, value in table.table.items()
    }


def _is_port(text: str) -> bool:
    return text.isdecimal() and int(text) <= 65_535


def _finding(fault: Fault, lines: Mapping[tuple[str, ...], int], file: str) -> Finding:
    line = line_of(lines, fault.path)
    return BAD_CONFIG.found(
        f"{'.'.join(fault.path)} {fault.words}", where=f"{file}:{line}" if line else file
    )


def _syntax_fault(message: str, text: str, file: str) -> Finding:
    place = re.search(r"\(at line (\d+), column \d+\)", message)
    line = place.group(1) if place else str(len(text.splitlines()))
    words = re.sub(r"\s*\(at .*\)$", "", message)
    return BAD_CONFIG.found(
        f"{file} is not valid TOML: {words[:1].lower()}{words[1:]}",
        why="The text breaks the rules of TOML, so nothing after that place can be read.",
        where=f"{file}:{line}",
    )
