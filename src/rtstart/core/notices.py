"""What open pages are told about the address they came by."""

import json
from dataclasses import dataclass
from typing import TypeAlias, assert_never


@dataclass(frozen=True, slots=True)
class Moved:
    """The app is at another address now; `url` lets this one visitor in there."""

    url: str


@dataclass(frozen=True, slots=True)
class Ending:
    """The address ends in so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Staying:
    """The end that was told is put off."""


@dataclass(frozen=True, slots=True)
class Closed:
    """The address is being closed."""


Notice: TypeAlias = Moved | Ending | Staying | Closed


def notice_text(notice: Notice) -> str:
    """A notice as the page's script reads it."""
    match notice:
        case Moved(url):
            told: dict[str, object] = {"kind": "moved", "url": url}
        case Ending(seconds):
            told = {"kind": "ending", "seconds": round(seconds)}
        case Staying():
            told = {"kind": "staying"}
        case Closed():
            told = {"kind": "closed"}
        case _:
            assert_never(notice)
    return json.dumps(told)
