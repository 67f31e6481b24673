"""`rtstart.toml` becomes types, or a list of every fault with its line."""

import pytest

from rtstart.core.config import ProjectConfig, ServiceConfig, parse_config
from rtstart.core.mint_guard import MintLimits
from rtstart.core.services import HttpReady, LineReady

_WHOLE = """\
schema = 1
template = "vite"

[dev]
public = "web"
tunnel = "lan"
port = 4000

[services.token]
port_env = "TOKEN_PORT"
port = 8787
routes = ["/session"]
mint = "/session"
secrets = ["OPENAI_API_KEY"]
ready = { path = "/healthz", within = "20s" }
watch = ["server"]
restarts = 1
grace = 0.5

[services.web]
port_env = "WEB_PORT"
after = ["token"]
framework = "vite"
ready = { line = "ready in" }

[tunnels.ngrok]
domain = "voice.example.test"
pooling = true
"""


def test_parse_config_reads_everything() -> None:
    config, faults = parse_config(_WHOLE)

    assert faults == ()
    assert config == ProjectConfig(
        template="vite",
        public="web",
        tunnel="lan",
        port=4000,
        services={
            "token": ServiceConfig(
                name="token",
                port_env="TOKEN_PORT",
                port=8787,
                ready=HttpReady("/healthz"),
                ready_within_s=20.0,
                grace_s=0.5,
                restarts=1,
                routes=("/session",),
                mint="/session",
                secrets=("OPENAI_API_KEY",),
                watch=("server",),
            ),
            "web": ServiceConfig(
                name="web",
                port_env="WEB_PORT",
                after=("token",),
                framework="vite",
                ready=LineReady("ready in"),
            ),
        },
        tunnels={"ngrok": {"domain": "voice.example.test", "pooling": "true"}},
    )


def test_parse_config_reads_limits_and_webhooks() -> None:
    config, faults = parse_config(
        """schema = 1
[limits]
per_minute = 3
run_dollars = 2.5
[services.web.webhooks]
"/webhooks/openai" = "OPENAI_WEBHOOK_SECRET"
"""
    )

    assert faults == ()
    assert config.limits == MintLimits(per_minute=3, run_dollars=2.5)
    assert config.services["web"].webhooks == {"/webhooks/openai": "OPENAI_WEBHOOK_SECRET"}


def test_parse_config_refuses_limits_and_webhooks_that_are_none() -> None:
    _, faults = parse_config(
        """schema = 1
[limits]
per_minut = 3
run_dollars = -1
[services.web.webhooks]
"webhooks" = "NAME"
"/other" = 3
"""
    )

    assert {fault.where for fault in faults} == {
        "rtstart.toml:3",
        "rtstart.toml:4",
        "rtstart.toml:5",
        "rtstart.toml:7",
    }


def test_parse_config_has_defaults_for_all_but_the_schema() -> None:
    assert parse_config("schema = 1") == (ProjectConfig(), ())


