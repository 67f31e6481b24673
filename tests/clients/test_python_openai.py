"""Python `openai`, unmodified: minting, calls, text, audio, tools, closes."""

import base64
from collections.abc import AsyncIterator
from typing import Any

import openai
import pytest
from openai import AsyncOpenAI
from websockets.exceptions import ConnectionClosedError

from rtstart.adapters.emulator.audio.samples import RATE_HZ, from_bytes
from rtstart.adapters.emulator.ice import LOOPBACK
from rtstart.adapters.emulator.server import Emulator, EmulatorOptions
from tests.fakes.realtime import KEY, PeerClient, recording, silence
from tests.fakes.speech import ONE_TURN

pytestmark = pytest.mark.integration


@pytest.fixture
async def client(emulator: Emulator) -> AsyncIterator[AsyncOpenAI]:
    """As an app makes it, with the base URL of the emulator."""
    async with AsyncOpenAI(base_url=emulator.base_url, api_key=KEY) as made:
        yield made


async def test_it_mints(client: AsyncOpenAI) -> None:
    minted = await client.realtime.client_secrets.create(
        expires_after={"anchor": "created_at", "seconds": 60},
        session={"type": "realtime", "model": "gpt-realtime-2.1-mini"},
    )

    assert minted.value.startswith("ek_")
    assert minted.session.type == "realtime"
    assert minted.session.model == "gpt-realtime-2.1-mini"


async def test_a_refused_mint_is_the_exception_it_should_be(client: AsyncOpenAI) -> None:
    session: Any = {"type": "realtime", "voice": "alloy"}
    with pytest.raises(openai.BadRequestError) as refused:
        await client.realtime.client_secrets.create(session=session)

    assert (refused.value.code, refused.value.param) == ("unknown_parameter", "session.voice")
    assert refused.value.request_id is not None
    assert refused.value.request_id.startswith("req_emu")


async def test_a_wrong_key_is_the_exception_it_should_be(emulator: Emulator) -> None:
    real = f"sk-proj-{'x' * 40}"
    async with AsyncOpenAI(base_url=emulator.base_url, api_key=real) as client:
        with pytest.raises(openai.AuthenticationError) as refused:
            await client.realtime.client_secrets.create()

    assert refused.value.code == "invalid_api_key"


async def test_it_lists_models(client: AsyncOpenAI) -> None:
    models = await client.models.list()

    assert "gpt-realtime-2.1" in [model.id for model in models.data]


@pytest.mark.parametrize("with_session", [True, False])
async def test_it_makes_and_ends_calls(client: AsyncOpenAI, with_session: bool) -> None:
    peer = PeerClient(silence(0))
    offer = await peer.peer.createOffer()

    if with_session:
        made = await client.realtime.calls.create(
            sdp=offer.sdp, session={"type": "realtime", "model": "gpt-realtime-2"}
        )
    else:
        made = await client.realtime.calls.create(sdp=offer.sdp)
    call_id = made.response.headers["location"].rpartition("/")[2]
    await client.realtime.calls.accept(call_id, type="realtime")
    await client.realtime.calls.refer(call_id, target_uri="tel:+15550100")
    await client.realtime.calls.hangup(call_id)
    with pytest.raises(openai.NotFoundError):
        await client.realtime.calls.reject(call_id)
    await peer.hang_up()

    assert made.response.text.startswith("v=0")


async def test_it_talks_in_text(client: AsyncOpenAI) -> None:
    async with client.realtime.connect(model="gpt-realtime-2.1") as connection:
        await connection.session.update(
            session={"type": "realtime", "output_modalities": ["text"], "instructions": "x"}
        )
        await connection.conversation.item.create(
            item={
                "type": "message",
                "role": "user",
                "content": [{"type": "input_text", "text": "Hello"}],
            }
        )
        await connection.response.create()
        text = ""
        async for event in connection:
            if event.type == "response.output_text.delta":
                text += event.delta
            if event.type == "response.done":
                break

    assert text == "You wrote: Hello"


async def test_it_talks_in_sound(client: AsyncOpenAI) -> None:
    said = recording(ONE_TURN.path).tobytes()
    sound = b""

    async with client.realtime.connect(model="gpt-realtime-2.1") as connection:
        for start in range(0, len(said), 4800):
            piece = base64.b64encode(said[start : start + 4800]).decode("ascii")
            await connection.input_audio_buffer.append(audio=piece)
        async for event in connection:
            if event.type == "response.output_audio.delta":
                sound += base64.b64decode(event.delta)
            if event.type == "response.done":
                break

    assert len(from_bytes(sound)) / RATE_HZ == pytest.approx(1.8, abs=0.2)


async def test_a_refused_connection_closes_with_the_code_of_the_real_one(
    client: AsyncOpenAI,
) -> None:
    codes: list[str | None] = []

    async def listen() -> None:
        async with client.realtime.connect(model="gpt-nope") as connection:
            async for event in connection:
                assert event.type == "error"
                codes.append(event.error.code)

    with pytest.raises(ConnectionClosedError) as closed:
        await listen()

    assert codes == ["invalid_model"]
    assert closed.value.rcvd is not None
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (
        4000,
        "invalid_request_error.invalid_model",
    )


async def test_the_end_of_a_session_ends_the_loop_quietly() -> None:
    options = EmulatorOptions(advertise=(LOOPBACK,), session_s=0.3)
    async with (
        Emulator(options) as emulator,
        AsyncOpenAI(base_url=emulator.base_url, api_key=KEY) as client,
        client.realtime.connect(model="gpt-realtime-2.1") as connection,
    ):
        events = [event async for event in connection]

    assert [event.type for event in events] == ["session.created", "error"]


async def test_the_beta_namespace_is_refused(emulator: Emulator) -> None:
    address = emulator.realtime_url.removesuffix("/realtime")
    # Without an address of its own the beta client insists on TLS.
    async with AsyncOpenAI(
        base_url=emulator.base_url, websocket_base_url=address, api_key=KEY
    ) as client:
        with pytest.raises(ConnectionClosedError, match="beta_api_shape_disabled"):
            async with client.beta.realtime.connect(model="gpt-realtime") as connection:
                _ = [event async for event in connection]


async def test_it_joins_a_call_beside_the_caller(client: AsyncOpenAI, emulator: Emulator) -> None:
    caller = PeerClient(silence(0))
    call_id = await caller.call(emulator.base_url)
    await caller.events.next("session.created")

    async with client.realtime.connect(call_id=call_id) as sideband:
        created = await sideband.recv()
        await sideband.session.update(session={"type": "realtime", "instructions": "aside"})
        updated = await caller.events.next("session.updated")
    await caller.hang_up()

    assert created.type == "session.created"
    assert updated["session"]["instructions"] == "aside"
