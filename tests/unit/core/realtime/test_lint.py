import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtstart.core.realtime.lint import ApiRequest, Linted, lint
from rtstart.core.realtime.repair import remove
from rtstart.core.realtime.tokens import MintRequest, parse_mint

SOON = {"anchor": "created_at", "seconds": 60}
GOOD = {
    "expires_after": SOON,
    "session": {
        "type": "realtime",
        "model": "gpt-realtime-2.1",
        "audio": {"input": {"format": {"type": "audio/pcm", "rate": 24000}}},
    },
}


def _post(path: str, body: Any = None, *, query: str = "", **headers: str) -> Linted:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    pairs = dict(pair.split("=") for pair in query.split("&") if pair)
    return lint(ApiRequest("POST", path, pairs, named, body))


def _mint(session: dict[str, Any]) -> Linted:
    return _post("/realtime/client_secrets", {"expires_after": SOON, "session": session})


def _connect(query: str, protocols: str = "") -> Linted:
    pairs = dict(pair.split("=") for pair in query.split("&") if pair)
    return lint(ApiRequest("GET", "/realtime", pairs, {"sec-websocket-protocol": protocols}))


def _codes(linted: Linted) -> list[str]:
    return [finding.code for finding in linted.findings]


def test_good_mint_has_nothing_to_correct() -> None:
    assert _post("/realtime/client_secrets", GOOD) == Linted((), "/realtime/client_secrets")


def test_other_routes_are_left_alone() -> None:
    assert _post("/chat/completions", {"model": "x"}) == Linted((), "/chat/completions")


@pytest.mark.parametrize(
    ("session", "codes", "corrected"),
    [
        (
            {"model": "gpt-realtime-2.1"},
            ["RT530"],
            {"type": "realtime", "model": "gpt-realtime-2.1"},
        ),
        (
            {"type": "realtime", "voice": "marin", "temperature": 0.8},
            ["RT531", "RT531"],
            {"type": "realtime", "audio": {"output": {"voice": "marin"}}},
        ),
        (
            {"type": "realtime", "voice": "ash", "audio": {"output": {"voice": "marin"}}},
            ["RT531"],
            {"type": "realtime", "audio": {"output": {"voice": "marin"}}},
        ),
        (
            {"type": "realtime", "input_audio_format": "pcm16", "output_audio_format": "g711_ulaw"},
            ["RT531", "RT531", "RT532", "RT532"],
            {
                "type": "realtime",
                "audio": {
                    "output": {"format": {"type": "audio/pcmu"}},
                    "input": {"format": {"type": "audio/pcm", "rate": 24000}},
                },
            },
        ),
        (
            {
                "type": "realtime",
                "audio": {"input": {"format": {"type": "audio/pcm", "rate": 16000}}},
            },
            ["RT532"],
            {
                "type": "realtime",
                "audio": {"input": {"format": {"type": "audio/pcm", "rate": 24000}}},
            },
        ),
        (
            {"type": "realtime", "audio": {"output": {"voice": "Marin"}}},
            ["RT533"],
            {"type": "realtime", "audio": {"output": {"voice": "marin"}}},
        ),
        (
            {"type": "realtime", "audio": {"output": {"voice": "nova"}}},
            ["RT533"],
            {"type": "realtime", "audio": {"output": {"voice": "marin"}}},
        ),
        (
            {"type": "realtime", "modalities": ["text", "audio"]},
            ["RT531", "RT534"],
            {"type": "realtime", "output_modalities": ["audio"]},
        ),
        (
            {"type": "realtime", "model": "gpt-4o-realtime-preview"},
            ["RT519"],
            {"type": "realtime", "model": "gpt-realtime-2.1"},
        ),
        (
            {"type": "realtime", "model": "gpt-4o-transcribe"},
            ["RT519"],
            {"type": "realtime", "model": "gpt-realtime-2.1"},
        ),
        (
            {
                "type": "realtime",
                "tools": [{"type": "function", "function": {"name": "f"}}, 7, {"type": "mcp"}],
            },
            ["RT535", "RT518", "RT518"],
            {"type": "realtime", "tools": [{"type": "function", "name": "f"}]},
        ),
        (
            {"type": "realtime", "tools": [{"type": "function", "name": "f", "strict": True}]},
            ["RT535"],
            {"type": "realtime", "tools": [{"type": "function", "name": "f"}]},
        ),
        (
            {
                "type": "realtime",
                "bogus": 1,
                "audio": {"input": {"gain": 3}},
                "max_output_tokens": 0,
            },
            ["RT518", "RT518", "RT518"],
            {"type": "realtime", "audio": {"input": {}}},
        ),
        (
            {"type": "realtime", "turn_detection": {"type": "semantic_vad", "threshold": 0.5}},
            ["RT531", "RT518"],
            {"type": "realtime", "audio": {"input": {"turn_detection": {"type": "semantic_vad"}}}},
        ),
    ],
)
def test_every_fault_of_a_session_is_named_and_corrected(
    session: dict[str, Any], codes: list[str], corrected: dict[str, Any]
) -> None:
    linted = _mint(session)

    assert _codes(linted) == codes
    assert linted.corrected == {"expires_after": SOON, "session": corrected}
    assert isinstance(parse_mint(linted.corrected), MintRequest)


