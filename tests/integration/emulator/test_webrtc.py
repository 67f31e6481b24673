"""The WebRTC transport: connecting, being interrupted, sidebands, bad networks."""

import asyncio
import base64
import random
from collections.abc import Callable

import numpy as np
import pytest
from aiohttp import ClientSession
from aiortc.mediastreams import VideoStreamTrack

from rtstart.adapters.emulator.audio.samples import RATE_HZ, Samples, from_bytes
from rtstart.adapters.emulator.ice import LOOPBACK, spoil
from rtstart.adapters.emulator.server import Emulator, EmulatorOptions
from tests.fakes.realtime import KEY, PeerClient, calling, connected, recording, silence
from tests.fakes.speech import ONE_TURN, TWO_TURNS

pytestmark = pytest.mark.integration

AUTH = {"Authorization": f"Bearer {KEY}"}


def _loud(sound: Samples) -> Samples:
    """From the first to the last sample that one would hear."""
    found = np.flatnonzero(np.abs(sound) > 300)
    return sound[found[0] : found[-1] + 1] if len(found) else sound[:0]


async def test_events_come_in_the_order_of_the_real_ones(emulator: Emulator) -> None:
    async with calling(emulator.base_url, recording(ONE_TURN.path)) as client:
        await client.events.next("output_audio_buffer.stopped")

    # Words of the transcript come before and while the answer is heard.
    beside = ("rate_limits.updated", "response.output_audio_transcript.delta")
    assert client.events.types(without=beside) == [
        "session.created",
        "input_audio_buffer.speech_started",
        "input_audio_buffer.speech_stopped",
        "input_audio_buffer.committed",
        "conversation.item.added",
        "conversation.item.done",
        "response.created",
        "response.output_item.added",
        "conversation.item.added",
        "response.content_part.added",
        "output_audio_buffer.started",
        "response.output_audio.done",
        "response.output_audio_transcript.done",
        "response.content_part.done",
        "conversation.item.done",
        "response.output_item.done",
        "response.done",
        "output_audio_buffer.stopped",
    ]
    turn = ONE_TURN.turns[0]
    started = client.events.of("input_audio_buffer.speech_started")[0]["audio_start_ms"]
    stopped = client.events.of("input_audio_buffer.speech_stopped")[0]["audio_end_ms"]
    spoken_ms = stopped - 500 - (started + 300)
    assert spoken_ms == pytest.approx(turn.end_ms - turn.start_ms, abs=200)


async def test_an_answer_is_interrupted_and_truncated_to_what_was_heard(
    emulator: Emulator,
) -> None:
    said = recording(TWO_TURNS.path)

    async with calling(emulator.base_url, said) as client:
        await client.events.next("output_audio_buffer.started")
        await client.events.next("input_audio_buffer.speech_started")
        truncated = await client.events.next("conversation.item.truncated")
        client.send("conversation.item.retrieve", item_id=truncated["item_id"])
        retrieved = await client.events.next("conversation.item.retrieved")
        await asyncio.sleep(0.4)
        heard = _loud(client.sound())

    types = client.events.types(without=("rate_limits.updated",))
    interruption = types[types.index("output_audio_buffer.started") :]
    assert [
        name
        for name in interruption
        if name
        in (
            "input_audio_buffer.speech_started",
            "output_audio_buffer.cleared",
            "conversation.item.truncated",
        )
    ] == [
        "input_audio_buffer.speech_started",
        "output_audio_buffer.cleared",
        "conversation.item.truncated",
    ]
    # The echo began 0.5 s after the first turn; the second begins 1.3 s after it.
    assert 300 < truncated["audio_end_ms"] < 1400
    kept = from_bytes(base64.b64decode(retrieved["item"]["content"][0]["audio"]))
    assert len(kept) * 1000 // RATE_HZ == truncated["audio_end_ms"]
    assert len(heard) / RATE_HZ == pytest.approx(len(_loud(kept)) / RATE_HZ, abs=0.06)


async def test_a_client_stops_an_answer_by_hand(emulator: Emulator) -> None:
    async with calling(emulator.base_url, recording(ONE_TURN.path)) as client:
        await client.events.next("output_audio_buffer.started")
        client.send("response.cancel")
        client.send("output_audio_buffer.clear")
        await client.events.next("output_audio_buffer.cleared")
        client.send("session.update", session={"type": "realtime", "instructions": "go on"})
        await client.events.next("session.updated")

    assert "output_audio_buffer.stopped" not in client.events.types()


async def test_sound_comes_evenly_and_without_gaps(emulator: Emulator) -> None:
    said = recording(ONE_TURN.path)

    async with calling(emulator.base_url, said) as client:
        await client.events.next("output_audio_buffer.stopped")

    gaps_ms = np.diff(client.arrivals_s) * 1000
    assert np.median(gaps_ms) == pytest.approx(20, abs=4)
    # Other work on the machine may hold up single frames; it must not hold up many.
    assert np.percentile(gaps_ms, 95) < 45
    # Within the echo there are no more silent windows than in what was said.
    spoken = said[ONE_TURN.turns[0].start_ms * 24 : ONE_TURN.turns[0].end_ms * 24]
    assert _silent_windows(_loud(client.sound())) <= _silent_windows(spoken) + 3


