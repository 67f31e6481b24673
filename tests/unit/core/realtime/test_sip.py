"""What may be asked of a call over HTTP."""

import pytest

from rtstart.core.realtime.sip import Ringing, Verb, verb_fault, verb_of
from rtstart.core.realtime.wire import Json


def _accepted(rule: Json) -> Json:
    return {"type": "realtime", "audio": {"input": {"turn_detection": rule}}}


@pytest.mark.parametrize(
    ("verb", "body", "code", "param"),
    [
        ("accept", {}, "missing_required_parameter", "session.type"),
        ("accept", {"type": "realtime", "voice": "x"}, "unknown_parameter", "session.voice"),
        (
            "accept",
            _accepted({"type": "server_vad", "threshold": 0.5}),
            "unknown_parameter",
            "session.audio.input.turn_detection.threshold",
        ),
        ("reject", {"status_code": "no"}, "invalid_type", "status_code"),
        ("reject", {"status_code": 200}, "integer_below_min_value", "status_code"),
        ("refer", {}, "missing_required_parameter", "target_uri"),
        ("refer", [], "invalid_type", None),
    ],
)
def test_a_request_is_refused_when_its_body_is_wrong(
    verb: Verb, body: Json, code: str, param: str | None
) -> None:
    fault = verb_fault(verb, body)

    assert fault is not None
    assert (fault.code, fault.param or None) == (code, param)


@pytest.mark.parametrize(
    ("verb", "body"),
    [
        ("accept", {"type": "realtime", "model": "gpt-realtime-2.1"}),
        ("accept", _accepted({"type": "server_vad", "idle_timeout_ms": 6000})),
        ("accept", _accepted(None)),
        ("reject", {}),
        ("reject", {"status_code": 486}),
        ("refer", {"target_uri": "tel:+15550100"}),
        ("hangup", {}),
    ],
)
def test_a_request_is_taken_when_its_body_is_right(verb: Verb, body: Json) -> None:
    assert verb_fault(verb, body) is None


def test_verbs_are_known_by_name() -> None:
    assert [verb_of(name) for name in ("accept", "hangup", "fly")] == ["accept", "hangup", None]


def test_a_sample_call_rings_until_it_is_answered_and_others_do_not() -> None:
    ringing = Ringing()

    before = ringing.has("rtc_sample_1"), ringing.has("rtc_u1_x")
    ringing.stop("rtc_sample_1")

    assert before == (True, False)
    assert (ringing.has("rtc_sample_1"), ringing.has("rtc_sample_2")) == (False, True)


def test_calls_that_ring_no_more_are_forgotten_after_many() -> None:
    ringing = Ringing()

    for number in range(1001):
        ringing.stop(f"rtc_sample_{number}")

    assert (ringing.has("rtc_sample_0"), ringing.has("rtc_sample_1")) == (True, False)
