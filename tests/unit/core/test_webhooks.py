import json

import pytest

from rtstart.core.webhooks import (
    Delivered,
    Signed,
    is_webhook_secret,
    sample,
    sign,
    webhook_key,
    why_refused,
)

# The example of the scheme's own paper, standard-webhooks.
KEY = webhook_key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
BODY = b'{"test": 2432232314}'
ID = "msg_p5jXN8AQM9LWM0D4loKWxJek"
AT = "1614265330"
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
NOW = 1614265330.0


def test_signature_is_that_of_the_scheme() -> None:
    assert sign(KEY, id=ID, timestamp=AT, body=BODY) == SIGNATURE


@pytest.mark.parametrize(
    ("signed", "body", "now", "why"),
    [
        (Signed(ID, AT, SIGNATURE), BODY, NOW, None),
        (Signed(ID, AT, f"v1,old {SIGNATURE}"), BODY, NOW + 300, None),
        (Signed(ID, AT, SIGNATURE), BODY + b" ", NOW, "wrong signature"),
        (Signed("msg_other", AT, SIGNATURE), BODY, NOW, "wrong signature"),
        (Signed(ID, "1614265331", SIGNATURE), BODY, NOW, "wrong signature"),
        (Signed(ID, AT, SIGNATURE), BODY, NOW + 301, "too old or new"),
        (Signed(ID, AT, SIGNATURE), BODY, NOW - 301, "too old or new"),
        (Signed(ID, AT, ""), BODY, NOW, "unsigned"),
        (Signed("", AT, SIGNATURE), BODY, NOW, "unsigned"),
        (Signed(ID, "soon", SIGNATURE), BODY, NOW, "unsigned"),
        (Signed(ID, "9" * 5000, SIGNATURE), BODY, NOW, "unsigned"),
        (Signed("\udcff", AT, "v1,\udcff"), BODY, NOW, "wrong signature"),
        (Signed(ID, AT, "v1,\udcff"), BODY, NOW, "wrong signature"),
    ],
)
def test_delivery_is_believed_only_when_signed_and_fresh(
    signed: Signed, body: bytes, now: float, why: str | None
) -> None:
    assert why_refused(KEY, signed, body, now_unix=now) == why


@pytest.mark.parametrize("secret", ["whsec_", "", "whsec_***", "whsec_abc"])
def test_secret_that_is_none_is_refused(secret: str) -> None:
    with pytest.raises(ValueError, match="webhook secret"):
        webhook_key(secret)


def test_deliveries_are_remembered_up_to_a_bound() -> None:
    delivered = Delivered()
    for number in range(1001):
        delivered.take(str(number))

    assert [delivered.has("0"), delivered.has("1"), delivered.has("1000")] == [False, True, True]


def test_delivery_that_was_given_back_may_come_again() -> None:
    delivered = Delivered()
    delivered.take("evt_1")
    delivered.give_back("evt_1")
    delivered.give_back("evt_2")

    assert not delivered.has("evt_1")


def test_secrets_are_told_from_other_texts() -> None:
    assert [is_webhook_secret(text) for text in ("whsec_bXkgc2VjcmV0", "whsec_***")] == [
        True,
        False,
    ]


def test_sample_is_an_incoming_call_with_ids_of_its_own() -> None:
    delivery, body = sample(now_unix=1795364000, token="abc")

    told = json.loads(body)
    assert (delivery, told["id"], told["data"]["call_id"]) == (
        "wh_sample_abc",
        "evt_sample_abc",
        "rtc_sample_abc",
    )
    assert (told["type"], told["created_at"]) == ("realtime.call.incoming", 1795364000)
