"""What is wrong with a request to the API, before it is sent: every fault, and a body without them.

The API names one fault at a time and refuses the whole session for it; this names them all. What
it does not know it leaves alone: the judge is the API, and the rules are those of the emulator.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from json import dumps
from typing import Any

from rtstart.core.findings import Finding, Fix
from rtstart.core.findings.api import BETA_SHAPE, SESSION_REFUSED
from rtstart.core.findings.session import (
    BETA_FIELD,
    CONNECT_QUERY,
    OFFER_FORM,
    SECRET_LIVES_LONG,
)
from rtstart.core.realtime.models import model_fault
from rtstart.core.realtime.repair import put, remove, repair_session
from rtstart.core.realtime.tokens import parse_mint, parse_session
from rtstart.core.realtime.wire import Fault

MINT = "/realtime/client_secrets"
CALLS = "/realtime/calls"
CONNECT = "/realtime"
LEGACY = ("/realtime/sessions", "/realtime/transcription_sessions")

_ACCEPT = re.compile(r"/realtime/calls/([^/]+)/accept")

_SOON_S = 60
_MOST_FAULTS = 20
_CONNECT_BY = ("model", "call_id", "intent")
_BESIDE_SESSION = frozenset({"session", "expires_after"})
_BETTER = {
    # What to put where taking out would change more than what is wrong.
    "expires_after.seconds": _SOON_S,
    "expires_after.anchor": "created_at",
    "session.type": "realtime",
}


def accepted_call(path: str) -> str:
    """The call from a telephone that a request to this path accepts; empty for other paths."""
    match = _ACCEPT.fullmatch(path)
    return match[1] if match else ""


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """A request to the API. `path` is below `/v1`; header names are in lower case.

    `body` is the parsed JSON body; of a form, its `session` part; None where there is none.
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any = None


@dataclass(frozen=True, slots=True)
class Linted:
    """What was found. `corrected` is the body without the faults, or None if it needs no change;
    `path` is where it should go.
    """

    findings: tuple[Finding, ...]
    path: str
    corrected: Any = None

    @property
    def has_errors(self) -> bool:
        """Whether the API will refuse the request as it is."""
        return any(finding.level == "error" for finding in self.findings)


def lint(request: ApiRequest) -> Linted:
    """Look at one request; requests to other routes have no faults that are known here."""
    where = f"{request.method} /v1{request.path}"
    findings = _beta_headers(request, where)
    path, corrected = request.path, None
    if request.method == "POST" and request.path in LEGACY:
        path, corrected = MINT, _from_legacy(request, where, findings)
    elif request.method == "POST" and request.path == MINT:
        corrected = _mint(request.body, where, findings)
    elif request.method == "POST" and request.path == CALLS:
        corrected = _offer(request, where, findings)
    elif request.method == "POST" and accepted_call(request.path):
        corrected = _session(request.body, where, findings)
    elif request.method == "POST" and request.path == CONNECT:
        path = CALLS
        what = "The SDP offer is posted to the address of the beta, /v1/realtime"
        findings.append(
            BETA_SHAPE.found(what, fix=Fix("Post it to /v1/realtime/calls."), where=where)
        )
    elif request.method == "GET" and request.path == CONNECT:
        findings += _connect(request, where)
    if corrected == request.body:
        corrected = None
    return Linted(_with_body(findings, path, corrected), path, corrected)


def _with_body(findings: list[Finding], path: str, corrected: Any) -> tuple[Finding, ...]:
    """The findings; the first error also shows what to send instead, to be copied as it stands."""
    if corrected is None:
        return tuple(findings)
    shown = []
    body = dumps(corrected, ensure_ascii=False)
    for finding in findings:
        if body and finding.level == "error":
            words = f"{finding.fix.words} The whole body for POST /v1{path}, corrected:"
            fix = Fix(words, body)
            shown.append(
                Finding(
                    finding.code,
                    finding.level,
                    finding.what,
                    finding.why,
                    fix,
                    finding.where,
                    {**finding.data, "corrected": body},
                )
            )
            body = ""
        else:
            shown.append(finding)
    return tuple(shown)


def _beta_headers(request: ApiRequest, where: str) -> list[Finding]:
    found = []
    if "realtime=v1" in request.headers.get("openai-beta", ""):
        what = "The header OpenAI-Beta: realtime=v1 is sent"
        found.append(BETA_SHAPE.found(what, fix=Fix("Remove that header."), where=where))
    protocols = request.headers.get("sec-websocket-protocol", "")
    if "openai-beta." in protocols:
        what = "The subprotocol openai-beta.realtime-v1 is offered"
        found.append(BETA_SHAPE.found(what, fix=Fix("Offer only `realtime`."), where=where))
    return found


