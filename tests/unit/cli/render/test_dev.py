"""What a person sees of a run, on terminals of several sizes."""

import dataclasses

from rtstart.cli.render.dev import TerminalDev
from rtstart.cli.render.style import Style
from rtstart.commands.dev.people import People
from rtstart.core.calls import Spent
from rtstart.core.events import Ready, Started, TunnelDown
from tests.fakes.announced import ANNOUNCED
from tests.fakes.terminal import FakeTerminal

_NOBODY = People((), (), Spent(0, 0.0, 0.0), now=0.0, is_stopped=False, is_emulated=True)


def _running(columns: int, rows: int) -> tuple[FakeTerminal, TerminalDev]:
    terminal = FakeTerminal(columns, rows)
    dev = TerminalDev(terminal, style=Style(color=False), size=lambda: (columns, rows))
    for event in (Started("token", 1, 8787), Started("web", 2, 5173), Ready("web", 0.1), ANNOUNCED):
        dev(event)
    dev.say("one line of log")
    return terminal, dev


async def test_block_says_where_the_app_is_and_what_can_be_pressed() -> None:
    terminal, dev = _running(80, 24)

    dev.close()
    shown = terminal.screen
    dev.say("again")

    assert shown == ["  one line of log"]
    assert terminal.screen == [
        "  one line of log",
        "  again",
        "",
        "  rtstart 0.1  myapp · vite · EMULATED (no OPENAI_API_KEY)       ready in 4.1 s",
        "",
        "  ➜  Local    http://localhost:4173",
        "  ➜  Public   https://192.168.1.20:4443    checked 7/7",
        "  ➜  Invite   https://192.168.1.20:4443/i/7FK2-QX9D    one visit · QR: press i",
        "",
        "  token ○ 8787   web ● 5173   lan ●   visitors 0",
        "  i invite   r restart   t tunnel   c calls   k end calls   ? help   q quit",
    ]
    dev.close()


async def test_help_is_whole_on_a_usual_terminal_also_when_calls_are_shown() -> None:
    terminal, dev = _running(80, 24)
    dev.toggle_people(lambda: _NOBODY)

    dev.toggle_help()

    assert terminal.screen[-1] == "  q  stop everything (Ctrl-C does the same; twice ends at once)"
    assert not any("…" in line or "nobody is in" in line for line in terminal.screen)
    dev.close()


async def test_block_fits_a_narrow_terminal() -> None:
    terminal, dev = _running(60, 24)

    assert terminal.screen[-2:] == [
        "  token ○ 8787   web ● 5173   lan ●   visitors 0",
        "  i invite   t tunnel   k end calls   ? help   q quit",
    ]
    dev.close()


async def test_block_claims_no_check_of_a_way_that_is_closed() -> None:
    terminal, dev = _running(80, 24)

    dev(TunnelDown("lan", "switched off", "closed; t opens it again"))
    dev.say("")

    assert "  ➜  Local    http://localhost:4173" in terminal.screen
    assert not any("checked" in line for line in terminal.screen)
    dev.close()


async def test_low_terminal_gets_the_addresses_as_log_lines() -> None:
    told = dataclasses.replace(ANNOUNCED, public_url="", invite_url="")
    terminal = FakeTerminal(80, 12)
    dev = TerminalDev(terminal, style=Style(color=False), size=lambda: (80, 12))

    dev(told)
    dev.close()

    assert "  ➜  Local    http://localhost:4173    checked 7/7" in terminal.screen
