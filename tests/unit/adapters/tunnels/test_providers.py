"""Whether each provider can be used, what it would run, and where its secrets go."""

import asyncio
from typing import Any

import pytest

from rtstart.adapters.tunnels import (
    cloudflared,
    devtunnel,
    generic,
    localtunnel,
    ngrok,
    places,
    ssh,
    tailscale,
    zrok,
)
from rtstart.core.findings import tunnel
from rtstart.core.tunnels import (
    FixedTunnel,
    OwnListener,
    ProcessTunnel,
    Provider,
    Standing,
    Target,
    TaskTunnel,
)
from tests.fakes.machines import FakeMachine

_TARGET = Target(port=4200, spare_port=4201, files_dir="/app/.rtstart/tunnel")
_ALL: tuple[Provider, ...] = (
    cloudflared.QUICK,
    cloudflared.NAMED,
    devtunnel.DEVTUNNEL,
    generic.COMMAND,
    generic.PORTPREVIEW,
    localtunnel.LOCALTUNNEL,
    ngrok.NGROK,
    places.LAN,
    places.OWN_ADDRESS,
    places.CODESPACES,
    places.GITPOD,
    places.CODER,
    ssh.LOCALHOST_RUN,
    ssh.PINGGY,
    ssh.OWN_SERVER,
    tailscale.SERVE,
    tailscale.FUNNEL,
    zrok.ZROK,
)
_HAS: dict[str, dict[str, Any]] = {
    "cloudflared": {
        "programs": {"cloudflared": "/bin/cloudflared"},
        "answers": {"/bin/cloudflared --version": (0, "cloudflared version 2026.8.2 (built x)")},
    },
    "ssh": {
        "programs": {"ssh": "/bin/ssh"},
        "answers": {"/bin/ssh -V": (0, "OpenSSH_9.2p1 Debian, OpenSSL 3")},
    },
    "tailscale": {
        "programs": {"tailscale": "/bin/tailscale"},
        "answers": {
            "/bin/tailscale status --json": (
                0,
                '{"BackendState":"Running","Self":{"DNSName":"desk.tail1.ts.net."}}',
            )
        },
    },
}
_MAC_TAILSCALE = "/Applications/Tailscale.app/Contents/MacOS/Tailscale"
_COMMAND_TABLE = (
    "[tunnels.command]\n"
    'run = "frpc -c frpc.toml"\n'
    "url_pattern = 'https://\\S+'   # or url = \"https://voice.example.com\""
)
_SSH_TABLE = {"server": "ada@example.test", "url": "https://voice.example.test/"}


def _standing(provider: Provider, machine: FakeMachine, **options: str) -> Standing:
    return asyncio.run(provider.examine(machine, options))


def _plan(provider: Provider, machine: FakeMachine, **options: str) -> ProcessTunnel:
    way = provider.plan(machine, _TARGET, options)
    assert isinstance(way, ProcessTunnel)
    return way


@pytest.mark.parametrize("provider", _ALL, ids=lambda one: one.name)
def test_provider_is_not_ready_when_the_machine_has_nothing(provider: Provider) -> None:
    standing = _standing(provider, FakeMachine())

    assert standing.state != "ready"
    assert standing.finding is not None or standing.detail == "not here"


