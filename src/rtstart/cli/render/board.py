"""What a run looks like at any moment: a fold of events, and the lines that show it."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from rtstart.cli.render.style import Style
from rtstart.core.events import (
    Announced,
    CallsAllowed,
    CallsStopped,
    Event,
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
from rtstart.core.plan import EMULATOR
from rtstart.core.tunnels import TUNNEL_SERVICE

_LABEL_WIDTH = 9
_NARROW = 60


@dataclass(slots=True)
class Board:
    """The services, addresses and visitors of a run, as far as events have told them.

    `way` says what becomes of a public address that was there and is not.
    """

    services: dict[str, tuple[str, int | None]] = field(default_factory=dict)
    announced: Announced | None = None
    way: str = ""
    visitors: int = 0
    are_calls_stopped: bool = False
    stopping: Stopping | None = None

    def tell(self, event: Event) -> None:
        """Fold one event in."""
        match event:
            case Started(service=name, port=port) if name != TUNNEL_SERVICE:
                self.services[name] = ("starting", port)
            case Ready(service=name):
                self._set(name, "ready")
            case Exited(service=name):
                self._set(name, "ended")
            case Restarting(service=name):
                self._set(name, "starting")
            case Failed(service=name):
                self._set(name, "failed")
            case Announced():
                self.announced, self.way = event, ""
            case Visited(decision="admitted"):
                self.visitors += 1
            case Visited(decision="dropped"):
                self.visitors = max(0, self.visitors - 1)
            case TunnelDown(next_step=following) if self.announced is not None:
                # What was checked was the public address, and it is gone.
                self.announced = replace(
                    self.announced, public_url="", invite_url="", passed=0, asked=0
                )
                self.way = following
            case TunnelOpening(provider=name) if self.way:
                self.way = f"opening {name}"
            case CallsStopped():
                self.are_calls_stopped = True
            case CallsAllowed():
                self.are_calls_stopped = False
            case Stopping():
                self.stopping = event
            case _:
                pass

    def _set(self, name: str, state: str) -> None:
        if name == TUNNEL_SERVICE:
            return
        _, port = self.services.get(name, ("", None))
        self.services[name] = (state, port)


def head_lines(
    told: Announced, *, version: str, width: int, style: Style, way: str = ""
) -> Iterator[str]:
    """The title and the addresses; each address stands alone, so a double click takes it whole.

    `way` stands in the place of a public address that is gone.
    """
    dot = style.glyphs.dash
    names = [part for part in (told.project, told.template, told.mode) if part]
    left = f"  {style.ink('rtstart', 'accent', 'bold')} {style.ink(version, 'dim')}  "
    left += f" {dot} ".join(names)
    plain_width = len(f"  rtstart {version}  ") + len(f" {dot} ".join(names))
    ready = f"ready in {told.seconds:.1f} s"
    gap = min(width, 100) - plain_width - len(ready)
    yield left + (" " * gap + style.ink(ready, "dim") if gap >= 2 else "")
    yield ""
    checked = f"checked {told.passed}/{told.asked}" if told.asked else ""
    state = style.ink(checked, "good" if told.passed == told.asked else "bad")
    yield _row(style, "Local", told.local_url, "" if told.public_url else state)
    if way:
        yield _row(style, "Public", "", style.ink(way, "warn"))
    if told.public_url:
        yield _row(style, "Public", told.public_url, state)
    if told.invite_url:
        note = style.ink(f"one visit {dot} QR: press i", "dim")
        yield _row(style, "Invite", told.invite_url, note if width >= _NARROW else "")


def status_line(board: Board, *, width: int, style: Style) -> str:
    """One line: each service with its state and port, and how many visitors are in.

    Ports are the first to go where it would not fit into this many columns.
    """
    from rtstart.cli.render.footer import visible_width

    full = _status(board, style, with_ports=True)
    return full if visible_width(full) <= width else _status(board, style, with_ports=False)


def _status(board: Board, style: Style, *, with_ports: bool) -> str:
    signs = {
        "ready": style.ink(style.glyphs.on, "good"),
        "starting": style.ink(style.glyphs.off, "warn"),
        "ended": style.ink(style.glyphs.off, "dim"),
        "failed": style.ink(style.glyphs.failed, "bad"),
    }
    parts = [
        f"{name} {signs[state]}" + (style.ink(f" {port}", "dim") if port and with_ports else "")
        for name, (state, port) in sorted(
            board.services.items(), key=lambda item: item[0] == EMULATOR
        )
    ]
    if board.announced and board.announced.public_url:
        parts.append(f"{board.announced.tunnel} {style.ink(style.glyphs.on, 'good')}")
        parts.append(style.ink(f"visitors {board.visitors}", "dim"))
    if board.are_calls_stopped:
        parts.append(style.ink("no calls", "bad"))
    return "  " + "   ".join(parts)


def _row(style: Style, label: str, address: str, note: str) -> str:
    arrow = style.ink(style.glyphs.arrow, "accent")
    padded = style.ink(label.ljust(_LABEL_WIDTH), "bold")
    return f"  {arrow}  {padded}" + "    ".join(
        part for part in (style.ink(address, "accent") if address else "", note) if part
    )
