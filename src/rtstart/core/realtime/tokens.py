"""Keys and ephemeral secrets: who may mint, what is minted, when a secret opens a session."""

from collections import OrderedDict
from dataclasses import dataclass, field

from rtstart.core.realtime.models import DEFAULT_MODEL, model_fault
from rtstart.core.realtime.rules import Choice, Shape, Whole, nullable
from rtstart.core.realtime.settings import Settings, modalities_fault
from rtstart.core.realtime.shapes import SESSION
from rtstart.core.realtime.wire import Fault, Fields, Json, as_fields, as_text, as_whole
from rtstart.core.secrets import looks_like_key, mask

DEFAULT_SECONDS = 600
CAPACITY = 10_000
CAPACITY_BYTES = 32 * 1024 * 1024
"""Secrets kept; the oldest give way, so that a runaway client cannot fill the memory."""

_MINT = Shape(
    {
        "expires_after": nullable(
            Shape({"anchor": Choice(("created_at",)), "seconds": Whole(10, 7200)})
        ),
        "session": nullable(SESSION),
    }
)

NO_CREDENTIALS = Fault(None, "Missing bearer or basic authentication in header")
BETA_DISABLED = Fault(
    "beta_api_shape_disabled",
    "The Realtime Beta API is no longer supported. Please use /v1/realtime for the GA API.",
)
"""The answer to every beta route, header and subprotocol (TanStack/ai#586)."""


@dataclass(frozen=True, slots=True)
class MintRequest:
    """A valid request for a secret: how long it lives and what its sessions begin with."""

    seconds: int
    settings: Settings


def parse_mint(body: Json) -> MintRequest | Fault:
    """The body of `POST /v1/realtime/client_secrets`; every field is optional."""
    fault = _MINT.fault(body, "")
    if fault is not None:
        return fault
    fields = as_fields(body)
    after = as_fields(fields.get("expires_after") or {})
    session = as_fields(fields.get("session") or {"type": "realtime"})
    settings = session_settings(session)
    if isinstance(settings, Fault):
        return settings
    return MintRequest(as_whole(after.get("seconds", DEFAULT_SECONDS)), settings)


def session_settings(session: Fields, *, path: str = "session") -> Settings | Fault:
    """The settings that a valid session object asks for, or why it cannot be had."""
    fault = modalities_fault(session, path)
    if fault is not None:
        return fault
    model = as_text(session.get("model", DEFAULT_MODEL))
    fault = model_fault(model, f"{path}.model")
    if fault is not None:
        return fault
    return Settings(model=model).updated(session)


def parse_session(body: Json, *, path: str = "session") -> Settings | Fault:
    """A whole session object, as `calls` and SIP `accept` take it."""
    fault = SESSION.fault(body, path)
    return fault if fault is not None else session_settings(as_fields(body), path=path)


@dataclass(frozen=True, slots=True)
class Secret:
    """A minted secret; `expires_at` is in Unix seconds."""

    value: str = field(repr=False)
    expires_at: int
    settings: Settings


@dataclass(frozen=True, slots=True)
class KeyPolicy:
    """Which API keys are taken. Real ones are refused, so that none gets used by mistake."""

    takes_real_keys: bool = False

    def fault(self, key: str) -> Fault | None:
        """Why this key may not be used, or None."""
        if not key:
            return NO_CREDENTIALS
        if not self.takes_real_keys and looks_like_key(key) and not key.startswith("sk-test-"):
            return Fault(
                "invalid_api_key",
                f"Incorrect API key provided: {mask(key)}. This is rtstart's emulator, which takes "
                "no real keys: set OPENAI_API_KEY to sk-test-emulated.",
            )
        return None


def wrong_key(key: str) -> Fault:
    """The refusal of a key that the API does not know (captured 2026-09-18)."""
    return Fault(
        "invalid_api_key",
        f"Incorrect API key provided: {mask(key)}. You can find your API key at "
        "https://platform.openai.com/account/api-keys.",
    )


class SecretStore:
    """The secrets that were minted, in memory only: so many, and of so many bytes, at most."""

    def __init__(self, capacity: int = CAPACITY, capacity_bytes: int = CAPACITY_BYTES) -> None:
        self._capacity = capacity
        self._capacity_bytes = capacity_bytes
        self._sizes: dict[str, int] = {}
        self.size_bytes = 0
        self._secrets: OrderedDict[str, Secret] = OrderedDict()

    def __len__(self) -> int:
        return len(self._secrets)

    def keep(self, value: str, request: MintRequest, *, now: float, size_bytes: int = 0) -> Secret:
        """Keep a new secret; `value` must not be guessable. `size_bytes` is its request's."""
        secret = Secret(value, int(now) + request.seconds, request.settings)
        room = self._capacity_bytes - size_bytes
        while self._secrets and (len(self._secrets) >= self._capacity or self.size_bytes > room):
            self._forget(next(iter(self._secrets)))
        self._secrets[value] = secret
        self._sizes[value] = size_bytes
        self.size_bytes += size_bytes
        return secret

    def _forget(self, value: str) -> None:
        del self._secrets[value]
        self.size_bytes -= self._sizes.pop(value)

    def find(self, value: str, *, now: float) -> Secret | Fault:
        """The secret, if it may open a session now. It may do so often, until it expires."""
        secret = self._secrets.get(value)
        if secret is None:
            return wrong_key(value)
        if now >= secret.expires_at:
            self._forget(value)
            return Fault(
                "invalid_api_key",
                f"Incorrect API key provided: {mask(value)}. This ephemeral key has expired.",
            )
        return secret