def test_first_error_shows_the_corrected_body() -> None:
    linted = _mint({"voice": "marin"})

    first, second = linted.findings
    body = json.dumps(linted.corrected)
    assert first.fix.words.endswith(
        "The whole body for POST /v1/realtime/client_secrets, corrected:"
    )
    assert first.fix.command == body
    assert first.data["corrected"] == body
    assert ("corrected" in second.fix.words, second.fix.command) == (False, "")
    assert first.where == "POST /v1/realtime/client_secrets"
    assert linted.has_errors


def test_body_with_more_faults_than_one_can_name_has_no_correction() -> None:
    linted = _mint({"type": "realtime"} | {f"bogus{number}": 1 for number in range(30)})

    assert (len(linted.findings), linted.corrected) == (20, None)


def test_odd_places_for_old_fields_do_not_confuse() -> None:
    linted = _mint(
        {"type": "realtime", "voice": "marin", "audio": "loud", "model": "gpt-4o-transcribe"}
    )

    assert _codes(linted) == ["RT531", "RT519", "RT518"]
    assert linted.corrected["session"] == {"type": "realtime", "model": "gpt-realtime-2.1"}


def test_given_body_is_not_changed() -> None:
    session = {"voice": "marin", "tools": [{"function": {"name": "f"}}]}
    before = json.dumps(session)
    _mint(session)

    assert json.dumps(session) == before


def test_what_ends_soon_is_a_warning_and_changes_nothing() -> None:
    linted = _mint(
        {
            "type": "realtime",
            "model": "gpt-realtime",
            "prompt": {"id": "p"},
            "audio": {"input": {"transcription": {"model": "gpt-4o-mini-transcribe"}}},
        }
    )

    assert [(finding.code, finding.level) for finding in linted.findings] == [
        ("RT537", "warning")
    ] * 3
    assert (linted.corrected, linted.has_errors) == (None, False)
    assert "2027-01-20" in linted.findings[0].what


@pytest.mark.parametrize(
    ("body", "codes"),
    [
        (None, ["RT536"]),
        ({}, ["RT536"]),
        ({"expires_after": {"anchor": "created_at", "seconds": 600}}, ["RT536"]),
        ({"expires_after": {"anchor": "created_at", "seconds": 5}}, ["RT518"]),
        ({"expires_after": SOON, "session": None}, []),
        ({"expires_after": SOON, "session": "realtime"}, ["RT518"]),
        ([], ["RT518"]),
    ],
)
def test_mint_bodies_of_every_kind(body: Any, codes: list[str]) -> None:
    assert _codes(_post("/realtime/client_secrets", body)) == codes


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/realtime/sessions", "realtime"), ("/realtime/transcription_sessions", "transcription")],
)
def test_mint_of_the_beta_is_led_to_todays(path: str, kind: str) -> None:
    body = {"model": "gpt-4o-realtime-preview", "voice": "verse", "modalities": ["audio", "text"]}
    linted = _post(path, body if kind == "realtime" else {}, openai_beta="realtime=v1")

    assert _codes(linted)[:2] == ["RT524", "RT524"]
    assert linted.path == "/realtime/client_secrets"
    assert isinstance(parse_mint(linted.corrected), MintRequest)
    assert linted.corrected["session"]["type"] == kind
    if kind == "realtime":
        assert linted.corrected["session"] == {
            "type": "realtime",
            "model": "gpt-realtime-2.1",
            "output_modalities": ["audio"],
            "audio": {"output": {"voice": "verse"}},
        }


def test_legacy_body_that_is_no_object_is_replaced() -> None:
    assert _post("/realtime/sessions", "x").corrected["session"] == {"type": "realtime"}