@pytest.mark.parametrize(
    ("provider", "machine", "options", "standing"),
    [
        (cloudflared.QUICK, FakeMachine(**_HAS["cloudflared"]), {}, Standing("ready", "2026.8.2")),
        (
            cloudflared.QUICK,
            FakeMachine(
                env={"RTSTART_CLOUDFLARED": "/my/cf"},
                answers={"/my/cf --version": (0, "cloudflared version 2027.1.0 (built x)")},
                files=("/my/cf",),
            ),
            {},
            Standing("ready", "2027.1.0"),
        ),
        (
            cloudflared.NAMED,
            FakeMachine(env={"TUNNEL_TOKEN": "x"}, **_HAS["cloudflared"]),
            {"host": "voice.example.test"},
            Standing("ready", "2026.8.2", is_configured=True),
        ),
        (
            ngrok.NGROK,
            FakeMachine(env={"NGROK_AUTHTOKEN": "x"}, modules=("ngrok",)),
            {},
            Standing("ready", "package", is_configured=True),
        ),
        (
            ngrok.NGROK,
            FakeMachine(
                programs={"ngrok": "/bin/ngrok"},
                answers={"/bin/ngrok version": (0, "ngrok version 3.30.0")},
                files=("~/.config/ngrok/ngrok.yml",),
            ),
            {},
            Standing("ready", "3.30.0"),
        ),
        (ssh.LOCALHOST_RUN, FakeMachine(**_HAS["ssh"]), {}, Standing("ready", "OpenSSH_9.2p1")),
        (ssh.PINGGY, FakeMachine(**_HAS["ssh"]), {}, Standing("ready", "OpenSSH_9.2p1")),
        (
            ssh.OWN_SERVER,
            FakeMachine(**_HAS["ssh"]),
            _SSH_TABLE,
            Standing("ready", "OpenSSH_9.2p1", is_configured=True),
        ),
        (
            tailscale.SERVE,
            FakeMachine(**_HAS["tailscale"]),
            {},
            Standing("ready", "desk.tail1.ts.net"),
        ),
        (
            devtunnel.DEVTUNNEL,
            FakeMachine(
                programs={"devtunnel": "/bin/dt"},
                answers={"/bin/dt user show": (0, "Logged in as ada.")},
            ),
            {},
            Standing("ready"),
        ),
        (
            zrok.ZROK,
            FakeMachine(programs={"zrok2": "/bin/zrok2"}, files=("~/.zrok2/environment.json",)),
            {},
            Standing("ready"),
        ),
        (
            generic.COMMAND,
            FakeMachine(programs={"frpc": "/bin/frpc"}),
            {"run": "frpc -c frpc.toml", "url": "https://voice.example.test"},
            Standing("ready", "frpc", is_configured=True),
        ),
        (
            generic.PORTPREVIEW,
            FakeMachine(files=("/app/node_modules/.bin/portpreview",)),
            {},
            Standing("ready", "/app/node_modules/.bin/portpreview"),
        ),
        (places.LAN, FakeMachine(networks=("192.0.2.7",)), {}, Standing("ready", "192.0.2.7")),
        (
            places.OWN_ADDRESS,
            FakeMachine(),
            {"address": "https://voice.example.test/"},
            Standing("ready", "https://voice.example.test", is_configured=True),
        ),
    ],
)
def test_provider_is_ready_when_the_machine_has_what_it_needs(
    provider: Provider, machine: FakeMachine, options: dict[str, str], standing: Standing
) -> None:
    assert _standing(provider, machine, **options) == standing


