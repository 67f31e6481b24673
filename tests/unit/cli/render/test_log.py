"""Events become calm log lines."""

import re
from collections.abc import Iterable
from itertools import count

import pytest

from rtstart.cli.render.log import Log
from rtstart.cli.render.style import Style
from rtstart.core.events import (
    Event,
    Exited,
    Failed,
    Found,
    Minted,
    Output,
    PortMoved,
    ProofStep,
    Ready,
    Restarting,
    Started,
    StepDone,
    StepFailed,
    Stopping,
    TunnelEnding,
    TunnelMissed,
    TunnelStaying,
    Visited,
)
from rtstart.core.findings.security import DOTENV_READABLE
from tests.fakes.announced import ANNOUNCED


def _lines(events: Iterable[Event], *, verbose: bool = False, color: bool = False) -> list[str]:
    log = Log(
        Style(color=color), verbose=verbose, now=lambda: "12:00:00", clock=count(0, 0.2).__next__
    )
    return [line for event in events for line in log.lines(event)]


_START: tuple[Event, ...] = (
    Started("web", 10, 5173),
    Output("web", "Local: http://localhost:5173"),
)


def test_log_tells_how_long_an_address_stays() -> None:
    events = (
        TunnelMissed("cloudflared", "https://a.test"),
        TunnelEnding("cloudflared", 600.0),
        TunnelEnding("cloudflared", 25.0),
        TunnelStaying("cloudflared", 14_400.0),
        TunnelStaying("cloudflared", 5_400.0),
    )

    assert [line.split("  ", 3)[-1].strip() for line in _lines(events)] == [
        "https://a.test does not answer; asking again",
        "cloudflared closes in 10 min; press t to keep it",
        "cloudflared closes in 25 s; press t to keep it",
        "cloudflared stays for another 4 h",
        "cloudflared stays for another 1.5 h",
    ]


def test_log_keeps_start_up_chatter_back_when_all_is_well() -> None:
    events = [*_START, ANNOUNCED, Output("web", "the proof's own"), Output("web", "hmr update")]

    assert _lines(events) == ["  12:00:00  web      hmr update"]


def test_log_keeps_the_chatter_of_a_restart_back_too() -> None:
    events = [
        *_START,
        ANNOUNCED,
        Restarting("web", 0.0, 1, "asked"),
        Output("web", "Local: http://localhost:5173"),
        Ready("web", 0.4),
        Output("web", "press h for help"),
        Output("web", "hmr update"),
    ]

    assert _lines(events) == [
        "  12:00:00  web      starting again: asked",
        "  12:00:00  web      hmr update",
    ]


def test_log_shows_the_chatter_of_a_restart_that_fails() -> None:
    events = [
        *_START,
        ANNOUNCED,
        Restarting("web", 0.0, 1, "vite.config.ts changed"),
        Output("web", "SyntaxError: no"),
        Exited("web", 1, asked=False),
    ]

    assert _lines(events) == [
        "  12:00:00  web      starting again: vite.config.ts changed",
        "  12:00:00  web      SyntaxError: no",
        "  12:00:00  web      ended with code 1",
    ]


def test_log_does_not_count_what_it_held_back() -> None:
    events = [
        *_START,
        ANNOUNCED,
        Output("web", "GET /"),
        Output("web", "GET /", repeats=2),
        Output("web", "GET /new"),
        Output("web", "GET /new", repeats=3),
    ]

    assert _lines(events) == [
        "  12:00:00  web      GET /new",
        "  12:00:00  web      GET /new  (x3)",
    ]


def test_log_shows_start_up_chatter_when_the_service_fails() -> None:
    assert _lines([*_START, Failed("web")]) == ["  12:00:00  web      Local: http://localhost:5173"]


def test_log_shows_everything_when_verbose() -> None:
    assert _lines([*_START, ProofStep("page", "passed", 12.3)], verbose=True) == [
        "  12:00:00  web      Local: http://localhost:5173",
        "  12:00:00  proof    page  12 ms",
    ]


def test_log_says_how_a_service_ended_and_starts_again() -> None:
    events = [
        *_START,
        Exited("web", -9, asked=False),
        Restarting("web", 0.2, 1, "ended by signal 9"),
        Exited("web", 3, asked=False),
        Exited("web", 0, asked=False),
        Exited("web", 1, asked=True),
    ]

    assert _lines(events) == [
        "  12:00:00  web      Local: http://localhost:5173",
        "  12:00:00  web      ended by signal 9",
        "  12:00:00  web      starting again in 0.2 s",
        "  12:00:00  web      ended with code 3",
    ]


def test_log_shows_visitors_mints_steps_and_findings() -> None:
    lines = _lines(
        [
            Visited("phone", "admitted", "Safari"),
            Minted("phone", 200, 212.4),
            Minted("phone", 429, 1.0, "too many"),
            StepDone("git", "git", 0.1),
            StepFailed("install", "install failed", 0.1),
            PortMoved(4173, 4174, "pid 7 (caddy run)"),
            PortMoved(4173, 4174, ""),
            Found(DOTENV_READABLE.found(where=".env")),
            Stopping((("web", 7),), 1.5),
            Stopping((("web", 7),), 2.5),
            Stopping((("web", 7),), 0.0),
        ]
    )

    assert lines[:7] == [
        "  12:00:00  visitor  phone came in  Safari",
        "  12:00:00  call     phone  mint 200 in 212 ms",
        "  12:00:00  call     phone  mint 429 in 1 ms  too many",
        "  ✓ git",
        "  ✗ install failed",
        "  port 4173 is taken by pid 7 (caddy run); using 4174",
        "  port 4173 is taken; using 4174",
    ]
    assert "chmod 600 .env" in "\n".join(lines)
    assert lines.count(lines[-1]) == 1
    assert lines[-1] == "  waiting for web (pid 7); Ctrl-C ends it at once"


def test_log_takes_out_what_would_move_the_cursor_and_keeps_colours() -> None:
    lines = _lines(
        [Output("web", "\x1b[2J\x1b[1;1H\x1b[32mgreen\x1b[0m\x07 \x1b[1A", repeats=3)], color=True
    )

    assert len(lines) == 1
    assert "\x1b[32mgreen" in lines[0]
    assert not re.search(r"\x1b\[[0-9;]*[AHJ]|\x07", lines[0])
    assert "(x3)" in lines[0]


@pytest.mark.parametrize("line", ["", "   "])
def test_log_leaves_blank_lines_out(line: str) -> None:
    assert _lines([Output("web", line)]) == []
