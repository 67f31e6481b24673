"""What a call costs, estimated from its usage numbers.

Estimates only: prices change, and the bill is the API's. Prices of the model pages, seen 2026-11.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_MILLION = 1_000_000
_USER_TOKENS_PER_MINUTE = 600  # one for 100 ms (managing-costs guide, 2026-11)
_MODEL_TOKENS_PER_MINUTE = 1200  # one for 50 ms


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars for a million tokens."""

    text_in: float
    text_cached: float
    text_out: float
    audio_in: float
    audio_cached: float
    audio_out: float


_FULL = Price(4.0, 0.40, 24.0, 32.0, 0.40, 64.0)
_MINI = Price(0.60, 0.06, 2.40, 10.0, 0.30, 20.0)


def price_of(model: str) -> Price:
    """The price of a model. One that is not known is taken for the dear kind."""
    return _MINI if "-mini" in model else _FULL


def dollars_per_minute(model: str) -> float:
    """A minute in which both sides talk half of the time, without what is read again."""
    price = price_of(model)
    spoken = _USER_TOKENS_PER_MINUTE * price.audio_in + _MODEL_TOKENS_PER_MINUTE * price.audio_out
    return spoken / 2 / _MILLION


def dollars_of(model: str, usage: Mapping[str, Any]) -> float:
    """What one response cost, from the `usage` of its `response.done`.

    Cached tokens are part of the input tokens and cheaper. Numbers that are missing count as none.
    """
    price = price_of(model)
    into = _details(usage, "input_token_details")
    cached = _details(into, "cached_tokens_details")
    out = _details(usage, "output_token_details")
    text_cached, audio_cached = _count(cached, "text_tokens"), _count(cached, "audio_tokens")
    if not cached:
        text_cached = min(_count(into, "cached_tokens"), _count(into, "text_tokens"))
    total = (
        (_count(into, "text_tokens") + _count(into, "image_tokens") - text_cached) * price.text_in
        + text_cached * price.text_cached
        + (_count(into, "audio_tokens") - audio_cached) * price.audio_in
        + audio_cached * price.audio_cached
        + _count(out, "text_tokens") * price.text_out
        + _count(out, "audio_tokens") * price.audio_out
    )
    return max(0.0, total) / _MILLION


def _details(usage: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = usage.get(name)
    return value if isinstance(value, Mapping) else {}


def _count(details: Mapping[str, Any], name: str) -> int:
    value = details.get(name)
    return value if isinstance(value, int) and value > 0 else 0