@pytest.mark.parametrize(
    ("provider", "machine", "options", "state", "code", "command"),
    [
        (
            cloudflared.QUICK,
            FakeMachine(programs={"cloudflared": "/bin/cloudflared"}),
            {},
            "unusable",
            "RT405",
            "rtstart tunnels",
        ),
        (
            cloudflared.QUICK,
            FakeMachine(env={"RTSTART_CLOUDFLARED": "/my/cf"}),
            {},
            "unusable",
            "RT405",
            "unset RTSTART_CLOUDFLARED",
        ),
        (
            cloudflared.NAMED,
            FakeMachine(**_HAS["cloudflared"]),
            {"host": "voice.example.test"},
            "signed out",
            "RT406",
            "",
        ),
        (
            ngrok.NGROK,
            FakeMachine(modules=("ngrok",)),
            {},
            "signed out",
            "RT406",
            "export NGROK_AUTHTOKEN=…",
        ),
        (
            ngrok.NGROK,
            FakeMachine(env={"NGROK_AUTHTOKEN": "x"}, programs={"ngrok": "/bin/ngrok"}),
            {"use": "package"},
            "missing",
            "RT405",
            "uv tool install rtstart --with ngrok",
        ),
        (
            ngrok.NGROK,
            FakeMachine(programs={"ngrok": "/bin/ngrok"}),
            {},
            "signed out",
            "RT406",
            "export NGROK_AUTHTOKEN=…",
        ),
        (
            ngrok.NGROK,
            FakeMachine(
                env={"NGROK_AUTHTOKEN": "x"},
                programs={"ngrok": "/bin/ngrok"},
                answers={"/bin/ngrok version": (0, "ngrok version 2.3.41")},
            ),
            {"use": "program"},
            "old",
            "RT407",
            "ngrok update",
        ),
        (
            tailscale.FUNNEL,
            FakeMachine(
                programs={"tailscale": "/bin/tailscale"},
                answers={"/bin/tailscale status --json": (1, '{"BackendState":"NeedsLogin"}')},
            ),
            {},
            "signed out",
            "RT406",
            "tailscale up",
        ),
        (
            tailscale.SERVE,
            FakeMachine(
                files=(_MAC_TAILSCALE,),
                answers={
                    f"{_MAC_TAILSCALE} status --json": (
                        1,
                        "failed to connect to local Tailscale service; is Tailscale running?",
                    )
                },
            ),
            {},
            "signed out",
            "RT406",
            "sudo systemctl enable --now tailscaled",
        ),
        (
            devtunnel.DEVTUNNEL,
            FakeMachine(
                programs={"devtunnel": "/bin/dt"},
                answers={"/bin/dt user show": (0, "Not logged in.")},
            ),
            {},
            "signed out",
            "RT406",
            "devtunnel user login -g",
        ),
        (
            zrok.ZROK,
            FakeMachine(programs={"zrok": "/bin/zrok"}),
            {},
            "signed out",
            "RT406",
            "zrok2 enable TOKEN",
        ),
        (
            generic.COMMAND,
            FakeMachine(),
            {"run": "frpc", "url_pattern": "("},
            "unusable",
            "RT102",
            _COMMAND_TABLE,
        ),
        *(
            (generic.COMMAND, FakeMachine(), table, "unusable", "RT102", _COMMAND_TABLE)
            for table in (
                {"run": "frpc 'x", "url_pattern": "x"},
                {"run": "  ", "url_pattern": "x"},
                {"run": "frpc", "url_pattern": "x", "within": "soon"},
            )
        ),
        *(
            (provider, machine, table, "unusable", "RT408", "rtstart dev --tunnel https://h.test")
            for provider, machine, table in (
                (generic.COMMAND, FakeMachine(), {"run": "frpc", "url": "https://h.test/app"}),
                (ssh.OWN_SERVER, FakeMachine(), {"server": "ada@h", "url": "https://h.test/app"}),
                (cloudflared.NAMED, FakeMachine(), {"host": "h.test/app"}),
            )
        ),
        (
            devtunnel.DEVTUNNEL,
            FakeMachine(programs={"devtunnel": "/bin/dt"}),
            {"tunnel": "my"},
            "signed out",
            "RT444",
            '[tunnels.devtunnel]\ntunnel = "my"\nport = 4200   # devtunnel port create my -p 4200',
        ),
        (
            generic.COMMAND,
            FakeMachine(),
            {"run": "frpc", "url_pattern": "x"},
            "missing",
            "RT405",
            "rtstart tunnels",
        ),
        (generic.PORTPREVIEW, FakeMachine(), {}, "missing", "RT433", "rtstart tunnels"),
        (
            places.OWN_ADDRESS,
            FakeMachine(),
            {"address": "http://voice.example.test"},
            "unusable",
            "RT434",
            "rtstart tunnels",
        ),
    ],
)
def test_finding_says_the_next_command_when_something_is_missing(
    provider: Provider,
    machine: FakeMachine,
    options: dict[str, str],
    state: str,
    code: str,
    command: str,
) -> None:
    standing = _standing(provider, machine, **options)

    assert standing.finding is not None
    assert (standing.state, standing.finding.code, standing.finding.fix.command) == (
        state,
        code,
        command,
    )


def test_localtunnel_is_ready_with_a_warning_about_its_defect() -> None:
    standing = _standing(localtunnel.LOCALTUNNEL, FakeMachine(programs={"lt": "/bin/lt"}))

    assert standing.state == "ready"
    assert standing.finding is not None
    assert standing.finding.code == "RT432"


def test_cloudflared_never_reads_the_users_configuration_and_falls_back_to_tcp() -> None:
    way = _plan(cloudflared.QUICK, FakeMachine(**_HAS["cloudflared"]))

    assert way.command == (
        "/bin/cloudflared",
        "tunnel",
        "--no-autoupdate",
        "--config",
        "/app/.rtstart/tunnel/cloudflared-empty.yml",
        "--protocol",
        "auto",
        "--metrics",
        "127.0.0.1:4201",
        "--grace-period",
        "1s",
        "--output",
        "json",
        "--url",
        "http://127.0.0.1:4200",
    )
    assert way.files == {"cloudflared-empty.yml": ""}
    assert [page.url for page in way.pages] == [
        "http://127.0.0.1:4201/quicktunnel",
        "http://127.0.0.1:4201/ready",
    ]


