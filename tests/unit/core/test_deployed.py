"""How the answers of a deployed app are judged."""

import json
from collections.abc import Sequence

import pytest

from rtstart.core.deployed import (
    Answered,
    judge_config,
    judge_file,
    judge_mint,
    judge_page,
    judge_script,
    scripts_of,
)
from rtstart.core.findings import Finding

_AT = "https://voice.example.test"
_KEY = "sk-proj-" + "Ab3dEf6hIj9lMn2pQr5tUv8xYz"
_API = "https://api.openai.com/v1/realtime"
_POLICY = "default-src 'self'; connect-src 'self' https://api.openai.com; frame-ancestors 'none'"
_GOOD = {
    "content-type": "text/html",
    "content-security-policy": _POLICY,
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "permissions-policy": "microphone=(self)",
}


def _codes(findings: Sequence[Finding]) -> list[str]:
    return [one.code for one in findings]


@pytest.mark.parametrize(
    ("status", "changed", "codes"),
    [
        (200, {}, []),
        (502, {}, ["RT727"]),
        (200, {"content-type": "application/json"}, ["RT727"]),
        (200, {"permissions-policy": "camera=(), microphone=()"}, ["RT723"]),
        (200, {"referrer-policy": None}, ["RT724"]),
        (200, {"content-security-policy": "default-src 'self'"}, ["RT724"]),
        (200, {"content-security-policy": "default-src *", "x-frame-options": "DENY"}, []),
    ],
)
def test_judge_page_names_what_is_wrong(
    status: int, changed: dict[str, str | None], codes: list[str]
) -> None:
    headers = {name: value for name, value in {**_GOOD, **changed}.items() if value is not None}

    assert _codes(judge_page(Answered(status, headers, "<html>"), where=_AT)) == codes


@pytest.mark.parametrize(
    ("answer", "codes"),
    [
        (Answered(401, {"cache-control": "no-store"}), []),
        (Answered(503, {"cache-control": "no-store"}), []),
        (Answered(403), ["RT728"]),
        (Answered(404, {"cache-control": "no-store"}), ["RT721"]),
        (Answered(200, {"content-type": "text/html"}, "<html>"), ["RT721"]),
        (Answered(200, {"cache-control": "no-store"}, '{"value": "ek_1"}'), ["RT720"]),
    ],
)
def test_judge_mint_wants_strangers_refused(answer: Answered, codes: list[str]) -> None:
    assert _codes(judge_mint(answer, where=f"{_AT}/session")) == codes


@pytest.mark.parametrize(
    ("policy", "url", "allowed"),
    [
        ("", _API, True),
        (_POLICY, _API, True),
        ("default-src 'self'", _API, False),
        ("default-src 'self'", "/v1/realtime", True),
        ("connect-src https:", _API, True),
        ("connect-src *", _API, True),
        ("connect-src *.openai.com", _API, True),
        ("connect-src wss://api.openai.com", _API, False),
        ("script-src 'self'", _API, True),
    ],
)
def test_judge_config_reads_connect_src(policy: str, url: str, *, allowed: bool) -> None:
    config = Answered(200, {}, json.dumps({"model": "m", "realtime_url": url}))
    page = Answered(200, {"content-security-policy": policy} if policy else {})

    assert _codes(judge_config(config, page, where=_AT)) == ([] if allowed else ["RT726"])


def test_judge_config_names_an_emulated_app_and_lets_none_be() -> None:
    emulated = Answered(200, {}, json.dumps({"emulated": True}))

    assert _codes(judge_config(emulated, Answered(200), where=_AT)) == ["RT722"]
    assert judge_config(Answered(404), Answered(200), where=_AT) == []
    assert judge_config(Answered(200, {}, "no JSON"), Answered(200), where=_AT) == []


@pytest.mark.parametrize(
    ("path", "answer", "codes"),
    [
        ("/.env", Answered(200, {"content-type": "text/plain"}, "OPENAI_API_KEY=x"), ["RT725"]),
        ("/.env", Answered(200, {"content-type": "text/html"}, "<a b=c>"), []),
        ("/.env", Answered(403, {}, "A=b"), []),
        ("/.git/HEAD", Answered(200, {}, "ref: refs/heads/main"), ["RT725"]),
    ],
)
def test_judge_file_knows_a_private_file(path: str, answer: Answered, codes: list[str]) -> None:
    assert _codes(judge_file(path, answer)) == codes


def test_scripts_are_those_of_the_page_itself() -> None:
    page = (
        '<script type="module" src="/assets/a.js"></script><script src="b.js?v=1"></script>'
        '<script src="https://cdn.example.test/c.js"></script><script src="/assets/a.js"></script>'
    )

    assert scripts_of(page, where=_AT) == ["/assets/a.js", "/b.js?v=1"]


def test_judge_script_finds_a_key_without_repeating_it() -> None:
    (found,) = judge_script("/a.js", f"let a;\nconst key = '{_KEY}';")

    assert (found.code, found.where) == ("RT703", "/a.js:2")
    assert _KEY not in repr(found)