def test_offers_are_looked_at() -> None:
    good = _post("/realtime/calls", content_type="application/sdp; charset=utf-8")
    form = "multipart/form-data; boundary=x"
    unified = _post("/realtime/calls", {"model": "gpt-realtime-2.1"}, content_type=form)
    wrong = _post("/realtime/calls", query="model=x", content_type="application/json")

    assert _codes(good) == []
    assert (_codes(unified), unified.corrected) == (
        ["RT530"],
        {"type": "realtime", "model": "gpt-realtime-2.1"},
    )
    assert _codes(wrong) == ["RT538", "RT538"]
    assert _codes(_post("/realtime/calls")) == ["RT538"]
    old = _post("/realtime", query="model=x", content_type="application/sdp")
    assert (_codes(old), old.path) == (["RT524"], "/realtime/calls")


def test_sockets_are_looked_at() -> None:
    assert {
        query: _codes(_connect(query))
        for query in (
            "model=gpt-realtime-2.1",
            "call_id=rtc_1",
            "intent=transcription",
            "",
            "model=gpt-realtime-2.1&call_id=rtc_1",
            "model=gpt-4o-transcribe",
        )
    } == {
        "model=gpt-realtime-2.1": [],
        "call_id=rtc_1": [],
        "intent=transcription": [],
        "": ["RT539"],
        "model=gpt-realtime-2.1&call_id=rtc_1": ["RT539"],
        "model=gpt-4o-transcribe": ["RT519"],
    }
    beta = _connect("model=gpt-realtime-2.1", "realtime, openai-beta.realtime-v1")
    assert _codes(beta) == ["RT524"]


_VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 5000)
    | st.sampled_from(["pcm16", "marin", "x", "inf"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["type", "rate", "name", "function", "strict", "voice", "format", "model"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)
_NAMES = [
    "type",
    "model",
    "voice",
    "modalities",
    "output_modalities",
    "audio",
    "tools",
    "turn_detection",
    "input_audio_format",
    "temperature",
    "prompt",
    "tool_choice",
    "bogus",
]


@given(st.dictionaries(st.sampled_from(_NAMES), _VALUES, max_size=6))
def test_no_body_breaks_the_lint_and_what_it_corrects_is_accepted(session: dict[str, Any]) -> None:
    linted = _mint(session)

    body: Any = linted.corrected or {"expires_after": SOON, "session": session}
    if linted.corrected is not None or not linted.has_errors:
        assert isinstance(parse_mint(body), MintRequest)


def test_nothing_is_taken_out_where_nothing_stands() -> None:
    body = {"a": 1}
    for path in ("", "x", "a"):
        remove(body, path)

    assert body == {}
    whole = {"b": {"c": 1}}
    remove(whole, "x")
    assert whole == {"b": {"c": 1}}


@pytest.mark.parametrize(
    ("body", "corrected"),
    [
        (
            {"model": "gpt-realtime-2.1", "voice": "alloy"},
            {
                "session": {
                    "type": "realtime",
                    "model": "gpt-realtime-2.1",
                    "audio": {"output": {"voice": "alloy"}},
                }
            },
        ),
        (
            {"instructions": "Be kind.", "session": {"type": "realtime"}},
            {"session": {"type": "realtime", "instructions": "Be kind."}},
        ),
        (
            {"session": {"type": "speech", "instructions": "Be kind."}},
            {"session": {"type": "realtime", "instructions": "Be kind."}},
        ),
        (
            {"expires_after": {"anchor": "created_at", "seconds": 7201}},
            {"expires_after": {"anchor": "created_at", "seconds": 60}},
        ),
        (
            {"expires_after": {"anchor": "now", "seconds": 5}},
            {"expires_after": {"anchor": "created_at", "seconds": 60}},
        ),
    ],
)
def test_corrected_body_keeps_what_was_meant(
    body: dict[str, object], corrected: dict[str, object]
) -> None:
    linted = lint(ApiRequest("POST", "/realtime/client_secrets", {}, {}, body))

    assert linted.corrected == corrected
    assert linted.has_errors


def test_session_that_accepts_a_telephone_call_is_looked_at() -> None:
    path = "/realtime/calls/rtc_1/accept"
    linted = lint(ApiRequest("POST", path, {}, {}, {"model": "gpt-realtime-2.1", "voice": "nova"}))

    assert [finding.code for finding in linted.findings] == ["RT530", "RT531", "RT533"]
    assert linted.corrected == {
        "type": "realtime",
        "model": "gpt-realtime-2.1",
        "audio": {"output": {"voice": "marin"}},
    }
    assert linted.path == path
