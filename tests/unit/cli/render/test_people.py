"""The block behind `c` shows who talks, what it costs, and whom which digit puts out."""

from rtstart.cli.render.people import people_lines
from rtstart.cli.render.style import Style
from rtstart.commands.dev.people import People
from rtstart.core.access import Visitor
from rtstart.core.calls import Call, Spent

_PLAIN = Style(color=False)


def _people(*, is_emulated: bool = False, is_stopped: bool = False, visitors: int = 2) -> People:
    names = ["Android phone", "iPhone"] + [f"visitor {n}" for n in range(3, 13)]
    return People(
        visitors=tuple(
            Visitor(f"v{n}", name, since=10.0, last_seen=10.0, expires_at=99.0)
            for n, name in enumerate(names[:visitors])
        ),
        calls=(("Android phone", Call("rtc_1", "v0", 20.0, model="gpt-realtime-2"), 0.042),),
        spent=Spent(3, 4.25, 0.31),
        is_emulated=is_emulated,
        is_stopped=is_stopped,
        now=85.0,
    )


def test_people_lines_show_calls_visitors_and_their_digits() -> None:
    assert list(people_lines(_people(), style=_PLAIN)) == [
        "     Calls    3 calls (4.2 min, about $0.31) so far",
        "              Android phone     1 min 5 s   gpt-realtime-2  about $0.04",
        "     Visitors Android phone     1 min 15 s    press 1 to put them out",
        "              iPhone            1 min 15 s    press 2 to put them out",
    ]


def test_people_lines_say_when_nobody_is_in_and_calls_are_stopped() -> None:
    people = _people(is_emulated=True, is_stopped=True, visitors=0)

    assert list(people_lines(people, style=_PLAIN)) == [
        "     Calls    3 calls (4.2 min, emulated) so far  stopped: k allows calls again",
        "              Android phone     1 min 5 s   gpt-realtime-2",
        "     Visitors nobody is in",
    ]


def test_people_lines_offer_no_more_digits_than_there_are() -> None:
    lines = list(people_lines(_people(visitors=12), style=_PLAIN))

    assert sum("to put them out" in line for line in lines) == 9
