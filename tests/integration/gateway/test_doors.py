"""Other ways in: a token for build servers, signed webhooks, a code that was typed."""

import time
from io import BytesIO

import pytest

from rtstart.adapters.gateway import Webhook
from rtstart.core.webhooks import sign, webhook_key
from tests.fakes.gateways import ORIGIN, running

pytestmark = pytest.mark.integration

TOKEN = "a-token-for-the-build"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


async def test_token_opens_by_header_and_as_an_invitation() -> None:
    async with running(standing_token=TOKEN) as r:
        url = r.public_url + "/"
        async with r.client.get(url, headers=r.outside() | {"X-Rtstart-Token": TOKEN}) as good:
            assert good.status == 200
        assert r.web.header("X-Rtstart-Token") == []
        async with r.client.get(url, headers=r.outside() | {"X-Rtstart-Token": "no"}) as bad:
            assert bad.status == 401
        for _ in range(2):
            async with r.client.post(
                f"{r.public_url}/i/{TOKEN}", headers=r.outside(), allow_redirects=False
            ) as spent:
                assert spent.status == 303
        mint = r.outside(Origin=ORIGIN) | {"X-Rtstart-Token": TOKEN}
        async with r.client.post(r.public_url + "/session", json={}, headers=mint) as minted:
            assert minted.status == 200


async def test_easy_token_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="at least 16"):
        async with running(standing_token="letmein"):
            pass


async def test_typed_code_leads_to_its_invitation() -> None:
    async with running() as r:
        code = r.gateway.invite().code
        places = []
        for typed in (code, code.lower().replace("-", ""), "nonsense", ""):
            url = f"{r.public_url}/.rtstart/enter"
            async with r.client.get(
                url, params={"code": typed}, headers=r.outside(), allow_redirects=False
            ) as answer:
                places.append((answer.status, answer.headers.get("Location")))

        assert places == [(303, f"/i/{code}"), (303, f"/i/{code}"), (403, None), (403, None)]


async def test_rotated_invitation_makes_earlier_ones_worthless() -> None:
    async with running() as r:
        old = r.gateway.invite()
        new = r.gateway.rotate_invitation("Bob")
        statuses = []
        for invitation in (old, new):
            async with r.client.post(
                r.public_url + invitation.path, headers=r.outside(), allow_redirects=False
            ) as answer:
                statuses.append(answer.status)

        assert statuses == [403, 303]


async def test_webhook_needs_no_invitation_but_a_signature() -> None:
    body = b'{"type": "realtime.call.incoming"}'
    at = str(int(time.time()))
    good = sign(webhook_key(SECRET), id="evt_1", timestamp=at, body=body)
    signed = {"webhook-id": "evt_1", "webhook-timestamp": at, "webhook-signature": good}
    async with running(webhooks=(Webhook("/upload", SECRET),)) as r:
        url = r.public_url + "/upload"

        async def post(data: bytes | BytesIO, headers: dict[str, str]) -> int:
            async with r.client.post(url, data=data, headers=r.outside() | headers) as answer:
                return answer.status

        statuses = [
            await post(body, {}),
            await post(body + b" ", signed),
            await post(body, signed | {"webhook-timestamp": str(int(at) - 999)}),
            await post(body, signed),
            await post(body, signed),
            await post(BytesIO(b"x" * 1_100_000), signed),
        ]
        async with r.client.get(url, headers=r.outside()) as got:
            statuses.append(got.status)

        assert statuses == [401, 401, 401, 200, 204, 413, 405]
        assert r.web.requests == [("POST", "/upload")]
        assert r.web.uploaded == len(body)
        assert r.web.header("webhook-signature") == [good]