_SECRETS: list[tuple[Provider, FakeMachine, dict[str, str]]] = [
    (
        cloudflared.NAMED,
        FakeMachine(env={"TUNNEL_TOKEN": "very-secret-token"}),
        {"host": "voice.example.test"},
    ),
    (ngrok.NGROK, FakeMachine(env={"NGROK_AUTHTOKEN": "very-secret-token"}), {"use": "program"}),
    (ssh.PINGGY, FakeMachine(env={"PINGGY_TOKEN": "very-secret-token"}), {}),
]


@pytest.mark.parametrize(("provider", "machine", "options"), _SECRETS)
def test_secret_is_never_in_the_command_nor_shown(
    provider: Provider, machine: FakeMachine, options: dict[str, str]
) -> None:
    way = _plan(provider, machine, **options)

    assert "very-secret-token" not in " ".join(way.command)
    assert "very-secret-token" not in repr(way)
    assert "very-secret-token" in str(way.env) + str(way.files)


@pytest.mark.parametrize(
    ("provider", "machine", "options", "end"),
    [
        (
            cloudflared.NAMED,
            FakeMachine(),
            {"host": "h", "tunnel": "mine"},
            ("--url", "http://127.0.0.1:4200", "run", "mine"),
        ),
        (cloudflared.NAMED, FakeMachine(), {"host": "h"}, ("run",)),
        (
            ngrok.NGROK,
            FakeMachine(),
            {"domain": "ada.ngrok.app"},
            ("json", "--url", "https://ada.ngrok.app"),
        ),
        (
            ssh.LOCALHOST_RUN,
            FakeMachine(),
            {},
            ("80:127.0.0.1:4200", "nokey@localhost.run", "--", "--output", "json"),
        ),
        (ssh.PINGGY, FakeMachine(), {}, ("-L", "127.0.0.1:4201:localhost:4300", "pinggy")),
        (
            ssh.OWN_SERVER,
            FakeMachine(),
            {**_SSH_TABLE, "identity": "/k", "known_hosts": "/h", "remote_port": "0"},
            (
                *("-i", "/k", "-o", 'UserKnownHostsFile="/h"', "-p", "22"),
                *("-R", "127.0.0.1:0:127.0.0.1:4200", "ada@example.test"),
            ),
        ),
        (tailscale.FUNNEL, FakeMachine(), {}, ("tailscale", "funnel", "--yes", "4200")),
        (
            devtunnel.DEVTUNNEL,
            FakeMachine(),
            {},
            ("devtunnel", "host", "-p", "4200", "--allow-anonymous"),
        ),
        (
            devtunnel.DEVTUNNEL,
            FakeMachine(),
            {"tunnel": "mine", "port": "4200"},
            ("devtunnel", "host", "mine"),
        ),
        (
            zrok.ZROK,
            FakeMachine(),
            {},
            ("zrok2", "share", "public", "--headless", "http://127.0.0.1:4200"),
        ),
        (
            zrok.ZROK,
            FakeMachine(programs={"zrok2": "/bin/zrok2"}),
            {"share": "mine"},
            ("public", "--headless", "-n", "public:mine", "http://127.0.0.1:4200"),
        ),
        (
            zrok.ZROK,
            FakeMachine(programs={"zrok2": "/bin/zrok2"}),
            {"share": "ours:mine"},
            ("public", "--headless", "-n", "ours:mine", "http://127.0.0.1:4200"),
        ),
        (
            zrok.ZROK,
            FakeMachine(programs={"zrok": "/bin/zrok"}),
            {"share": "mine"},
            ("share", "reserved", "mine", "--headless"),
        ),
        (
            localtunnel.LOCALTUNNEL,
            FakeMachine(),
            {"subdomain": "ada"},
            (
                *("lt", "--port", "4200", "--host", "https://localtunnel.me"),
                *("--subdomain", "ada"),
            ),
        ),
        (
            generic.COMMAND,
            FakeMachine(),
            {"run": "frpc --port {port} --api '{spare_port} x'", "url": "https://h"},
            ("frpc", "--port", "4200", "--api", "4201 x"),
        ),
        (generic.PORTPREVIEW, FakeMachine(), {}, ("portpreview", "4200")),
    ],
)
def test_command_leads_to_the_gateway(
    provider: Provider, machine: FakeMachine, options: dict[str, str], end: tuple[str, ...]
) -> None:
    assert _plan(provider, machine, **options).command[-len(end) :] == end


