"""Tables of rtstart.toml that no tunnel reads are told, and what was probably meant."""

from rtstart.core.findings import Fix, tunnel
from rtstart.core.findings.project import BAD_CONFIG
from rtstart.core.tunnels.tables import unread

_ACCEPTS = {
    "ssh": {"server": "user@host", "remote_port": "a port"},
    "cloudflared": {},
    "plug-in": None,
}
_SEE_ALL = Fix("See what there is.", "rtstart tunnels")


def test_nothing_is_told_when_every_key_is_read() -> None:
    tables = {"ssh": {"server": "ada@h"}, "cloudflared": {}, "plug-in": {"anything": "x"}}

    assert unread(tables, _ACCEPTS) == ()


def test_misspelt_names_are_told_with_what_was_probably_meant() -> None:
    tables = {
        "cloudflare": {"x": "1"},
        "other": {},
        "ssh": {"remoteport": "1", "url": "https://h"},
        "cloudflared": {"host": "h"},
    }

    def unknown(name: str, why: str) -> object:
        return tunnel.UNKNOWN_TUNNEL.found(
            f"[tunnels.{name}] belongs to no tunnel",
            why=why,
            fix=_SEE_ALL,
            where="rtstart.toml",
            level="warning",
        )

    def key(table: str, name: str, why: str) -> object:
        return BAD_CONFIG.found(
            f"tunnels.{table}.{name} is not known",
            why=why,
            fix=Fix("See what there is.", f"rtstart tunnels {table}"),
            where="rtstart.toml",
            level="warning",
        )

    assert unread(tables, _ACCEPTS) == (
        unknown("cloudflare", "Did you mean cloudflared?"),
        unknown("other", "Nothing of this name is installed."),
        key("ssh", "remoteport", "Did you mean remote_port?"),
        key("ssh", "url", "There are: server, remote_port."),
        key("cloudflared", "host", "This tunnel has no options."),
    )
