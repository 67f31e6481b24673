from dataclasses import replace

import pytest

from rtstart.core.mint_guard import MintAllowed, MintAsked, MintGuard, MintLimits, MintRefused

GOOD = MintAsked(
    visitor="v1",
    method="POST",
    content_type="application/json; charset=utf-8",
    from_own_page=True,
    is_local=False,
    body_bytes=2,
)


def _code(guard: MintGuard, asked: MintAsked, *, now: float = 0.0) -> str | int:
    decision = guard.decide(asked, now=now)
    return decision.code if isinstance(decision, MintRefused) else 200


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        (replace(GOOD, method="GET"), 405, "method_not_allowed"),
        (replace(GOOD, method="PUT"), 405, "method_not_allowed"),
        (replace(GOOD, from_own_page=False), 403, "foreign_origin"),
        (replace(GOOD, from_own_page=False, is_local=True), 403, "foreign_origin"),
        (replace(GOOD, from_own_page=None), 403, "foreign_origin"),
        (replace(GOOD, content_type="text/plain"), 415, "not_json"),
        (replace(GOOD, content_type=""), 415, "not_json"),
        (replace(GOOD, content_type="application/jsonp"), 415, "not_json"),
        (replace(GOOD, body_bytes=16 * 1024 + 1), 413, "body_too_large"),
    ],
)
def test_form_of_the_request_is_checked(asked: MintAsked, status: int, code: str) -> None:
    decision = MintGuard().decide(asked, now=0.0)

    assert isinstance(decision, MintRefused)
    assert (decision.status, decision.code, decision.retry_after_s) == (status, code, 0)


@pytest.mark.parametrize(
    "asked",
    [GOOD, replace(GOOD, from_own_page=None, is_local=True), replace(GOOD, body_bytes=None)],
)
def test_good_request_is_allowed(asked: MintAsked) -> None:
    assert MintGuard().decide(asked, now=0.0) == MintAllowed("v1")


def test_one_visitor_waits_while_others_go_on() -> None:
    guard = MintGuard(MintLimits(per_visitor_per_minute=2))
    for now in (0.0, 10.0):
        guard.decide(GOOD, now=now)

    assert guard.decide(GOOD, now=20.0) == MintRefused(
        429,
        "visitor_limit",
        "You have started 2 calls within a minute. Try again in 41 seconds.",
        retry_after_s=41,
    )
    assert _code(guard, replace(GOOD, visitor="v2"), now=20.0) == 200
    assert _code(guard, GOOD, now=60.0) == 200
    assert _code(guard, GOOD, now=61.0) == "visitor_limit"


def test_everybody_waits_when_all_together_are_too_many() -> None:
    guard = MintGuard(MintLimits(per_minute=2))
    for visitor in ("v1", "v2"):
        guard.decide(replace(GOOD, visitor=visitor), now=0.0)

    decision = guard.decide(replace(GOOD, visitor="v3"), now=30.0)

    assert decision == MintRefused(
        429,
        "global_limit",
        "All visitors together have started 2 calls within a minute. Try again in 31 seconds.",
        retry_after_s=31,
    )


def test_run_gives_out_no_more_than_it_may() -> None:
    guard = MintGuard(MintLimits(per_run=2))
    first, second = guard.decide(GOOD, now=0.0), guard.decide(GOOD, now=0.0)
    assert isinstance(first, MintAllowed)
    assert isinstance(second, MintAllowed)

    assert _code(guard, GOOD, now=0.0) == "run_limit"
    guard.answered(first, status=502, now=0.0)
    assert _code(guard, GOOD, now=0.0) == 200
    guard.answered(second, status=200, now=0.0)
    assert (guard.made, guard.made_by("v1"), guard.made_by("v2")) == (1, 1, 0)


def test_no_secret_at_all_can_be_the_limit() -> None:
    guard = MintGuard(MintLimits(per_visitor_per_minute=0))

    assert guard.decide(GOOD, now=0.0) == MintRefused(
        429, "visitor_limit", "No secrets are given out at all in this run."
    )


def test_kill_switch_stops_and_can_be_released() -> None:
    guard = MintGuard()
    guard.stop()

    assert (guard.is_stopped, _code(guard, GOOD)) == (True, "minting_stopped")
    guard.resume()
    assert (guard.is_stopped, _code(guard, GOOD)) == (False, 200)


