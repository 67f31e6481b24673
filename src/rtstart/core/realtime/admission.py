"""Who may open a session, and with which settings. The WebSocket always opens; a refusal comes
as an `error` event and a close code right after (captured 2026-09-18).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from rtstart.core.realtime.models import DEFAULT_MODEL, model_fault
from rtstart.core.realtime.settings import Settings
from rtstart.core.realtime.tokens import BETA_DISABLED, NO_CREDENTIALS, KeyPolicy, SecretStore
from rtstart.core.realtime.wire import Fault

BAD_CREDENTIALS_CLOSE = 3000
BAD_REQUEST_CLOSE = 4000

_KEY_PROTOCOL = "openai-insecure-api-key."
_BETA_PROTOCOL = "openai-beta.realtime-v1"


@dataclass(frozen=True, slots=True)
class Knock:
    """A WebSocket request for a session, as far as it matters."""

    authorization: str
    beta_header: str
    protocols: tuple[str, ...]
    model: str | None
    call_id: str | None
    intent: str | None


@dataclass(frozen=True, slots=True)
class Admitted:
    """A new session with these settings."""

    settings: Settings


@dataclass(frozen=True, slots=True)
class Joining:
    """A sideband to a call."""

    call_id: str


@dataclass(frozen=True, slots=True)
class Turned:
    """No session: an `error` event, then this close code."""

    fault: Fault
    close_code: int


Admission: TypeAlias = Admitted | Joining | Turned


def credential(authorization: str, protocols: Sequence[str] = ()) -> str:
    """The key or secret that a request carries in its header or its subprotocols, or nothing."""
    scheme, _, key = authorization.partition(" ")
    if scheme.lower() == "bearer" and key.strip():
        return key.strip()
    for name in protocols:
        if name.startswith(_KEY_PROTOCOL):
            return name.removeprefix(_KEY_PROTOCOL)
    return ""


def check_credential(
    key: str, *, secrets: SecretStore, policy: KeyPolicy, now: float
) -> Settings | Fault | None:
    """The settings bound to a secret, None for a key that may do everything, or a refusal."""
    if key.startswith("ek_"):
        secret = secrets.find(key, now=now)
        return secret if isinstance(secret, Fault) else secret.settings
    return policy.fault(key)


def admit(knock: Knock, *, secrets: SecretStore, policy: KeyPolicy, now: float) -> Admission:
    """Decide about a WebSocket that asks for a session."""
    key = credential(knock.authorization, knock.protocols)
    if not key:
        return Turned(NO_CREDENTIALS, BAD_CREDENTIALS_CLOSE)
    bound = check_credential(key, secrets=secrets, policy=policy, now=now)
    if isinstance(bound, Fault):
        return Turned(bound, BAD_CREDENTIALS_CLOSE)
    if knock.beta_header.startswith("realtime") or _BETA_PROTOCOL in knock.protocols:
        return Turned(BETA_DISABLED, BAD_REQUEST_CLOSE)
    if knock.call_id is not None:
        return Joining(knock.call_id)
    if knock.intent == "transcription":
        # A transcription model belongs into the session, not here (transcription guide, 2026-11).
        fault = None if knock.model is None else model_fault(knock.model)
        if fault is not None:
            return Turned(fault, BAD_REQUEST_CLOSE)
        return Admitted(_transcription(bound))
    return _speech(knock.model, bound)


def _transcription(bound: Settings | None) -> Settings:
    if bound is not None and bound.type == "transcription":
        return bound
    return Settings(type="transcription", model=DEFAULT_MODEL)


def _speech(model: str | None, bound: Settings | None) -> Admission:
    if model is None and bound is not None:
        return Admitted(bound)
    if not model:
        words = (
            "You must provide a model parameter, for example "
            f"wss://api.openai.com/v1/realtime?model={DEFAULT_MODEL}."
        )
        return Turned(Fault("missing_model", words), BAD_REQUEST_CLOSE)
    fault = model_fault(model)
    if fault is not None:
        return Turned(fault, BAD_REQUEST_CLOSE)
    settings = bound if bound is not None else Settings()
    return Admitted(settings.with_model(model))


def close_reason(fault: Fault) -> str:
    """The reason text of a close frame: `<type>.<code>`, or `<type>` without a code."""
    return fault.type if fault.code is None else f"{fault.type}.{fault.code}"
