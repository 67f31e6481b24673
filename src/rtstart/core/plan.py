"""From project, ports and environment to the services that `dev` starts, and the routes to them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rtstart.core.api_key import EMULATED_KEY, is_secret
from rtstart.core.config import KEY_NAME, ServiceConfig
from rtstart.core.project import Key, Project
from rtstart.core.secrets import MASKED_NAME, Masker
from rtstart.core.services import HttpReady, Service

EMULATOR = "emulator"
"""The name of the emulator among the services; also the upstream of its route."""

REALTIME_ROUTE = "/v1/realtime"
"""Where the emulator appears on the page's own origin."""

API_BASE_URL = "https://api.openai.com/v1"
"""The real API (facts of 2026-11: realtime-api 1)."""

_BASE_URL_NAME = "OPENAI_BASE_URL"
_EMULATORS = ("RTSTART_EMULATOR_", "RTSTART_CHAT_")
"""How the settings of `rtstart emulate` begin; they reach the emulator and nothing else."""

_RECORD_NAME = "RTSTART_EMULATOR_RECORD"
_DROPPED = ("RTSTART_", "FORCE_COLOR", "NO_COLOR")


@dataclass(frozen=True, slots=True)
class Emulation:
    """The emulator to run beside the app: its port, and addresses its WebRTC may offer.

    With `record_dir` it writes every call to a file there.
    """

    port: int
    python: str
    addresses: tuple[str, ...] = ()
    record_dir: str = ""


@dataclass(frozen=True, slots=True)
class Api:
    """The API of a run: its address with the version, and the key for it."""

    base_url: str = API_BASE_URL
    key: str = field(repr=False, default="")


@dataclass(frozen=True, slots=True)
class Plan:
    """What is started. `secrets` are literal values that must be masked wherever they appear.

    `api` is the one at the end of the way, also when the services are led to it by a relay.
    """

    services: tuple[Service, ...]
    secrets: tuple[str, ...] = field(repr=False, default=())
    api: Api = field(default_factory=Api)


def make_plan(
    project: Project,
    *,
    ports: Mapping[str, int],
    environment: Mapping[str, str],
    key: Key,
    emulation: Emulation | None,
    relay_port: int | None = None,
    public_hosts: Sequence[str] = (),
) -> Plan:
    """The services in Procfile order, with the emulator first when there is one.

    `ports` gives a port for each service that has a `port_env`. The key, and every other secret,
    goes only into the environment of services that list its name; those with the key are led to
    the API by the relay on `relay_port`, where there is one.
    """
    settings = {**environment, **{k: v for k, v in project.dotenv.values.items() if v}}
    declared = frozenset(name for one in project.config.services.values() for name in one.secrets)
    shared = {
        name: value
        for name, value in settings.items()
        if not is_secret(name, value, declared) and not name.startswith(_DROPPED)
    }
    shared.update(
        {one.port_env: str(ports[one.name]) for one in project.services() if one.port_env}
    )
    secret = {name: value for name, value in settings.items() if name in declared}
    secret[KEY_NAME] = key.value if emulation is None else EMULATED_KEY
    api = Api(_api_url(settings, emulation), secret[KEY_NAME])
    told = _api_settings(api, emulation, relay_port)
    services = [
        _service(
            project,
            one,
            ports=ports,
            env=_own_environment(one, shared, secret, told, public_hosts=public_hosts),
        )
        for one in project.services()
    ]
    hidden = tuple(
        value for name, value in settings.items() if is_secret(name, value, declared) and value
    )
    if emulation is not None:
        own = {name: v for name, v in settings.items() if name.startswith(_EMULATORS)}
        if emulation.record_dir or own.get(_RECORD_NAME):
            own |= _masked(own, hidden)
        services.insert(0, _emulator(project, emulation, {**shared, **own}))
    return Plan(tuple(services), (*hidden, *([key.value] if key.value else [])), api)


def _masked(own: Mapping[str, str], hidden: Sequence[str]) -> dict[str, str]:
    """What an emulator that records must mask and cannot know by its form; keys it does know, and
    gets none.
    """
    knows = Masker()
    lines = "\n".join((own.get(MASKED_NAME, ""), *hidden)).splitlines()
    return {MASKED_NAME: "\n".join(line for line in lines if line and knows(line) == line)}


def _api_url(settings: Mapping[str, str], emulation: Emulation | None) -> str:
    if emulation is not None:
        return f"http://127.0.0.1:{emulation.port}/v1"
    return settings.get(_BASE_URL_NAME, "").strip().rstrip("/") or API_BASE_URL


def _api_settings(api: Api, emulation: Emulation | None, relay_port: int | None) -> dict[str, str]:
    """What the token backend is told about the API; nothing where all is as in production."""
    told: dict[str, str] = {}
    if relay_port is not None:
        told[_BASE_URL_NAME] = f"http://127.0.0.1:{relay_port}/v1"
    elif emulation is not None:
        told[_BASE_URL_NAME] = api.base_url
    if emulation is not None:
        told |= {"REALTIME_URL": REALTIME_ROUTE, "RTSTART_EMULATED": "1"}
    return told


def _own_environment(
    service: ServiceConfig,
    shared: Mapping[str, str],
    secret: Mapping[str, str],
    told: Mapping[str, str],
    *,
    public_hosts: Sequence[str],
) -> dict[str, str]:
    env = dict(shared)
    if KEY_NAME in service.secrets:
        env.update(told)
    env.update({name: secret[name] for name in service.secrets if secret.get(name)})
    if public_hosts:
        env["RTSTART_PUBLIC_HOSTS"] = ",".join(public_hosts)
    return env


def _service(
    project: Project, config: ServiceConfig, *, ports: Mapping[str, int], env: Mapping[str, str]
) -> Service:
    return Service(
        name=config.name,
        command=project.commands[config.name],
        cwd=project.project_dir,
        env=env,
        port=ports.get(config.name),
        after=config.after,
        ready=config.ready,
        ready_within_s=config.ready_within_s,
        grace_s=config.grace_s,
        restarts=config.restarts,
        watch=config.watch,
    )


def _emulator(project: Project, emulation: Emulation, env: Mapping[str, str]) -> Service:
    advertised = [part for one in emulation.addresses for part in ("--advertise", one)]
    recording = ["--record", emulation.record_dir] if emulation.record_dir else []
    return Service(
        name=EMULATOR,
        command=(
            emulation.python,
            "-m",
            "rtstart",
            "emulate",
            "--port",
            str(emulation.port),
            *advertised,
            *recording,
        ),
        cwd=project.project_dir,
        env=dict(env),
        port=emulation.port,
        ready=HttpReady("/healthz"),
    )
