"""The board shows what is running and where it can be reached."""

import dataclasses

from rtstart.cli.render.board import Board, head_lines, status_line
from rtstart.cli.render.qr import qr_lines
from rtstart.cli.render.style import Style
from rtstart.core.events import (
    Exited,
    Failed,
    Ready,
    Restarting,
    Started,
    Stopping,
    TunnelDown,
    TunnelOpening,
    Visited,
)
from tests.fakes.announced import ANNOUNCED

_PLAIN = Style(color=False)


def test_head_lines_show_the_addresses_as_the_design_does() -> None:
    assert list(head_lines(ANNOUNCED, version="0.1", width=80, style=_PLAIN)) == [
        "  rtstart 0.1  myapp · vite · EMULATED (no OPENAI_API_KEY)        ready in 4.1 s",
        "",
        "  ➜  Local    http://localhost:4173",
        "  ➜  Public   https://192.168.1.20:4443    checked 7/7",
        "  ➜  Invite   https://192.168.1.20:4443/i/7FK2-QX9D    one visit · QR: press i",
    ]


def test_head_lines_leave_out_what_does_not_fit_or_is_not_there() -> None:
    alone = dataclasses.replace(ANNOUNCED, public_url="", invite_url="", passed=3)

    assert list(head_lines(alone, version="0.1", width=50, style=_PLAIN)) == [
        "  rtstart 0.1  myapp · vite · EMULATED (no OPENAI_API_KEY)",
        "",
        "  ➜  Local    http://localhost:4173    checked 3/7",
    ]


def test_head_lines_say_what_becomes_of_an_address_that_is_gone() -> None:
    board = Board()
    for event in (ANNOUNCED, TunnelDown("lan", "switched off", "closed; t opens it again")):
        board.tell(event)

    def shown() -> list[str]:
        assert board.announced is not None
        lines = head_lines(board.announced, version="", width=80, style=_PLAIN, way=board.way)
        return list(lines)[2:]

    assert shown() == [
        "  ➜  Local    http://localhost:4173",
        "  ➜  Public   closed; t opens it again",
    ]
    board.tell(TunnelOpening("lan", "asked for", 1))
    assert shown()[1] == "  ➜  Public   opening lan"
    board.tell(ANNOUNCED)
    assert shown()[1] == "  ➜  Public   https://192.168.1.20:4443    checked 7/7"


def test_status_line_follows_the_events() -> None:
    board = Board()
    for event in (
        Started("emulator", 1, 8765),
        Started("token", 2, 8787),
        Started("web", 3, 5173),
        Ready("emulator", 0.1),
        Ready("token", 0.1),
        Exited("web", 1, asked=False),
        Restarting("web", 0.2, 1, "ended"),
        ANNOUNCED,
        Visited("phone", "admitted"),
        Visited("laptop", "admitted"),
        Visited("phone", "dropped"),
    ):
        board.tell(event)

    assert (
        status_line(board, width=80, style=_PLAIN)
        == "  token ● 8787   web ○ 5173   emulator ● 8765   lan ●   visitors 1"
    )
    assert (
        status_line(board, width=60, style=_PLAIN)
        == "  token ●   web ○   emulator ●   lan ●   visitors 1"
    )


def test_board_knows_failure_and_stopping() -> None:
    board = Board()
    board.tell(Started("web", 3, None))
    board.tell(Failed("web"))
    board.tell(Stopping((), 0.0))

    assert status_line(board, width=80, style=_PLAIN) == "  web ✗"
    assert board.stopping == Stopping((), 0.0)


def test_qr_lines_have_a_quiet_zone_and_explicit_colours() -> None:
    colored = list(qr_lines("https://192.168.1.20:4443/i/7FK2-QX9D", color=True))
    plain = list(qr_lines("https://192.168.1.20:4443/i/7FK2-QX9D", color=False))

    assert len(plain) == len(colored) <= 18
    assert plain[0].strip("█ ") == ""
    assert colored[0] == "  \x1b[38;5;231;48;5;231m" + " " * (len(plain[0]) - 2) + "\x1b[0m"
