"""Keys, secrets, and who may open a session."""

import pytest

from rtstart.core.realtime.admission import (
    Admitted,
    Joining,
    Knock,
    Turned,
    admit,
    check_credential,
    close_reason,
    credential,
)
from rtstart.core.realtime.models import MODELS, model_fault
from rtstart.core.realtime.settings import Settings
from rtstart.core.realtime.tokens import (
    BETA_DISABLED,
    NO_CREDENTIALS,
    KeyPolicy,
    MintRequest,
    SecretStore,
    parse_mint,
    parse_session,
)
from rtstart.core.realtime.wire import Fault, Json

NOW = 1000.0
KEY = "sk-test-emulated"
REAL_KEY = "sk-proj-" + "A1b2" * 12
MINTED = Settings(model="gpt-realtime-2.1-mini", instructions="minted")


def _stored() -> SecretStore:
    store = SecretStore()
    store.keep("ek_emu1", MintRequest(60, MINTED), now=NOW)
    store.keep("ek_emu2", MintRequest(60, Settings(type="transcription")), now=NOW)
    return store


def _knock(**fields: object) -> Knock:
    usual = {
        "authorization": f"Bearer {KEY}",
        "beta_header": "",
        "protocols": (),
        "model": "gpt-realtime-2.1",
        "call_id": None,
        "intent": None,
    }
    return Knock(**{**usual, **fields})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("body", "request_"),
    [
        ({}, MintRequest(600, Settings(model="gpt-realtime-2.1"))),
        (
            {"session": None, "expires_after": None},
            MintRequest(600, Settings(model=MODELS[0].name)),
        ),
        (
            {
                "expires_after": {"anchor": "created_at", "seconds": 60},
                "session": {"type": "realtime", "model": "gpt-realtime-2", "instructions": "x"},
            },
            MintRequest(60, Settings(model="gpt-realtime-2", instructions="x")),
        ),
        (
            {"session": {"type": "transcription"}},
            MintRequest(600, Settings(type="transcription", model="gpt-realtime-2.1")),
        ),
    ],
)
def test_a_secret_is_asked_for(body: Json, request_: MintRequest) -> None:
    assert parse_mint(body) == request_


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        ([], "invalid_type", ""),
        ({"expires_after": {"seconds": 9}}, "integer_below_min_value", "expires_after.seconds"),
        ({"expires_after": {"seconds": 7201}}, "integer_above_max_value", "expires_after.seconds"),
        ({"expires_after": {"anchor": "now"}}, "invalid_value", "expires_after.anchor"),
        ({"session": {}}, "missing_required_parameter", "session.type"),
        ({"session": {"type": "realtime", "voice": "ash"}}, "unknown_parameter", "session.voice"),
        ({"model": "gpt-realtime"}, "unknown_parameter", "model"),
        ({"session": {"type": "realtime", "model": "x"}}, "invalid_model", "session.model"),
        (
            {"session": {"type": "realtime", "output_modalities": ["audio", "text"]}},
            "invalid_value",
            "session.output_modalities",
        ),
    ],
)
def test_a_secret_is_refused_when_asked_for_wrongly(body: Json, code: str, param: str) -> None:
    fault = parse_mint(body)

    assert isinstance(fault, Fault)
    assert (fault.code, fault.param) == (code, param)


def test_a_session_is_parsed_alone() -> None:
    assert parse_session({"type": "realtime"}) == Settings(model="gpt-realtime-2.1")
    assert isinstance(parse_session({"type": "x"}), Fault)


def test_a_secret_lives_until_it_expires() -> None:
    store = _stored()

    found = [store.find("ek_emu1", now=now) for now in (NOW, NOW + 59, NOW + 60, NOW + 60)]

    assert [isinstance(one, Fault) for one in found] == [False, False, True, True]
    expired, gone = found[2:]
    assert isinstance(expired, Fault)
    assert isinstance(gone, Fault)
    assert "has expired" in expired.message
    assert gone.code == expired.code == "invalid_api_key"


def test_the_oldest_secrets_give_way_when_there_are_too_many() -> None:
    store = SecretStore(capacity=100)

    for number in range(10_000):
        store.keep(f"ek_{number}", MintRequest(60, MINTED), now=NOW)

    assert len(store) == 100
    assert isinstance(store.find("ek_9899", now=NOW), Fault)
    assert not isinstance(store.find("ek_9900", now=NOW), Fault)


def test_the_oldest_secrets_give_way_when_they_are_too_large() -> None:
    store = SecretStore(capacity_bytes=1000)

    for number in range(10_000):
        store.keep(f"ek_{number}", MintRequest(60, MINTED), now=NOW, size_bytes=300)
    kept, size_bytes = len(store), store.size_bytes
    store.keep("ek_huge", MintRequest(60, MINTED), now=NOW, size_bytes=5000)

    assert (kept, size_bytes) == (3, 900)
    assert (len(store), store.size_bytes) == (1, 5000)


