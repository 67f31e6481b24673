"""What goes over the wire: JSON values, refusals and marked ids. Nothing here knows the session."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias, cast

Json: TypeAlias = bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"] | None
"""Any JSON value. Mappings and sequences are never changed once they are inside."""

Fields: TypeAlias = Mapping[str, Json]
"""A JSON object."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A refusal in the API's own words: `error.{type, code, message, param}`."""

    code: str | None
    message: str
    param: str | None = None
    type: str = "invalid_request_error"

    def wire(self) -> dict[str, Json]:
        """The four fields as an HTTP error body and a `response.done` carry them."""
        return {
            "type": self.type,
            "code": self.code,
            "message": self.message,
            "param": self.param,
        }


def parse_json(text: str) -> Json:
    """What a JSON text says; raises ValueError when it is none.

    Python's own parser takes `NaN` and makes `1e999` infinite. Sent back to a client, either would
    be a message that no other parser reads.
    """
    try:
        value: Json = json.loads(text, parse_constant=_no_json, parse_float=_finite)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    return value


def _no_json(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise ValueError(f"{digits} is out of range")
    return number


class Ids(Protocol):
    """Where new ids come from; `prefix` is the API's own, without the underscore."""

    def __call__(self, prefix: str, /) -> str: ...


def as_text(value: Json) -> str:
    """A value that the rules have found to be a string."""
    return cast("str", value)


def as_fields(value: Json) -> Fields:
    """A value that the rules have found to be an object."""
    return cast("Fields", value)


def as_list(value: Json) -> Sequence[Json]:
    """A value that the rules have found to be an array."""
    return cast("Sequence[Json]", value)


def as_whole(value: Json) -> int:
    """A value that the rules have found to be an integer."""
    return cast("int", value)


def as_number(value: Json) -> float:
    """A value that the rules have found to be a number."""
    return float(cast("float", value))
