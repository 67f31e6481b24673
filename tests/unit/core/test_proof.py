"""What is asked of an address, and how its answers are judged."""

import json
from dataclasses import replace

import pytest

from rtstart.core.proof import (
    Subject,
    Trouble,
    is_minted,
    judge_nonce,
    mint_finding,
    proof_finding,
    questions,
    vite_socket_path,
)

_PUBLIC = Subject("https://voice.example.test", is_public=True, framework="vite", mint="/session")


@pytest.mark.parametrize(
    ("origin", "command"),
    [
        (
            "https://fluffy-waffle-x1-4200.app.github.dev",
            "gh codespace ports visibility 4200:public -c fluffy-waffle-x1",
        ),
        ("https://voice.example.test", ""),
    ],
)
def test_command_is_given_when_a_codespaces_port_is_private(origin: str, command: str) -> None:
    finding = proof_finding("page", replace(_PUBLIC, origin=origin), "x", "sign in")

    assert (finding.code, finding.fix.command) == ("RT445", command)


def test_questions_are_seven_for_an_invited_https_address() -> None:
    assert questions(_PUBLIC) == (
        "name",
        "certificate",
        "page",
        "websocket",
        "hmr",
        "mint refused",
        "mint",
    )


def test_questions_leave_out_what_an_address_does_not_have() -> None:
    local = Subject("http://localhost:4173", is_public=False, framework="none", mint="")

    assert questions(local) == ("page", "websocket")


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ('const wsToken = "abc-_1"\nconst x = 1', "/?token=abc-_1"),
        ("wsToken='q'", "/?token=q"),
        ("<!doctype html>", None),
    ],
)
def test_vite_socket_path(text: str, path: str | None) -> None:
    assert vite_socket_path(text) == path


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"value": "ek_1"}', True),
        ('{"value": "sk-1"}', False),
        ('{"value": 3}', False),
        ("[]", False),
        ("<html>", False),
    ],
)
def test_is_minted(text: str, expected: bool) -> None:
    assert is_minted(text) is expected


def _error(code: str, message: str) -> str:
    return json.dumps({"error": {"code": code, "message": message}})


@pytest.mark.parametrize(
    ("status", "text", "code", "what"),
    [
        (401, _error("invalid_api_key", "Incorrect"), "RT521", "answered with 401: Incorrect"),
        (429, _error("insufficient_quota", "No credit"), "RT522", "answered with 429: No credit"),
        (429, _error("rate_limit", "Slow down"), "RT520", "answered with 429: Slow down"),
        (502, "<html>", "RT520", "A mint was answered with 502"),
        (500, '{"error": "text"}', "RT520", "A mint was answered with 500"),
        (500, "[]", "RT520", "A mint was answered with 500"),
    ],
)
def test_mint_finding_has_the_upstreams_words(status: int, text: str, code: str, what: str) -> None:
    finding = mint_finding(status, text)

    assert finding.code == code
    assert finding.what.endswith(what)


@pytest.mark.parametrize(
    ("status", "text", "location", "trouble"),
    [
        (200, "the-nonce", "", None),
        (530, "", "", "not connected"),
        (429, "", "", "too many"),
        (403, "Blocked request. This host is not allowed.", "", "host refused"),
        (401, "", "", "sign in"),
        (302, "", "https://login.test/", "sign in"),
        (302, "", "/elsewhere", "another app"),
        (200, "<h1>Hello</h1>", "", "another app"),
    ],
)
def test_answer_to_the_nonce_is_judged(
    status: int, text: str, location: str, trouble: str | None
) -> None:
    assert judge_nonce(status, text, "the-nonce", location=location) == trouble


@pytest.mark.parametrize(
    ("trouble", "code"),
    [
        ("no name", "RT412"),
        ("bad certificate", "RT413"),
        ("no connection", "RT426"),
        ("not connected", "RT426"),
        ("host refused", "RT419"),
        ("too many", "RT443"),
        ("another app", "RT418"),
        ("sign in", "RT445"),
        ("upgrade ignored", "RT416"),
        ("upgrade dropped", "RT415"),
        ("held back", "RT417"),
        ("too large", "RT420"),
        ("other", "RT410"),
    ],
)
def test_every_trouble_has_its_own_finding(trouble: Trouble, code: str) -> None:
    finding = proof_finding("page", _PUBLIC, "as was seen", trouble)

    assert (finding.code, finding.where) == (code, _PUBLIC.origin)


@pytest.mark.parametrize(
    ("carries_streams", "asked"), [(True, ("stream", "upload")), (False, ("upload",))]
)
def test_ways_of_strangers_are_asked_for_streams_and_uploads(
    asked: tuple[str, ...], *, carries_streams: bool
) -> None:
    subject = replace(_PUBLIC, is_carried=True, carries_streams=carries_streams)

    assert questions(subject)[7:] == asked


@pytest.mark.parametrize(
    ("question", "code"), [("hmr", "RT411"), ("certificate", "RT410"), ("page", "RT410")]
)
def test_proof_finding_names_the_question(question: str, code: str) -> None:
    finding = proof_finding(question, _PUBLIC, "no answer")  # type: ignore[arg-type] # parametrized

    assert finding.code == code
    assert "no answer" in finding.what
