"""Telephone calls: the sample of `rtstart webhook` rings, and is a call once it is accepted."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession, WSServerHandshakeError

from rtstart.adapters.emulator.server import Emulator
from tests.fakes.realtime import KEY, connected

pytestmark = pytest.mark.integration

AUTH = {"Authorization": f"Bearer {KEY}"}
CALL = "rtc_sample_0123456789ab"
SESSION = {"type": "realtime", "instructions": "Answer the telephone."}


@pytest.fixture
async def http() -> AsyncIterator[ClientSession]:
    """A client that is closed after the test."""
    async with ClientSession() as session:
        yield session


async def _ask(http: ClientSession, emulator: Emulator, verb: str, body: object = None) -> int:
    url = f"{emulator.base_url}/realtime/calls/{CALL}/{verb}"
    async with http.post(url, json=body or {}, headers=AUTH) as answer:
        return answer.status


async def test_an_accepted_call_is_steered_from_beside_it_and_hung_up(
    http: ClientSession, emulator: Emulator
) -> None:
    accepted = await _ask(http, emulator, "accept", SESSION)
    async with connected(emulator.realtime_url, query=f"call_id={CALL}") as beside:
        created = await beside.events.next("session.created")
        await beside.send("response.create")
        await beside.events.next("output_audio_buffer.stopped")
        referred = await _ask(http, emulator, "refer", {"target_uri": "tel:+15550100"})
        hung_up = await _ask(http, emulator, "hangup")
        code = await beside.closed()
    over = [await _ask(http, emulator, verb) for verb in ("accept", "hangup")]

    assert (accepted, referred, hung_up, code) == (200, 200, 200, 1000)
    assert created["session"]["instructions"] == "Answer the telephone."
    assert "output_audio_buffer.started" in beside.events.types()
    assert over == [404, 404]


async def test_a_call_that_rings_is_refused_wrongly_asked_and_declined(
    http: ClientSession, emulator: Emulator
) -> None:
    wrong = await _ask(http, emulator, "accept", {"voice": "marin"})
    referred = await _ask(http, emulator, "refer", {"target_uri": "tel:+15550100"})
    with pytest.raises(WSServerHandshakeError, match="404"):
        async with connected(emulator.realtime_url, query=f"call_id={CALL}"):
            pass
    declined = await _ask(http, emulator, "reject", {"status_code": 486})
    again = await _ask(http, emulator, "accept", SESSION)

    assert (wrong, referred, declined, again) == (400, 404, 200, 404)


async def test_nothing_of_a_telephone_call_is_left_when_the_emulator_stops(
    http: ClientSession, emulator: Emulator
) -> None:
    assert await _ask(http, emulator, "accept", SESSION) == 200