def test_hosted_ssh_has_a_session_with_an_open_input_and_its_own_list_of_hosts() -> None:
    way = _plan(ssh.LOCALHOST_RUN, FakeMachine())

    assert way.holds_input_open
    assert "-N" not in way.command
    assert 'UserKnownHostsFile="/app/.rtstart/tunnel/ssh-known-hosts"' in way.command
    assert {"ExitOnForwardFailure=yes", "BatchMode=yes"} <= set(way.command)


def test_pinggy_gets_an_empty_password_from_a_program_when_there_is_no_key() -> None:
    way = _plan(ssh.PINGGY, FakeMachine(programs={"true": "/bin/true"}))

    assert way.env == {"SSH_ASKPASS": "/bin/true", "SSH_ASKPASS_REQUIRE": "force"}
    assert "BatchMode=yes" not in way.command


@pytest.mark.parametrize("host", ["voice.example.test", "https://voice.example.test/"])
def test_named_tunnels_host_may_be_written_as_an_address(host: str) -> None:
    way = _plan(cloudflared.NAMED, FakeMachine(), host=host)

    assert way.address == "https://voice.example.test"


def test_own_server_is_connected_only_when_ssh_says_so() -> None:
    way = _plan(ssh.OWN_SERVER, FakeMachine(), **_SSH_TABLE)

    assert (way.address, way.is_connected_by_address, "-v" in way.command) == (
        "https://voice.example.test",
        False,
        True,
    )


def test_own_command_is_connected_by_its_line_when_it_has_one() -> None:
    way = _plan(
        generic.COMMAND, FakeMachine(), run="x", url="https://h.test", connected_pattern="up"
    )

    assert (way.is_connected_by_address, way.address) == (False, "https://h.test")


def test_ngroks_package_runs_in_our_process() -> None:
    way = ngrok.NGROK.plan(FakeMachine(modules=("ngrok",)), _TARGET, {})

    assert isinstance(way, TaskTunnel)


def test_places_have_fixed_ways() -> None:
    machine = FakeMachine(networks=("192.0.2.7",))

    assert places.LAN.plan(machine, _TARGET, {}) == OwnListener("192.0.2.7")
    assert places.LAN.plan(machine, _TARGET, {"address": "192.0.2.8"}) == OwnListener("192.0.2.8")
    assert places.OWN_ADDRESS.plan(machine, _TARGET, {"address": "https://h.test"}) == FixedTunnel(
        "https://h.test"
    )


@pytest.mark.parametrize(
    ("provider", "env", "address"),
    [
        (
            places.CODESPACES,
            {
                "CODESPACES": "true",
                "CODESPACE_NAME": "fluffy-waffle",
                "GITHUB_CODESPACES_PORT_FORWARDING_DOMAIN": "app.github.dev",
            },
            "https://fluffy-waffle-4200.app.github.dev",
        ),
        (
            places.GITPOD,
            {"GITPOD_WORKSPACE_URL": "https://ada-app-x1.ws-eu1.gitpod.io"},
            "https://4200-ada-app-x1.ws-eu1.gitpod.io",
        ),
        (
            places.CODER,
            {"VSCODE_PROXY_URI": "https://{{port}}--main--ada.coder.test/"},
            "https://4200--main--ada.coder.test",
        ),
    ],
)
def test_address_is_the_places_own_when_we_are_there(
    provider: Provider, env: dict[str, str], address: str
) -> None:
    machine = FakeMachine(env=env)

    assert _standing(provider, machine) == Standing("ready", is_configured=True)
    assert provider.plan(machine, _TARGET, {}) == FixedTunnel(address)


def test_coder_is_left_out_when_its_addresses_have_paths() -> None:
    env = {"VSCODE_PROXY_URI": "https://coder.test/proxy/{{port}}"}

    standing = _standing(places.CODER, FakeMachine(env=env))
    assert (standing.state, standing.detail) == ("unusable", "not here")


def test_own_address_is_asked_for_when_there_is_none() -> None:
    assert _standing(places.OWN_ADDRESS, FakeMachine()).finding == tunnel.BAD_ADDRESS.found(
        "No address is given"
    )


def test_traits_say_who_can_read_what_goes_through() -> None:
    assert [one.name for one in _ALL if one.traits.plaintext == "nobody"] == [
        "lan",
        "tailscale",
        "tailscale-funnel",
    ]