@pytest.mark.parametrize(
    ("key", "takes_real_keys", "code"),
    [
        (KEY, False, "ok"),
        ("anything", False, "ok"),
        ("", False, None),
        (REAL_KEY, False, "invalid_api_key"),
        (REAL_KEY, True, "ok"),
    ],
)
def test_real_keys_are_refused_unless_told(key: str, takes_real_keys: bool, code: str) -> None:
    fault = KeyPolicy(takes_real_keys).fault(key)

    assert ("ok" if fault is None else fault.code) == code
    assert fault is None or REAL_KEY not in fault.message


@pytest.mark.parametrize(
    ("authorization", "protocols", "key"),
    [
        ("Bearer a", (), "a"),
        ("bearer  a ", (), "a"),
        ("Basic a", (), ""),
        ("Bearer ", ("realtime", "openai-insecure-api-key.b"), "b"),
        ("Bearer a", ("openai-insecure-api-key.b",), "a"),
        ("", ("realtime",), ""),
    ],
)
def test_a_credential_is_found(authorization: str, protocols: tuple[str, ...], key: str) -> None:
    assert credential(authorization, protocols) == key


@pytest.mark.parametrize(
    ("knock", "answer"),
    [
        (_knock(), Admitted(Settings(model="gpt-realtime-2.1"))),
        (_knock(model="gpt-realtime-9"), Admitted(Settings(model="gpt-realtime-9"))),
        (
            _knock(authorization="Bearer ek_emu1", model="gpt-realtime-2"),
            Admitted(MINTED.with_model("gpt-realtime-2")),
        ),
        (_knock(authorization="Bearer ek_emu1", model=None), Admitted(MINTED)),
        (_knock(call_id="rtc_1", model=None), Joining("rtc_1")),
        (
            _knock(intent="transcription", model=None),
            Admitted(Settings(type="transcription", model="gpt-realtime-2.1")),
        ),
        (
            _knock(authorization="Bearer ek_emu2", intent="transcription"),
            Admitted(Settings(type="transcription")),
        ),
        (_knock(authorization=""), Turned(NO_CREDENTIALS, 3000)),
        (_knock(beta_header="realtime=v1"), Turned(BETA_DISABLED, 4000)),
        (_knock(protocols=("realtime", "openai-beta.realtime-v1")), Turned(BETA_DISABLED, 4000)),
    ],
)
def test_a_session_is_opened_or_not(knock: Knock, answer: object) -> None:
    assert admit(knock, secrets=_stored(), policy=KeyPolicy(), now=NOW) == answer


@pytest.mark.parametrize(
    ("knock", "code", "close"),
    [
        (_knock(authorization="Bearer ek_forged"), "invalid_api_key", 3000),
        (_knock(authorization=f"Bearer {REAL_KEY}"), "invalid_api_key", 3000),
        (_knock(model=None), "missing_model", 4000),
        (_knock(model=""), "missing_model", 4000),
        (_knock(model="gpt-nope"), "invalid_model", 4000),
        (_knock(model="gpt-transcribe", intent="transcription"), "invalid_model", 4000),
    ],
)
def test_a_refusal_has_its_code_and_close(knock: Knock, code: str, close: int) -> None:
    answer = admit(knock, secrets=_stored(), policy=KeyPolicy(), now=NOW)

    assert isinstance(answer, Turned)
    assert (answer.fault.code, answer.close_code) == (code, close)


def test_the_close_reason_names_the_error() -> None:
    assert close_reason(NO_CREDENTIALS) == "invalid_request_error"
    assert close_reason(BETA_DISABLED) == "invalid_request_error.beta_api_shape_disabled"


def test_a_secret_brings_its_settings() -> None:
    settings = check_credential("ek_emu1", secrets=_stored(), policy=KeyPolicy(), now=NOW)

    assert settings == MINTED


@pytest.mark.parametrize(
    "name",
    ["gpt-4o-realtime-preview", "gpt-live-1", "gpt-realtime-whisper", "gpt-live-transcribe"],
)
def test_models_for_other_things_are_refused(name: str) -> None:
    assert model_fault(name) == Fault(
        "invalid_model", f'Model "{name}" is not supported in realtime mode.'
    )


def test_models_are_listed_with_their_end() -> None:
    assert MODELS[-1].wire() == {
        "id": "gpt-realtime-mini-2025-12-15",
        "object": "model",
        "created": 1765756800,
        "owned_by": "rtstart-emulator",
        "shutdown_date": "2027-01-20",
    }
