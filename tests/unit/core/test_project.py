"""Keys are found and judged by form; the three files must agree."""

from collections.abc import Mapping

import pytest

from rtstart.core.api_key import is_secret, key_fault
from rtstart.core.config import KEY_NAME, ProjectConfig, ServiceConfig, usual_config
from rtstart.core.dotenv import parse_dotenv
from rtstart.core.project import Key, Project, cross_faults, find_key

_KEY = "sk-test-" + "0123456789abcdef"
_WEB = ServiceConfig("web", port_env="PORT")


def _project(dotenv: str = "", services: Mapping[str, ServiceConfig] | None = None) -> Project:
    config = ProjectConfig(services=services or {})
    return Project("app", "/app", config, {"web": "vite"}, parse_dotenv(dotenv))


@pytest.mark.parametrize(
    ("key", "problem"),
    [
        (f" {_KEY}", "has a blank or a line end in it"),
        (f"{_KEY}\n", "has a blank or a line end in it"),
        (f'"{_KEY}"', "has a quote in it"),
        ("sk-your-key-here", "is a placeholder"),
        ("sk-...", "is a placeholder"),
        ("ek_0123456789abcdef", "is an ephemeral secret (ek_), not a key (sk-)"),
        ("0123456789abcdef", "does not start with sk-"),
        ("sk-0123456789äbcdef", "has letters in it that no key has"),
    ],
)
def test_key_fault_names_the_problem_and_not_the_key(key: str, problem: str) -> None:
    fault = key_fault(key, where=".env:1")

    assert fault is not None
    assert (fault.code, fault.what) == ("RT501", f"OPENAI_API_KEY {problem}")
    assert key.strip() not in fault.what + fault.why


@pytest.mark.parametrize("key", [_KEY, "sk-proj-" + "aXXXXb" * 20])
def test_key_fault_is_none_for_the_form_of_a_key(key: str) -> None:
    assert key_fault(key) is None


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("MINE", "x", True),
        ("STRIPE_API_KEY", "x", True),
        ("WEBHOOK_SECRET", "x", True),
        ("HARMLESS", _KEY, True),
        ("HARMLESS", "x", False),
        ("NPM_TOKEN", "x", False),
    ],
)
def test_is_secret(name: str, value: str, expected: bool) -> None:
    assert is_secret(name, value, frozenset({"MINE"})) is expected


@pytest.mark.parametrize(
    ("dotenv", "environment", "expected"),
    [
        (f"OPENAI_API_KEY={_KEY}", {"OPENAI_API_KEY": "sk-other"}, Key(_KEY, ".env")),
        ("OPENAI_API_KEY=", {"OPENAI_API_KEY": _KEY}, Key(_KEY, "the environment")),
        ("OPENAI_API_KEY=", {}, Key()),
    ],
)
def test_find_key(dotenv: str, environment: dict[str, str], expected: Key) -> None:
    assert find_key(_project(dotenv), environment) == expected


def test_find_key_never_shows_it() -> None:
    assert _KEY not in repr(find_key(_project(f"OPENAI_API_KEY={_KEY}"), {}))


def test_cross_faults_is_empty_when_files_agree() -> None:
    assert cross_faults(_project(services={"web": _WEB})) == []


def test_cross_faults_names_what_does_not_agree() -> None:
    project = _project(
        f"A=1\nVITE_OPENAI_KEY={_KEY}\nOPENAI_API_KEY=hello",
        {"web": _WEB, "token": ServiceConfig("token")},
    )

    assert [(fault.code, fault.where) for fault in cross_faults(project)] == [
        ("RT106", "rtstart.toml"),
        ("RT701", ".env:2"),
        ("RT501", ".env:3"),
    ]


def test_services_have_defaults_when_only_the_procfile_names_them() -> None:
    assert _project().services() == (ServiceConfig("web"),)


def test_cross_faults_names_what_the_gateway_could_not_reach() -> None:
    commands = {"web": "vite", "token": "node x"}
    deaf = ServiceConfig("web"), ServiceConfig("token", routes=("/session",))
    config = ProjectConfig(services={one.name: one for one in deaf})

    faults = cross_faults(Project("app", "/app", config, commands, parse_dotenv("")))

    assert [(fault.code, fault.what) for fault in faults] == [
        ("RT102", f'"{name}" is behind the address, but nothing says on which port it listens')
        for name in ("web", "token")
    ]


def test_cross_faults_names_a_public_process_that_is_not_there() -> None:
    project = Project("app", "/app", ProjectConfig(), {"app": "x"}, parse_dotenv(""))

    assert [fault.what for fault in cross_faults(project)] == [
        'dev.public is "web", but the Procfile has no line "web:"'
    ]


@pytest.mark.parametrize(("names", "public"), [(("app", "web"), "web"), (("app", "job"), "app")])
def test_procfile_alone_leads_to_web_or_the_first(names: tuple[str, ...], public: str) -> None:
    config = usual_config(names)
    service = config.services[public]

    assert (config.public, service.port_env, service.secrets) == (public, "PORT", (KEY_NAME,))
    project = Project("app", "/app", config, dict.fromkeys(names, "x"), parse_dotenv(""))
    assert cross_faults(project) == []