def _mint(body: Any, where: str, findings: list[Finding]) -> Any:
    if body is None:
        body = {}
    if not isinstance(body, dict):
        findings.append(_refused(Fault("invalid_type", "The body must be a JSON object."), where))
        return None
    repaired = _copy(body)
    _wrap(repaired, where, findings)
    session = repaired.get("session")
    if isinstance(session, dict):
        findings += repair_session(session, "session", where=where)
    findings += _lifetime(repaired, where)
    return _until_accepted(repaired, "", where, findings)


def _wrap(body: dict[str, Any], where: str, findings: list[Finding]) -> None:
    """Put the fields of a session that stand beside it, as in the beta, into it."""
    outside = [name for name in body if name not in _BESIDE_SESSION]
    session = body.setdefault("session", {}) if outside else None
    if not isinstance(session, dict):
        return
    what = f"'{outside[0]}' stands beside 'session', not in it"
    fix = Fix("Put the fields of the session into session.")
    findings.append(BETA_FIELD.found(what, fix=fix, where=where))
    for name in outside:
        session.setdefault(name, body.pop(name))


def _from_legacy(request: ApiRequest, where: str, findings: list[Finding]) -> Any:
    findings.append(
        BETA_SHAPE.found(
            f"The secret is asked for at /v1{request.path}, which is gone since 2026-05-12",
            fix=Fix(
                "Post to /v1/realtime/client_secrets; the answer holds `value` and `expires_at` at "
                "its top, no longer in `client_secret`."
            ),
            where=where,
        )
    )
    session = _copy(request.body) if isinstance(request.body, dict) else {}
    kind = "transcription" if "transcription" in request.path else "realtime"
    body = {
        "expires_after": {"anchor": "created_at", "seconds": _SOON_S},
        "session": {"type": kind, **session},
    }
    findings += repair_session(body["session"], "session", where=where)
    return _until_accepted(body, "", where, findings)


def _offer(request: ApiRequest, where: str, findings: list[Finding]) -> Any:
    if "model" in request.query:
        what = "The offer's address carries ?model=, which is refused there"
        fix = Fix("Leave the query out: the secret or the session part names the model.")
        findings.append(OFFER_FORM.found(what, fix=fix, where=where))
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in ("application/sdp", "multipart/form-data"):
        what = f"The offer is posted as {kind or 'no content type at all'}"
        findings.append(OFFER_FORM.found(what, where=where))
    return _session(request.body, where, findings)


def _session(body: Any, where: str, findings: list[Finding]) -> Any:
    if not isinstance(body, dict):
        return None
    repaired = _copy(body)
    findings += repair_session(repaired, "session", where=where)
    return _until_accepted(repaired, "session", where, findings)


def _connect(request: ApiRequest, where: str) -> list[Finding]:
    asked = [name for name in _CONNECT_BY if name in request.query]
    if len(asked) != 1:
        what = f"The WebSocket's address names {' and '.join(asked) or 'nothing'}"
        return [CONNECT_QUERY.found(what, where=where)]
    if asked == ["model"]:
        fault = model_fault(request.query["model"], "model")
        if fault is not None:
            session = {"type": "realtime", "model": request.query["model"]}
            return repair_session(session, "session", where=where)
    return []


def _until_accepted(body: Any, path: str, where: str, findings: list[Finding]) -> Any:
    """Name what the rules still refuse, and take it out, until nothing is left to refuse.

    Return the body, or None when it would still be refused.
    """
    better = dict(_BETTER)
    for _ in range(_MOST_FAULTS):
        told = parse_session(body, path=path) if path else parse_mint(body)
        if not isinstance(told, Fault):
            return body
        findings.append(_refused(told, where))
        param = told.param or ""
        place = param.removeprefix(f"{path}." if path else "")
        if param in better:
            put(body, place, better.pop(param))
        else:
            remove(body, place)
    return None


def _refused(fault: Fault, where: str) -> Finding:
    return SESSION_REFUSED.found(
        fault.message,
        why="One unknown or wrong field makes the API refuse the whole request.",
        fix=Fix(f"Correct or remove {fault.param}." if fault.param else "Correct the body."),
        where=where,
        data={"code": fault.code, "param": fault.param},
    )


def _lifetime(body: dict[str, Any], where: str) -> list[Finding]:
    after = body.get("expires_after")
    seconds = after.get("seconds") if isinstance(after, dict) else None
    if isinstance(seconds, int) and seconds <= _SOON_S:
        return []
    lives = "600 seconds, the default" if seconds is None else f"{seconds} seconds"
    return [SECRET_LIVES_LONG.found(f"Secrets are made to live {lives}", where=where)]


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _copy(one) for name, one in value.items()}
    return [_copy(one) for one in value] if isinstance(value, list) else value
