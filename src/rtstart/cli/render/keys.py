"""The keys of a run: one line that always fits, and what each does in words."""

from collections.abc import Iterator

from rtstart.cli.render.style import Style

_GAP = "   "
_LABELS = (
    ("i", "invite"),
    ("o", "open"),
    ("r", "restart"),
    ("t", "tunnel"),
    ("c", "calls"),
    ("k", "end calls"),
    ("l", "logs"),
    ("?", "help"),
    ("q", "quit"),
)
_FIRST_TO_GO = "lorctk"
"""Where the line is too long; `?` still tells all of them."""

_HELP = (
    ("i", "show the invitation as a QR code, or take it away"),
    ("n", "make a new invitation; the old one is worthless then"),
    ("o", "open the app in this machine's browser"),
    ("r", "restart the app's services"),
    ("t", "close the public address, open it again, or keep it longer"),
    ("c", "show who is in and who talks, or take it away"),
    ("k", "end all calls and let nobody call; pressed again, allow calls"),
    ("l", "say where the log files are"),
    ("?", "take this help away"),
    ("q", "stop everything (Ctrl-C does the same; twice ends at once)"),
)


def keys_line(width: int, *, are_calls_stopped: bool, style: Style) -> str:
    """The keys that matter most, as many as fit into this many columns."""
    labels = dict(_LABELS)
    if are_calls_stopped:
        labels["k"] = "allow calls"
    gone = iter(_FIRST_TO_GO)
    while _length(labels) > width and (key := next(gone, "")):
        del labels[key]
    return "  " + _GAP.join(
        f"{style.ink(key, 'bold')} {style.ink(word, 'dim')}" for key, word in labels.items()
    )


def help_lines(style: Style) -> Iterator[str]:
    """Every key, with what it does."""
    for key, words in _HELP:
        yield f"  {style.ink(key, 'bold')}  {style.ink(words, 'dim')}"


def _length(labels: dict[str, str]) -> int:
    return len("  " + _GAP.join(f"{key} {word}" for key, word in labels.items()))