def _silent_windows(sound: Samples) -> int:
    windows = sound[: len(sound) // 480 * 480].reshape(-1, 480).astype(float)
    return int(np.sum(np.sqrt(np.mean(windows**2, axis=1)) < 50))


async def test_a_sideband_sees_and_steers_the_call(emulator: Emulator) -> None:
    client = PeerClient(recording(ONE_TURN.path))
    call_id = await client.call(emulator.base_url)
    await client.events.next("session.created")

    async with connected(emulator.realtime_url, query=f"call_id={call_id}") as sideband:
        created = await sideband.events.next("session.created")
        await sideband.update(instructions="from the server")
        await client.events.next("session.updated")
        await sideband.events.next("response.done")
        await sideband.send("conversation.item.retrieve", item_id="gone")
        await sideband.events.next("error")
        await client.events.next("response.done")
        await client.hang_up()
        code = await sideband.closed()

    assert created["session"]["object"] == "realtime.session"
    assert sideband.events.of("response.output_audio.delta") == []
    assert client.events.of("error") == []
    assert len(client.events.of("session.created")) == 1
    assert code == 1000


async def test_a_call_is_made_with_a_secret(emulator: Emulator) -> None:
    async with ClientSession() as http:
        url = f"{emulator.base_url}/realtime/client_secrets"
        session = {"type": "realtime", "instructions": "minted"}
        async with http.post(url, json={"session": session}, headers=AUTH) as answer:
            secret = (await answer.json())["value"]

    async with calling(emulator.base_url, silence(0), key=secret) as client:
        created = client.events.of("session.created")[0]

    assert created["session"]["instructions"] == "minted"


@pytest.mark.parametrize(
    "change",
    [
        str,
        lambda offer: (
            "\r\n".join(line for line in offer.splitlines() if "candidate" not in line) + "\r\n"
        ),
        lambda offer: offer.replace("127.0.0.1", "5f0e1b2c.local"),
    ],
    ids=["with candidates", "without", "with names of mDNS"],
)
async def test_an_offer_connects_whatever_candidates_it_has(
    emulator: Emulator, change: Callable[[str], str]
) -> None:
    client = PeerClient(silence(0))
    await client.call(emulator.base_url, change_offer=change)
    await client.events.next("session.created")
    await client.hang_up()


async def test_video_is_not_taken_and_sound_is(emulator: Emulator) -> None:
    client = PeerClient(recording(ONE_TURN.path))
    client.peer.addTrack(VideoStreamTrack())
    await client.call(emulator.base_url)
    await client.events.next("response.created")
    video = client.peer.getTransceivers()[1]
    direction = video.currentDirection
    await client.hang_up()

    assert direction == "inactive"


async def test_no_address_is_offered_but_those_asked_for() -> None:
    async with Emulator(EmulatorOptions(advertise=(LOOPBACK,))) as emulator:
        client = PeerClient(silence(0))
        await client.call(emulator.base_url)
        answer = client.peer.remoteDescription.sdp
        await client.hang_up()

    candidates = [line.split()[4] for line in answer.splitlines() if "a=candidate" in line]
    assert set(candidates) == {LOOPBACK}


async def test_own_addresses_are_offered_by_default_and_nothing_outside_is_asked() -> None:
    from rtstart.adapters.emulator.ice import own_addresses

    async with Emulator(EmulatorOptions()) as emulator:
        client = PeerClient(silence(0))
        await client.call(emulator.base_url)
        await client.events.next("session.created")
        answer = client.peer.remoteDescription.sdp
        await client.hang_up()

    offered = {line.split()[4]: line.split()[7] for line in answer.splitlines() if "a=cand" in line}
    assert offered == dict.fromkeys(own_addresses(), "host")


async def test_a_bad_network_does_not_break_a_call(emulator: Emulator) -> None:
    client = PeerClient(recording(ONE_TURN.path))
    chance = random.Random(7).random  # noqa: S311 - a bad network, not a secret
    spoil(client.peer, 0.05, chance)
    await client.call(emulator.base_url)
    await client.events.next("output_audio_buffer.stopped", 12)
    started = client.events.of("input_audio_buffer.speech_started")
    stopped = client.events.of("input_audio_buffer.speech_stopped")
    await client.hang_up()

    spoken_ms = stopped[0]["audio_end_ms"] - 500 - started[0]["audio_start_ms"] - 300
    assert spoken_ms == pytest.approx(1700, abs=300)
    assert len(_loud(client.sound())) / RATE_HZ == pytest.approx(1.8, abs=0.3)


async def test_a_second_call_works_after_the_first_is_gone(emulator: Emulator) -> None:
    for _ in range(2):
        async with calling(emulator.base_url, silence(0)) as client:
            client.send("session.update", session={"type": "realtime", "instructions": "x"})
            await client.events.next("session.updated")


async def test_calls_do_not_hear_each_other(emulator: Emulator) -> None:
    async with (
        calling(emulator.base_url, recording(ONE_TURN.path)) as speaker,
        calling(emulator.base_url, silence(0)) as listener,
    ):
        await speaker.events.next("output_audio_buffer.stopped")

    assert listener.events.types() == ["session.created"]
    assert len(_loud(listener.sound())) == 0


async def test_a_session_ends_after_its_time() -> None:
    options = EmulatorOptions(advertise=(LOOPBACK,), session_s=0.5)
    async with Emulator(options) as emulator, calling(emulator.base_url, silence(0)) as client:
        closed = asyncio.Event()
        client.channel.on("close", closed.set)
        error = await client.events.next("error")
        await asyncio.wait_for(closed.wait(), 5)

    assert error["error"]["code"] == "session_expired"
