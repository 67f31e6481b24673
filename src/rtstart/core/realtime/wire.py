"""What goes over the wire: JSON values, refusals and marked ids. Nothing here knows the session."""

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