def test_open_calls_of_one_and_of_all_are_bounded() -> None:
    guard = MintGuard(MintLimits(open_per_visitor=1, open_calls=2))
    guard.calls.started("rtc_1", visitor="v1", now=0.0)
    guard.calls.started("rtc_2", visitor="v2", now=0.0)

    assert guard.decide(GOOD, now=1.0) == MintRefused(
        429,
        "open_calls",
        "You have 1 calls open or about to open. End one, or wait half a minute.",
        retry_after_s=30,
    )
    assert guard.decide(replace(GOOD, visitor="v3"), now=1.0) == MintRefused(
        429,
        "open_calls_in_all",
        "2 calls are open already. Wait until one has ended.",
        retry_after_s=30,
    )
    guard.calls.ended("rtc_1", now=2.0)
    assert _code(guard, GOOD, now=2.0) == 200


def test_requests_under_way_count_as_open() -> None:
    guard = MintGuard(MintLimits(open_per_visitor=1, open_calls=2))
    other = replace(GOOD, visitor="v2")

    first = guard.decide(GOOD, now=0.0)
    assert isinstance(first, MintAllowed)
    assert [_code(guard, one) for one in (GOOD, other, replace(GOOD, visitor="v3"))] == [
        "open_calls",
        200,
        "open_calls_in_all",
    ]
    guard.answered(first, status=500, now=1.0)
    assert _code(guard, GOOD, now=1.0) == 200


def test_minutes_of_a_run_are_bounded() -> None:
    guard = MintGuard(MintLimits(run_minutes=10))
    guard.calls.started("rtc_1", visitor="v2", now=0.0)

    assert [_code(guard, GOOD, now=now) for now in (599.0, 600.0)] == [200, "minutes_spent"]


def test_dollars_of_a_run_are_bounded_unless_nothing_is_paid() -> None:
    usage = {"output_token_details": {"audio_tokens": 1_000_000}}
    codes = []
    for is_emulated in (False, True):
        guard = MintGuard(MintLimits(run_dollars=10), is_emulated=is_emulated)
        guard.calls.started("rtc_1", visitor="v2", now=0.0)
        guard.calls.used("rtc_1", usage)
        codes.append(_code(guard, GOOD))

    assert codes == ["budget_spent", 200]


def test_call_that_the_backend_begins_for_a_request_is_counted_once() -> None:
    guard = MintGuard(MintLimits(open_calls=2))
    allowed = guard.decide(GOOD, now=0.0)
    assert isinstance(allowed, MintAllowed)
    call = guard.begun_by_backend("rtc_1", now=0.5)
    again = guard.begun_by_backend("rtc_1", now=0.5)
    guard.answered(allowed, status=201, now=1.0)

    assert call is not None
    assert (call.visitor, again) == ("v1", None)
    assert (guard.made, guard.calls.open_count(1.0)) == (1, 1)
    other = guard.begun_by_backend("rtc_2", now=1.0)
    assert other is not None
    assert other.visitor == "relay"


def test_no_call_begins_while_stopped_or_when_the_budget_is_spent() -> None:
    guard = MintGuard(MintLimits(run_minutes=1))
    before = guard.why_no_call(0.0)
    guard.stop()
    stopped = guard.why_no_call(0.0)
    guard.resume()
    guard.begun_by_backend("rtc_1", now=0.0)
    spent = guard.why_no_call(60.0)

    assert (before, stopped and stopped.code, spent and spent.code) == (
        None,
        "minting_stopped",
        "minutes_spent",
    )


def test_pages_may_tell_of_about_as_many_calls_as_there_are_secrets() -> None:
    guard = MintGuard(MintLimits(open_per_visitor=2))
    before = [guard.may_tell("v1", told) for told in (1, 2)]
    allowed = guard.decide(GOOD, now=0.0)
    assert isinstance(allowed, MintAllowed)
    guard.answered(allowed, status=200, now=0.0)

    assert (before, guard.may_tell("v1", 3), guard.may_tell("v1", 4)) == (
        [True, False],
        True,
        False,
    )