@pytest.mark.parametrize(
    ("text", "where", "what"),
    [
        ("schema = 1\n[dev", "rtstart.toml:2", "is not valid TOML"),
        ("schema = 2", "rtstart.toml:1", "schema is 2; it must be from 1 to 1"),
        ("", "rtstart.toml", "schema is missing; write schema = 1 at the top"),
        ("schema = 1\ncolour = 1", "rtstart.toml:2", "colour is unknown"),
        (
            "schema = 1\n[dev]\ntunel = 'x'",
            "rtstart.toml:3",
            "dev.tunel is unknown; did you mean tunnel?",
        ),
        (
            "schema = 1\n[dev]\nport = 99999",
            "rtstart.toml:3",
            "dev.port is 99999; it must be from 1 to 65535",
        ),
        ("schema = 1\ndev = 3", "rtstart.toml:2", "dev must be a table, not a number"),
        (
            "schema = 1\n[services]\nweb = 2000-01-01",
            "rtstart.toml:3",
            "services.web must be a table, not a date or time",
        ),
        (
            "schema = 1\n[services.web]\nport = '1'",
            "rtstart.toml:3",
            "services.web.port must be a whole number, not text",
        ),
        (
            "schema = 1\n[services.web]\nport = true",
            "rtstart.toml:3",
            "services.web.port must be a whole number, not true or false",
        ),
        (
            "schema = 1\n[services.web]\nport_env = 'A B'",
            "rtstart.toml:3",
            'services.web.port_env is "A B", which is no name of a variable',
        ),
        (
            "schema = 1\n[services.web]\nport_env = 3",
            "rtstart.toml:3",
            "services.web.port_env must be text, not a number",
        ),
        (
            "schema = 1\n[services.web]\nframework = 'svelte'",
            "rtstart.toml:3",
            'services.web.framework is "svelte"; it can be none, vite, next',
        ),
        (
            "schema = 1\n[services.web]\nroutes = 'x'",
            "rtstart.toml:3",
            'services.web.routes must be a list of texts, such as ["a", "b"]',
        ),
        (
            "schema = 1\n[services.web]\nroutes = ['x']",
            "rtstart.toml:3",
            "services.web.routes must begin with /",
        ),
        (
            "schema = 1\n[services.web]\nafter = ['x']",
            "rtstart.toml:3",
            'services.web.after names "x", which is no service',
        ),
        (
            "schema = 1\n[services.web]\ngrace = 'soon'",
            "rtstart.toml:3",
            'services.web.grace must be a time such as "20s" or "500ms"',
        ),
        (
            "schema = 1\n[services.web]\nready = { path = '/' }",
            "rtstart.toml:2",
            "services.web.port_env is missing; readiness over HTTP needs the service's port",
        ),
        (
            "schema = 1\n[services.web]\nport_env='P'\nready = { path = 'x' }",
            "rtstart.toml:4",
            "services.web.ready.path must begin with /",
        ),
        (
            "schema = 1\n[services.web]\nready = { line = '(' }",
            "rtstart.toml:3",
            "services.web.ready.line is no regular expression",
        ),
        (
            "schema = 1\n[services.web]\nport_env='P'\nready = { line = 'a', path = '/' }",
            "rtstart.toml:4",
            "services.web.ready.line cannot stand beside path",
        ),
        (
            "schema = 1\n[services.web]\nready = ['x']",
            "rtstart.toml:3",
            "services.web.ready must be a table, not a list",
        ),
        (
            "schema = 1\n[tunnels.ngrok]\ndomain = ['a']",
            "rtstart.toml:3",
            "tunnels.ngrok.domain must be a text, a number or a truth",
        ),
        (
            "schema = 1\n[tunnels.ssh]\nremote_port = 70000",
            "rtstart.toml:3",
            'tunnels.ssh.remote_port is "70000", which is no port',
        ),
        (
            "schema = 1\n[dev]\npublic = 'api'\n[services.web]",
            "rtstart.toml:3",
            'dev.public names "api", which is no table under [services]',
        ),
        (
            "schema = 1\n[dev]\nvisitors = 'api'\n[services.web]",
            "rtstart.toml:3",
            'dev.visitors names "api", which is no table under [services]',
        ),
    ],
)
def test_parse_config_names_the_fault_and_its_line(text: str, where: str, what: str) -> None:
    _, faults = parse_config(text)

    assert [fault.where for fault in faults] == [where]
    assert what in faults[0].what


def test_parse_config_says_all_faults_at_once() -> None:
    _, faults = parse_config("schema = 1\nx = 1\n[dev]\ny = 1\n[services.web]\nz = 1\n")

    assert [fault.where for fault in faults] == [
        "rtstart.toml:2",
        "rtstart.toml:4",
        "rtstart.toml:6",
    ]


def test_visitors_get_the_public_service_unless_another_is_named() -> None:
    services = {"web": ServiceConfig("web", framework="vite"), "preview": ServiceConfig("preview")}
    usual = ProjectConfig(services=services)
    other = ProjectConfig(visitors="preview", services=services)

    assert [usual.shown, other.shown, other.public] == ["web", "preview", "web"]
    assert [other.framework_of(one) for one in ("web", "preview", "gone")] == [
        "vite",
        "none",
        "none",
    ]
