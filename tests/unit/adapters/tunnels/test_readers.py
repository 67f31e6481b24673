"""What each provider's program says, recorded or as its source writes it, and what we read."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from rtstart.adapters.tunnels import (
    cloudflared,
    devtunnel,
    generic,
    localtunnel,
    ngrok,
    ssh,
    tailscale,
    zrok,
)
from rtstart.core.tunnels import AddressFound, Connected, Lost, Refused, TunnelNews

_TRANSCRIPTS = Path(__file__).parents[3] / "transcripts"
_QUICK = "https://calm-river-example-words.trycloudflare.com"
_LHR = "https://0b20df995bc7ac.lhr.life"
_DESK = "https://desk.tail1234.ts.net"
_DEV = "https://x9k2m4-4200.usw2.devtunnels.ms"
_ZROK = "https://x1y2z3.share.zrok.io"

_CASES: list[tuple[str, Callable[[str], TunnelNews | None], list[str]]] = [
    ("cloudflared/2026.8.2-connected", cloudflared.read, [_QUICK, "connected"]),
    ("cloudflared/2026.8.2-plain", cloudflared.read, [_QUICK, "connected", "lost"]),
    ("cloudflared/2026.8.2-rate-limited", cloudflared.read, ["RT421"]),
    ("cloudflared/2026.8.2-allocator-down", cloudflared.read, ["RT424 again"]),
    ("cloudflared/2026.8.2-no-network", cloudflared.read, ["RT423"]),
    ("cloudflared/2026.8.2-address-then-end", cloudflared.read, [_QUICK, "RT427"]),
    ("cloudflared/2026.8.2-udp-blocked", cloudflared.read, [_QUICK, "lost"]),
    ("cloudflared/2026.8.2-edge-blocked", cloudflared.read, [_QUICK, "lost", "lost", "lost"]),
    ("cloudflared/2026.8.2-bad-token", cloudflared.read, ["RT429"]),
    ("ngrok/3-started", ngrok.read, ["https://calm-river.ngrok-free.app", "lost"]),
    ("ngrok/3-no-token", ngrok.read, ["RT406", "RT406"]),
    ("ngrok/3-second-session", ngrok.read, ["RT428"]),
    ("ngrok/3-bad-token", ngrok.read, ["RT429"]),
    ("ngrok/3-requests-used-up", ngrok.read, ["RT428"]),
    ("ngrok/3-too-old", ngrok.read, ["RT407"]),
    ("localhost.run/json", ssh.read_localhost_run, [_LHR, "https://11c0ffee00d1ad.lhr.life"]),
    ("localhost.run/plain", ssh.read_localhost_run, [_LHR]),
    ("localhost.run/refused", ssh.read_localhost_run, ["RT424"]),
    ("ssh/9.2p1-forwarded", ssh.read_own, ["connected"]),
    ("ssh/9.2p1-allocated", ssh.read_own, ["connected"]),
    ("ssh/9.2p1-port-taken", ssh.read_own, ["RT422"]),
    ("ssh/9.2p1-down", ssh.read_own, ["RT423"]),
    ("ssh/9.2p1-no-key", ssh.read_pinggy, ["RT429"]),
    ("ssh/9.2p1-unknown-host", ssh.read_own, ["RT430"]),
    ("localtunnel/2.0.2-connected", localtunnel.read, ["https://myapp.tunnel.test"]),
    ("localtunnel/2.0.2-no-server", localtunnel.read, ["RT423"]),
    ("tailscale/serve", tailscale.read, [_DESK]),
    ("tailscale/funnel", tailscale.read, [_DESK]),
    ("tailscale/funnel-off", tailscale.read, ["RT435"]),
    ("tailscale/https-off", tailscale.read, ["RT435"]),
    ("tailscale/asks", tailscale.read, ["RT435", "RT435"]),
    ("devtunnel/hosting", devtunnel.read, [_DEV]),
    ("devtunnel/hosting-older", devtunnel.read, [_DEV]),
    ("devtunnel/signed-out", devtunnel.read, ["RT406"]),
    ("zrok/2-headless", zrok.read, [_ZROK]),
    ("zrok/2-subordinate", zrok.read, [_ZROK]),
    ("zrok/2-bare-host", zrok.read, ["https://1a2b3c4d.shares.zrok.io"]),
    ("zrok/2-plain", zrok.read, ["https://1a2b3c4d.shares.zrok.io"]),
    ("zrok/1-plain", zrok.read, [_ZROK]),
    ("zrok/2-not-enabled", zrok.read, ["RT406"]),
    (
        "portpreview/article",
        generic.read_portpreview,
        ["https://quiet-meadow.portpreview.dev"],
    ),
    (
        "localtunnel/2.0.2-connected",
        partial(generic.read, url_pattern=r"https://\S+\.test", connected_pattern=""),
        ["https://myapp.tunnel.test"],
    ),
    (
        "bore/0.4-listening",
        partial(generic.read, url_pattern=r"bore\.pub:\d+", connected_pattern=""),
        ["RT434"],
    ),
    (
        "frp/0.51-started",
        partial(generic.read, url_pattern="", connected_pattern="start proxy success"),
        ["connected"],
    ),
    (
        "ssh/9.2p1-forwarded",
        partial(generic.read, url_pattern="", connected_pattern="forward success"),
        ["connected"],
    ),
]


def _said(name: str) -> list[str]:
    text = (_TRANSCRIPTS / f"{name}.txt").read_text(encoding="utf-8")
    return [line for line in text.splitlines() if not line.startswith("# ")]


def _short(news: TunnelNews) -> str:
    match news:
        case AddressFound(url):
            return url
        case Connected():
            return "connected"
        case Refused(finding, again):
            return f"{finding.code} again" if again else finding.code
        case Lost():
            return "lost"


@pytest.mark.parametrize(("name", "read", "news"), _CASES)
def test_news_are_read_when_a_program_says_them(
    name: str, read: Callable[[str], TunnelNews | None], news: list[str]
) -> None:
    assert [_short(found) for line in _said(name) if (found := read(line))] == news


def test_every_transcript_is_read_by_a_test() -> None:
    there = {str(path.relative_to(_TRANSCRIPTS))[:-4] for path in _TRANSCRIPTS.rglob("*.txt")}

    assert there == {name for name, _, _ in _CASES}


def test_refusal_keeps_the_programs_own_words() -> None:
    news = ssh.read_own("x" * 300 + " remote port forwarding failed for listen port 8080")

    assert isinstance(news, Refused)
    assert news.finding.why == f"It said: {'x' * 239}…"


def test_console_link_is_the_fix_when_tailscale_asks_for_a_decision() -> None:
    news = tailscale.read("         https://login.tailscale.com/f/funnel?node=abc123")

    assert isinstance(news, Refused)
    assert news.finding.fix.command == "https://login.tailscale.com/f/funnel?node=abc123"


def test_address_without_https_is_refused_when_an_own_command_tells_it() -> None:
    news = generic.read("http://bore.pub:1234", url_pattern=r"https?://\S+", connected_pattern="")

    assert isinstance(news, Refused)
    assert (news.finding.code, news.finding.what) == (
        "RT434",
        'The tunnel told "http://bore.pub:1234"',
    )


def test_reason_is_kept_when_cloudflareds_edge_is_out_of_reach() -> None:
    news = cloudflared.read('{"message":"Serve","error":"failed to dial to edge with quic: x"}')

    assert isinstance(news, Lost)
    assert news.finding is not None
    assert news.finding.code == "RT427"


@pytest.mark.parametrize("line", ["v2.0.4", "  1.2.3", "api.zrok.io", " two words.here"])
def test_no_host_is_read_from_other_lines_of_zrok(line: str) -> None:
    assert zrok.read(line) is None


@pytest.mark.parametrize(
    ("line", "words", "command"),
    [
        (
            "nokey@localhost.run: Permission denied (publickey).",
            "The service lets nobody in by this name",
            "",
        ),
        (
            "Host key verification failed.",
            "The service shows another key than at the first visit",
            "rm .rtstart/tunnel/ssh-known-hosts",
        ),
    ],
)
def test_fix_is_of_the_project_when_a_hosted_service_refuses(
    line: str, words: str, command: str
) -> None:
    news = ssh.read_localhost_run(line)

    assert isinstance(news, Refused)
    assert (news.finding.what, news.finding.fix.command) == (words, command)


@pytest.mark.parametrize(
    ("line", "url"),
    [
        ("Ready at https://a.test/ (Ctrl-C ends it)", "https://a.test"),
        ("see <https://a.test>.", "https://a.test"),
        ('"https://a.test:8443",', "https://a.test:8443"),
    ],
)
def test_address_is_read_without_what_the_sentence_puts_behind_it(line: str, url: str) -> None:
    assert generic.read(line, url_pattern=r"https://\S+", connected_pattern="") == AddressFound(url)


@pytest.mark.parametrize(
    ("status", "text", "news"),
    [
        (
            200,
            '{"hostname":"a-b.trycloudflare.com"}',
            AddressFound("https://a-b.trycloudflare.com"),
        ),
        (200, '{"hostname":""}', None),
        (200, "[]", None),
        (200, "not json", None),
        (404, "", None),
    ],
)
def test_quick_tunnels_name_is_read_from_the_metrics_page(
    status: int, text: str, news: TunnelNews | None
) -> None:
    assert cloudflared.read_hostname(status, text) == news


@pytest.mark.parametrize(("status", "news"), [(200, Connected()), (503, None)])
def test_connection_is_read_from_the_ready_page(status: int, news: TunnelNews | None) -> None:
    assert cloudflared.read_ready(status, '{"readyConnections":1}') == news


@pytest.mark.parametrize(
    ("status", "text", "news"),
    [
        (
            200,
            '{"urls":["http://a.run.pinggy-free.link","https://a.run.pinggy-free.link/"]}',
            AddressFound("https://a.run.pinggy-free.link"),
        ),
        (200, '{"urls":[]}', None),
        (200, "null", None),
        (502, "", None),
    ],
)
def test_pinggys_address_is_read_from_its_page(
    status: int, text: str, news: TunnelNews | None
) -> None:
    assert ssh.read_pinggy_urls(status, text) == news


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (("failed to connect session", "failed to establish tcp connection"), "RT423"),
        (("failed to start listener", "… ERR_NGROK_108"), "RT428"),
        (("failed to connect session", "authentication", "ERR_NGROK_4018"), "RT406"),
    ],
)
def test_refusal_is_read_when_ngroks_package_raises(args: tuple[str, ...], code: str) -> None:
    assert ngrok.told(ValueError(*args)).finding.code == code
