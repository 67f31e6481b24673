"""The plan gives each service its port and environment, and secrets only where they belong."""

from collections.abc import Mapping

from rtstart.core.config import ProjectConfig, ServiceConfig
from rtstart.core.dotenv import parse_dotenv
from rtstart.core.plan import Api, Emulation, Plan, make_plan
from rtstart.core.project import Key, Project
from rtstart.core.services import HttpReady, Service

_KEY = "sk-test-" + "0123456789abcdef"
_SERVICES = {
    "token": ServiceConfig(
        "token",
        port_env="TOKEN_PORT",
        secrets=("OPENAI_API_KEY", "HOOK_SECRET"),
        mint="/session",
        ready=HttpReady("/healthz"),
        watch=("server",),
    ),
    "web": ServiceConfig("web", port_env="WEB_PORT"),
}


def _plan(
    *,
    dotenv: str = "",
    key: Key | None = None,
    emulation: Emulation | None = None,
    environment: Mapping[str, str] | None = None,
    relay_port: int | None = None,
) -> Plan:
    project = Project(
        "app",
        "/app",
        ProjectConfig(services=_SERVICES),
        {"token": "node server/token.ts", "web": "vite", "worker": "sleep 1"},
        parse_dotenv(dotenv),
    )
    return make_plan(
        project,
        ports={"token": 8787, "web": 5173},
        environment=environment or {"PATH": "/bin"},
        key=key or Key(),
        emulation=emulation,
        relay_port=relay_port,
        public_hosts=("voice.example.test",),
    )


def test_make_plan_gives_the_key_to_the_token_service_alone() -> None:
    plan = _plan(
        dotenv=f"OPENAI_API_KEY={_KEY}\nHOOK_SECRET=hook-hook\nOTHER_API_KEY=other-other\nTITLE=x",
        key=Key(_KEY, ".env"),
        environment={"PATH": "/bin", "MY_KEY": _KEY, "RTSTART_X": "1", "NO_COLOR": "1"},
    )

    ports = {"TOKEN_PORT": "8787", "WEB_PORT": "5173"}
    common = {
        "PATH": "/bin",
        "TITLE": "x",
        **ports,
        "RTSTART_PUBLIC_HOSTS": "voice.example.test",
    }
    assert {one.name: dict(one.env) for one in plan.services} == {
        "token": {**common, "OPENAI_API_KEY": _KEY, "HOOK_SECRET": "hook-hook"},
        "web": common,
        "worker": common,
    }


def test_make_plan_lists_secrets_for_masking_and_never_shows_them() -> None:
    plan = _plan(dotenv=f"OPENAI_API_KEY={_KEY}\nHOOK_SECRET=hook-hook", key=Key(_KEY, ".env"))

    assert set(plan.secrets) == {_KEY, "hook-hook"}
    assert _KEY not in repr(plan)


def test_make_plan_points_the_token_service_at_the_emulator() -> None:
    plan = _plan(
        dotenv=f"OPENAI_API_KEY={_KEY}",
        key=Key(_KEY, ".env"),
        emulation=Emulation(8765, "/py", ("192.168.1.20",)),
    )

    emulator, token, web, _ = plan.services
    assert emulator == Service(
        name="emulator",
        command=(
            "/py", "-m", "rtstart", "emulate", "--port", "8765", "--advertise", "192.168.1.20",
        ),
        cwd="/app",
        env={"PATH": "/bin", "TOKEN_PORT": "8787", "WEB_PORT": "5173"},
        port=8765,
        ready=HttpReady("/healthz"),
    )  # fmt: skip
    assert token.env["OPENAI_API_KEY"] == "sk-test-emulated"
    assert token.env["OPENAI_BASE_URL"] == "http://127.0.0.1:8765/v1"
    assert token.env["REALTIME_URL"] == "/v1/realtime"
    assert token.env["RTSTART_EMULATED"] == "1"
    assert "OPENAI_BASE_URL" not in web.env


def test_make_plan_gives_the_emulators_settings_to_the_emulator_alone() -> None:
    plan = _plan(
        dotenv="RTSTART_EMULATOR_ANSWERS=chat\nRTSTART_CHAT_KEY=chat-chat-chat",
        emulation=Emulation(8765, "/py"),
    )

    emulator, *others = plan.services
    told = {"RTSTART_EMULATOR_ANSWERS": "chat", "RTSTART_CHAT_KEY": "chat-chat-chat"}
    assert told.items() <= emulator.env.items()
    assert [name for one in others for name in one.env if name in told] == []
    assert "chat-chat-chat" in plan.secrets


def test_make_plan_tells_a_recording_emulator_what_to_mask_but_no_key() -> None:
    dotenv = (
        f"OPENAI_API_KEY={_KEY}\nSHOP_API_KEY=no-known-form\nRTSTART_EMULATOR_MASKED=Ada Lovelace"
    )
    quiet = _plan(dotenv=dotenv, key=Key(_KEY, ".env"), emulation=Emulation(8765, "/py"))
    plan = _plan(
        dotenv=dotenv,
        key=Key(_KEY, ".env"),
        emulation=Emulation(8765, "/py", record_dir="/app/calls"),
    )

    emulator, *others = plan.services
    assert emulator.command[-2:] == ("--record", "/app/calls")
    assert emulator.env["RTSTART_EMULATOR_MASKED"] == "Ada Lovelace\nno-known-form"
    assert _KEY not in str(emulator.env)
    assert "no-known-form" not in str([quiet.services[0].env, *(one.env for one in others)])


def test_make_plan_leads_the_token_service_to_the_api_by_the_relay() -> None:
    own = f"OPENAI_API_KEY={_KEY}\nOPENAI_BASE_URL=https://api.example.test/v1/"
    key = Key(_KEY, ".env")
    plans = [
        _plan(dotenv=f"OPENAI_API_KEY={_KEY}", key=key, relay_port=9),
        _plan(dotenv=own, key=key, relay_port=9),
        _plan(emulation=Emulation(8765, "/py"), relay_port=9),
    ]

    assert [plan.api for plan in plans] == [
        Api("https://api.openai.com/v1", _KEY),
        Api("https://api.example.test/v1", _KEY),
        Api("http://127.0.0.1:8765/v1", "sk-test-emulated"),
    ]
    assert {
        one.env["OPENAI_BASE_URL"] for plan in plans for one in plan.services if one.name == "token"
    } == {"http://127.0.0.1:9/v1"}
    assert ["REALTIME_URL" in plan.services[-3].env for plan in plans] == [False, False, True]


def test_make_plan_keeps_what_the_files_say_of_a_service() -> None:
    token = _plan().services[0]

    assert (token.command, token.cwd, token.port, token.ready, token.watch) == (
        "node server/token.ts",
        "/app",
        8787,
        HttpReady("/healthz"),
        ("server",),
    )
