"""Reading untyped mappings (TOML, JSON) into types, collecting every fault instead of the first."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches

_DURATION = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(ms|s|m|h)?\s*")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def parse_duration(text: str) -> float | None:
    """Seconds in `500ms`, `20s`, `10m`, `1h` or a bare number of seconds; None for other text."""
    match = _DURATION.fullmatch(text)
    return float(match.group(1)) * _SECONDS[match.group(2) or "s"] if match else None


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word that was probably meant, or an empty text.

    A part of just one of them is as good as a near miss: `name` for `project_name`.
    """
    words = list(known)
    close = get_close_matches(word, words, n=1, cutoff=0.6)
    holding = [one for one in words if word in re.split(r"[_\-. ]", one)]
    return close[0] if close else holding[0] if len(holding) == 1 else ""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong in a mapping: where, and in words that follow the key's name."""

    path: tuple[str, ...]
    words: str


@dataclass(slots=True)
class Reader:
    """One table being read: each getter takes a key out; `close` reports what nobody asked for."""

    table: Mapping[str, object]
    path: tuple[str, ...]
    faults: list[Fault]
    _known: set[str] = field(default_factory=set)

    def fault(self, key: str, words: str) -> None:
        """Report this key."""
        self.faults.append(Fault((*self.path, key), words))

    def text(self, key: str, default: str = "", *, choices: Iterable[str] = ()) -> str:
        """A string, one of `choices` when they are given."""
        value = self._take(key)
        if value is None:
            return default
        allowed = tuple(choices)
        if not isinstance(value, str):
            self.fault(key, f"must be text, not {_kind(value)}")
        elif allowed and value not in allowed:
            self.fault(key, f'is "{value}"; it can be {", ".join(allowed)}')
        else:
            return value
        return default

    def whole(self, key: str, default: int, *, least: int, most: int) -> int:
        """A whole number within bounds, both included."""
        value = self._take(key)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int):
            self.fault(key, f"must be a whole number, not {_kind(value)}")
        elif not least <= value <= most:
            self.fault(key, f"is {value}; it must be from {least} to {most}")
        else:
            return value
        return default

    def number(self, key: str, default: float, *, least: float, most: float) -> float:
        """A number within bounds, both included."""
        value = self._take(key)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.fault(key, f"must be a number, not {_kind(value)}")
        elif not least <= value <= most:
            self.fault(key, f"is {value:g}; it must be from {least:g} to {most:g}")
        else:
            return float(value)
        return default

    def truth(self, key: str, *, default: bool) -> bool:
        """True or false."""
        value = self._take(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            self.fault(key, f"must be true or false, not {_kind(value)}")
            return default
        return value

    def port(self, key: str) -> int | None:
        """A port number, or None where it is left out."""
        return self.whole(key, 0, least=1, most=65535) or None

    def seconds(self, key: str, default: float) -> float:
        """A time such as "20s", or a number of seconds; must be above zero."""
        value = self._take(key)
        if value is None:
            return default
        seconds: float | None = None
        if isinstance(value, str):
            seconds = parse_duration(value)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            seconds = float(value)
        if seconds is None or seconds <= 0:
            self.fault(key, 'must be a time such as "20s" or "500ms"')
            return default
        return seconds

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of strings; empty where it is left out."""
        value = self._take(key)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            self.fault(key, 'must be a list of texts, such as ["a", "b"]')
            return ()
        return tuple(value)

    def inner(self, key: str) -> "Reader":
        """A table inside this one; empty where it is left out."""
        value = self._take(key)
        if value is not None and not isinstance(value, Mapping):
            self.fault(key, f"must be a table, not {_kind(value)}")
            value = None
        return Reader(value or {}, (*self.path, key), self.faults)

    def tables(self, key: str) -> list["Reader"]:
        """The tables below this key, in their order: `[services.web]`, `[services.token]`."""
        outer = self.inner(key)
        found: list[Reader] = []
        for name, value in outer.table.items():
            if isinstance(value, Mapping):
                found.append(Reader(value, (*outer.path, name), self.faults))
            else:
                outer.fault(name, f"must be a table, not {_kind(value)}")
        return found

    def rows(self, key: str) -> list["Reader"]:
        """The tables of a list, in their order."""
        value = self._take(key)
        if value is None:
            return []
        if not isinstance(value, list):
            self.fault(key, f"must be a list, not {_kind(value)}")
            return []
        found: list[Reader] = []
        for index, row in enumerate(value):
            path = (*self.path, key, str(index))
            if isinstance(row, Mapping):
                found.append(Reader(row, path, self.faults))
            else:
                self.faults.append(Fault(path, f"must be a table, not {_kind(row)}"))
        return found

    def anything(self, key: str) -> object | None:
        """What is there, of any kind; None where it is left out."""
        return self._take(key)

    def has(self, key: str) -> bool:
        """Whether the key was given at all."""
        return key in self.table

    def close(self) -> None:
        """Report the keys that nobody asked for, with the one that was probably meant."""
        for key in self.table:
            if key not in self._known:
                meant = nearest(key, self._known)
                self.fault(key, f"is unknown{f'; did you mean {meant}?' if meant else ''}")

    def _take(self, key: str) -> object | None:
        self._known.add(key)
        return self.table.get(key)


def _kind(value: object) -> str:
    match value:
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "text"
        case list():
            return "a list"
        case Mapping():
            return "a table"
        case _:
            return "a date or time"
