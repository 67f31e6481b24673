import pytest

from rtstart.core.calls import BACKEND, Call, CallLedger, Spent
from rtstart.core.prices import dollars_of, dollars_per_minute

USAGE = {
    "total_tokens": 2500,
    "input_token_details": {
        "text_tokens": 500,
        "audio_tokens": 1000,
        "image_tokens": 0,
        "cached_tokens": 600,
        "cached_tokens_details": {"text_tokens": 200, "audio_tokens": 400},
    },
    "output_token_details": {"text_tokens": 100, "audio_tokens": 900},
}


def test_cost_of_a_response_by_its_usage() -> None:
    dollars = dollars_of("gpt-realtime-2.1", USAGE)

    by_hand = 300 * 4 + 200 * 0.4 + 600 * 32 + 400 * 0.4 + 100 * 24 + 900 * 64
    assert dollars == pytest.approx(by_hand / 1e6)
    assert dollars_of("gpt-realtime-2.1-mini", USAGE) < dollars / 3
    assert dollars_of("a-model-of-tomorrow", USAGE) == dollars


@pytest.mark.parametrize(
    "usage", [{}, {"input_token_details": None}, {"output_token_details": {"audio_tokens": "x"}}]
)
def test_usage_that_says_nothing_costs_nothing(usage: dict[str, object]) -> None:
    assert dollars_of("gpt-realtime-2.1", usage) == 0.0


def test_cached_tokens_without_details_are_taken_for_text() -> None:
    usage = {"input_token_details": {"text_tokens": 100, "cached_tokens": 300}}

    assert dollars_of("gpt-realtime-2.1", usage) == pytest.approx(100 * 0.4 / 1e6)


def test_call_costs_by_its_length_until_usage_is_known() -> None:
    ledger = CallLedger()
    ledger.started("rtc_1", visitor="v1", now=0.0)
    by_length = ledger.spent(120.0)
    ledger.speaks_to("rtc_1", "gpt-realtime-2.1-mini")
    ledger.used("rtc_1", USAGE)
    ledger.used("rtc_unknown", USAGE)
    ledger.speaks_to("rtc_unknown", "x")
    over = ledger.ended("rtc_1", now=180.0)

    assert by_length == Spent(1, 2.0, 2 * dollars_per_minute(""))
    dollars = dollars_of("gpt-realtime-2.1-mini", USAGE)
    assert over == Call("rtc_1", "v1", 0.0, "gpt-realtime-2.1-mini", 180.0, dollars, True)
    assert ledger.spent(999.0) == Spent(1, 3.0, dollars)
    assert ledger.ended("rtc_1", now=200.0) is None
    assert ledger.ended("rtc_9", now=200.0) is None


def test_call_ends_after_an_hour_by_itself() -> None:
    ledger = CallLedger()
    ledger.started("rtc_1", visitor="v1", now=0.0)

    assert [len(ledger.open_calls(now)) for now in (3599.0, 3600.0)] == [1, 0]
    assert ledger.spent(99_999.0).minutes == 60.0


def test_secret_counts_as_open_until_its_call_or_its_end() -> None:
    ledger = CallLedger()
    for visitor in ("v2", "v1", "v1"):
        ledger.minted(visitor, now=0.0)
    before = (ledger.open_count(1.0), ledger.open_count(1.0, visitor="v1"))
    ledger.started("rtc_1", visitor="v1", now=2.0)

    assert before == (3, 2)
    assert (ledger.open_count(2.0), ledger.open_count(2.0, visitor="v1")) == (3, 2)
    ledger.ended("rtc_1", now=62.0)
    assert (ledger.open_count(62.0), ledger.open_count(62.0, visitor="v1")) == (0, 0)


def test_secret_that_became_no_call_counts_no_more() -> None:
    ledger = CallLedger()
    for visitor, now in (("v1", 0.0), ("v1", 5.0), ("v2", 5.0)):
        ledger.minted(visitor, now=now)

    ledger.forget("v1", since=5.0)

    assert (ledger.open_count(6.0, visitor="v1"), ledger.open_count(6.0, visitor="v2")) == (1, 1)


def test_secret_that_was_never_heard_of_again_counts_as_a_short_call() -> None:
    ledger = CallLedger()
    ledger.minted("v1", now=0.0)

    assert ledger.spent(59.0) == Spent(1, 0.0, 0.0)
    assert ledger.spent(60.0) == Spent(1, 3.0, 3 * dollars_per_minute(""))


@pytest.mark.parametrize("call_id", ["", "call_1", "rtc_", "rtc_../../x", "rtc_" + "a" * 200])
def test_what_is_no_calls_id_is_not_a_call(call_id: str) -> None:
    assert CallLedger().started(call_id, visitor="v1", now=0.0) is None


def test_call_is_known_once() -> None:
    ledger = CallLedger()

    assert ledger.started("rtc_1", visitor="v1", now=0.0) == Call("rtc_1", "v1", 0.0)
    assert ledger.started("rtc_1", visitor="v2", now=0.0) is None


def test_ledger_does_not_grow_for_ever() -> None:
    ledger = CallLedger()
    for number in range(10_000):
        ledger.started(f"rtc_{number}", visitor="v1", now=0.0)

    assert ledger.started("rtc_more", visitor="v1", now=0.0) is None


def test_call_that_never_was_does_not_hide_its_secret_from_the_budget() -> None:
    ledger = CallLedger()
    ledger.minted("v1", now=0.0)
    ledger.started("rtc_invented", visitor="v1", now=1.0)
    ledger.started("rtc_also_invented", visitor="v1", now=1.0)
    never = ledger.never_was("rtc_invented")
    ledger.never_was("rtc_also_invented")

    assert never == Call("rtc_invented", "v1", 1.0, took_secret=True)
    assert ledger.never_was("rtc_invented") is None
    assert ledger.spent(2.0) == Spent(1, 3.0, 3 * dollars_per_minute(""))


def test_call_of_the_backend_is_that_of_whoever_has_a_secret_for_it() -> None:
    ledger = CallLedger()
    ledger.minted("v1", now=0.0)
    ledger.minted("v2", now=1.0)
    calls = [ledger.started(f"rtc_{n}", visitor=BACKEND, now=2.0) for n in range(3)]

    assert [call.visitor for call in calls if call] == ["v1", "v2", BACKEND]
    assert ledger.open_count(2.0) == 3
