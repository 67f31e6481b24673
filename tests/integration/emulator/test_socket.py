"""The WebSocket transport: who gets in, what is said, how it ends."""

import asyncio
import base64
import json
from typing import Any

import numpy as np
import psutil
import pytest
from aiohttp import ClientSession, WSMsgType, WSServerHandshakeError

from rtstart.adapters.emulator import websocket
from rtstart.adapters.emulator.audio.samples import RATE_HZ
from rtstart.adapters.emulator.ice import LOOPBACK
from rtstart.adapters.emulator.server import Emulator, EmulatorOptions
from rtstart.core.realtime import listening
from tests.fakes.realtime import KEY, SocketClient, connected, recording, silence
from tests.fakes.speech import ONE_TURN, TWO_TURNS

pytestmark = pytest.mark.integration

AUTH = {"Authorization": f"Bearer {KEY}"}
MODEL = "model=gpt-realtime-2.1"


def _said(text: str) -> dict[str, Any]:
    return {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}


async def test_a_text_turn_is_answered_in_the_order_of_the_real_one(emulator: Emulator) -> None:
    async with connected(emulator.realtime_url) as client:
        await client.update(output_modalities=["text"])
        await client.send("conversation.item.create", item=_said("Hello there"))
        await client.send("response.create")
        await client.events.next("rate_limits.updated")

    assert client.events.types() == [
        "session.created",
        "session.updated",
        "conversation.item.added",
        "conversation.item.done",
        "response.created",
        "response.output_item.added",
        "conversation.item.added",
        "response.content_part.added",
        "response.output_text.delta",
        "response.output_text.done",
        "response.content_part.done",
        "conversation.item.done",
        "response.output_item.done",
        "response.done",
        "rate_limits.updated",
    ]
    assert client.events.of("response.output_text.done")[0]["text"] == "You wrote: Hello there"


@pytest.mark.parametrize(
    ("query", "headers", "protocols", "code", "close", "reason"),
    [
        (MODEL, {}, (), None, 3000, "invalid_request_error"),
        (
            MODEL,
            {"Authorization": f"Bearer sk-proj-{'x' * 40}"},
            (),
            "invalid_api_key",
            3000,
            "invalid_request_error.invalid_api_key",
        ),
        (
            MODEL,
            {},
            ("realtime", "openai-insecure-api-key.ek_forged"),
            "invalid_api_key",
            3000,
            "invalid_request_error.invalid_api_key",
        ),
        ("", AUTH, (), "missing_model", 4000, "invalid_request_error.missing_model"),
        ("model=gpt-nope", AUTH, (), "invalid_model", 4000, "invalid_request_error.invalid_model"),
        (
            MODEL,
            {**AUTH, "OpenAI-Beta": "realtime=v1"},
            (),
            "beta_api_shape_disabled",
            4000,
            "invalid_request_error.beta_api_shape_disabled",
        ),
        (
            MODEL,
            {},
            ("realtime", f"openai-insecure-api-key.{KEY}", "openai-beta.realtime-v1"),
            "beta_api_shape_disabled",
            4000,
            "invalid_request_error.beta_api_shape_disabled",
        ),
    ],
)
async def test_a_socket_opens_says_why_and_closes(
    emulator: Emulator,
    *,
    query: str,
    headers: dict[str, str],
    protocols: tuple[str, ...],
    code: str | None,
    close: int,
    reason: str,
) -> None:
    async with (
        ClientSession() as http,
        http.ws_connect(
            f"{emulator.realtime_url}?{query}", headers=headers, protocols=protocols
        ) as socket,
    ):
        error = await socket.receive_json()
        end = await socket.receive()

    assert error["error"]["code"] == code
    assert (end.type, end.data, end.extra) == (WSMsgType.CLOSE, close, reason)


async def test_the_subprotocol_realtime_is_selected_only_when_offered(emulator: Emulator) -> None:
    chosen = []
    for protocols in ((), ("openai-agents-sdk.0.20.0", "realtime")):
        async with connected(emulator.realtime_url, protocols=protocols) as client:
            chosen.append(client.socket.protocol)

    assert chosen == [None, "realtime"]


async def test_a_transcription_session_is_opened_by_its_intent(emulator: Emulator) -> None:
    async with connected(emulator.realtime_url, query="intent=transcription") as client:
        created = await client.events.next("session.created")
        await client.send(
            "session.update",
            session={
                "type": "transcription",
                "audio": {"input": {"transcription": {"model": "gpt-live-transcribe"}}},
            },
        )
        await client.speak(recording(ONE_TURN.path))
        completed = await client.events.next(
            "conversation.item.input_audio_transcription.completed"
        )

    assert created["session"]["object"] == "realtime.transcription_session"
    assert completed["transcript"].startswith("[speech, 1.7 s, pitch about ")
    assert client.events.of("response.created") == []


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (b"\0\1", "invalid_event"),
        ("{", "invalid_json"),
        ('{"type": "nope"}', "invalid_value"),
        ('{"type": "input_audio_buffer.append", "audio": "%%%"}', "invalid_value"),
    ],
)
async def test_a_bad_frame_is_refused_and_the_session_goes_on(
    emulator: Emulator, frame: bytes | str, code: str
) -> None:
    async with connected(emulator.realtime_url) as client:
        await (
            client.socket.send_bytes(frame)
            if isinstance(frame, bytes)
            else client.socket.send_str(frame)
        )
        error = await client.events.next("error")
        await client.update(instructions="still here")

    assert error["error"]["code"] == code


async def test_odd_byte_counts_do_not_shift_the_sound(emulator: Emulator) -> None:
    said = recording(ONE_TURN.path).tobytes()

    async with connected(emulator.realtime_url) as client:
        for start in range(0, len(said), 4801):
            piece = base64.b64encode(said[start : start + 4801]).decode("ascii")
            await client.send("input_audio_buffer.append", audio=piece)
        await client.events.next("response.done")

    assert len(client.answer_sound()) / RATE_HZ == pytest.approx(1.8, abs=0.2)


async def test_the_largest_append_is_taken_and_a_larger_one_is_refused(emulator: Emulator) -> None:
    limit = 15 * 1024 * 1024

    async with connected(emulator.realtime_url) as client:
        await client.update(audio={"input": {"turn_detection": None}})
        for size in (limit, limit + 3):
            audio = base64.b64encode(bytes(size)).decode("ascii")
            await client.send("input_audio_buffer.append", audio=audio)
        error = await client.events.next("error")
        await client.send("input_audio_buffer.commit")
        await client.events.next("input_audio_buffer.committed")

    assert error["error"]["message"] == "Invalid 'audio': audio is larger than 15 MiB."
    assert len(client.events.of("error")) == 1


async def test_an_answer_is_interrupted_by_speech_and_truncated_by_the_client(
    emulator: Emulator,
) -> None:
    said = recording(TWO_TURNS.path)
    first, second = TWO_TURNS.turns
    pause = (first.end_ms + 700) * RATE_HZ // 1000

    async with connected(emulator.realtime_url) as client:
        await client.speak(said[:pause])
        delta = await client.events.next("response.output_audio.delta")
        await client.speak(said[second.start_ms * RATE_HZ // 1000 :])
        done = await client.events.next("response.done")
        await client.send(
            "conversation.item.truncate",
            item_id=delta["item_id"],
            content_index=0,
            audio_end_ms=100,
        )
        await client.events.next("conversation.item.truncated")
        await client.send("conversation.item.retrieve", item_id=delta["item_id"])
        retrieved = await client.events.next("conversation.item.retrieved")
        again = await client.events.next("response.done")

    assert done["response"]["status_details"] == {"type": "cancelled", "reason": "turn_detected"}
    assert len(base64.b64decode(retrieved["item"]["content"][0]["audio"])) == 100 * 48
    assert again["response"]["status"] == "completed"


async def test_sound_comes_faster_than_real_time_and_promptly(emulator: Emulator) -> None:
    loop = asyncio.get_running_loop()
    async with connected(emulator.realtime_url) as client:
        await client.speak(recording(ONE_TURN.path))
        await client.events.next("response.created")
        begun = loop.time()
        await client.events.next("response.output_audio.delta")
        first = loop.time() - begun
        await client.events.next("response.done")
        whole = loop.time() - begun

    assert first < 0.3
    assert 0.2 < whole < 1.2


@pytest.mark.parametrize("name", ["audio/pcmu", "audio/pcma"])
async def test_telephone_formats_are_understood_and_spoken(emulator: Emulator, name: str) -> None:
    from rtstart.adapters.emulator.audio.samples import decoded, encoded
    from rtstart.core.realtime.settings import FormatName

    format: FormatName = "audio/pcmu" if name == "audio/pcmu" else "audio/pcma"
    said = encoded(recording(ONE_TURN.path), format)

    async with connected(emulator.realtime_url) as client:
        wire = {"type": format}
        await client.update(audio={"input": {"format": wire}, "output": {"format": wire}})
        for start in range(0, len(said), 800):
            piece = base64.b64encode(said[start : start + 800]).decode("ascii")
            await client.send("input_audio_buffer.append", audio=piece)
        await client.events.next("response.done")

    deltas = client.events.of("response.output_audio.delta")
    answer, rate_hz = decoded(b"".join(base64.b64decode(d["delta"]) for d in deltas), format)
    assert len(answer) / rate_hz == pytest.approx(1.8, abs=0.2)
    assert np.abs(answer).max() > 5000


async def test_a_session_ends_after_its_time() -> None:
    options = EmulatorOptions(advertise=(LOOPBACK,), session_s=0.3)
    async with Emulator(options) as emulator, connected(emulator.realtime_url) as client:
        error = await client.events.next("error")
        code = await client.closed()

    assert error["error"]["code"] == "session_expired"
    assert code == 1001


async def test_stopping_the_emulator_closes_its_sockets() -> None:
    async with ClientSession() as http:
        async with Emulator(EmulatorOptions(advertise=(LOOPBACK,))) as emulator:
            socket = await http.ws_connect(f"{emulator.realtime_url}?{MODEL}", headers=AUTH)
            client = SocketClient(socket)
            await client.events.next("session.created")

        assert await client.closed() == 1001


async def test_pings_come_and_a_client_that_never_answers_is_cut_off(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(websocket, "PING_S", 0.05)
    monkeypatch.setattr(websocket, "SILENT_S", 0.2)
    async with (
        ClientSession() as http,
        http.ws_connect(f"{emulator.realtime_url}?{MODEL}", headers=AUTH, autoping=False) as socket,
    ):
        async with asyncio.timeout(5):
            messages = [message async for message in socket]

    pings = [len(message.data) for message in messages if message.type is WSMsgType.PING]
    assert set(pings) == {4}


async def test_an_unknown_call_cannot_be_joined(emulator: Emulator) -> None:
    async with ClientSession() as http:
        with pytest.raises(WSServerHandshakeError) as refused:
            await http.ws_connect(f"{emulator.realtime_url}?call_id=rtc_x", headers=AUTH)

    assert refused.value.status == 404


async def test_tools_are_called_when_they_are_forced(emulator: Emulator) -> None:
    tool = {"type": "function", "name": "get_time", "parameters": {"type": "object"}}
    async with connected(emulator.realtime_url) as client:
        await client.update(tools=[tool], tool_choice="required", output_modalities=["text"])
        await client.send("conversation.item.create", item=_said("What time is it?"))
        await client.send("response.create")
        done = await client.events.next("response.done")
        call = done["response"]["output"][0]
        output = {"type": "function_call_output", "call_id": call["call_id"], "output": "noon"}
        await client.send("conversation.item.create", item=output)
        await client.send("response.create", response={"tool_choice": "none"})
        text = await client.events.next("response.output_text.done")

    assert (call["type"], call["name"], call["status"]) == (
        "function_call",
        "get_time",
        "completed",
    )
    assert text["text"] == "The tool answered: noon"


async def test_push_to_talk_is_answered(emulator: Emulator) -> None:
    async with connected(emulator.realtime_url) as client:
        await client.update(audio={"input": {"turn_detection": None}})
        await client.send("input_audio_buffer.clear")
        await client.speak(recording(ONE_TURN.path))
        await client.send("input_audio_buffer.commit")
        await client.send("response.create")
        await client.events.next("response.done")

    assert client.events.of("input_audio_buffer.speech_started") == []
    assert len(client.answer_sound()) / RATE_HZ == pytest.approx(1.8, abs=0.2)


async def test_silence_starts_no_turn(emulator: Emulator) -> None:
    async with connected(emulator.realtime_url) as client:
        await client.speak(silence(3000))
        await client.update(instructions="a sign that all was heard")

    assert client.events.types() == ["session.created", "session.updated"]


async def test_a_flood_is_answered_in_order_and_others_are_not_kept_waiting(
    emulator: Emulator,
) -> None:
    message = {"type": "conversation.item.retrieve", "item_id": "none"}
    async with connected(emulator.realtime_url) as flooder, connected(emulator.realtime_url) as one:
        await one.events.next("session.created")
        for number in range(5000):
            await flooder.socket.send_json({**message, "event_id": f"flood_{number}"})
        await one.update(instructions="still quick")
        while len(flooder.events.of("error")) < 5000:
            await flooder.events.next("error", within_s=20)

    named = [event["error"]["event_id"] for event in flooder.events.of("error")]
    assert named == [f"flood_{number}" for number in range(5000)]


async def test_minutes_of_sound_in_one_message_keep_nobody_waiting(emulator: Emulator) -> None:
    said = np.tile(recording(ONE_TURN.path), 20)
    audio = base64.b64encode(said.astype("<i2").tobytes()).decode("ascii")
    rule = {"type": "server_vad", "create_response": False}
    came: list[str] = []
    async with connected(emulator.realtime_url) as talker, connected(emulator.realtime_url) as one:
        await talker.update(audio={"input": {"turn_detection": rule}})
        await one.events.next("session.created")

        async def heard() -> None:
            await talker.events.next("error", 20)
            came.append("all was heard")

        async def asked() -> None:
            await one.update(instructions="still quick")
            came.append("the other was answered")

        await talker.send("input_audio_buffer.append", audio=audio)
        await talker.send("conversation.item.retrieve", item_id="none")
        await talker.events.next("input_audio_buffer.speech_started", 20)
        await asyncio.gather(heard(), asked())

    turns = len(talker.events.of("input_audio_buffer.speech_started"))
    assert (came, turns) == (["the other was answered", "all was heard"], 20)


async def test_sound_beyond_the_buffer_is_refused_once_and_whole(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "MAX_BUFFER_BYTES", 48 * 2500)
    async with connected(emulator.realtime_url) as client:
        await client.update(audio={"input": {"turn_detection": None}})
        for duration_ms in (2000, 2000):
            audio = base64.b64encode(bytes(48 * duration_ms)).decode("ascii")
            await client.send("input_audio_buffer.append", audio=audio)
        await client.send("input_audio_buffer.commit")
        item_id = (await client.events.next("input_audio_buffer.committed"))["item_id"]
        await client.send("conversation.item.retrieve", item_id=item_id)
        item = (await client.events.next("conversation.item.retrieved"))["item"]

    assert [event["error"]["code"] for event in client.events.of("error")] == [
        "input_audio_buffer_full"
    ]
    assert len(base64.b64decode(item["content"][0]["audio"])) == 48 * 2000


async def test_what_is_sent_before_a_refusal_is_read_changes_nothing(emulator: Emulator) -> None:
    async with (
        ClientSession() as http,
        http.ws_connect(f"{emulator.realtime_url}?{MODEL}") as socket,
    ):
        await socket.send_json({"type": "response.create"})
        came = [message async for message in socket]

    assert [json.loads(message.data)["type"] for message in came] == ["error"]
    assert socket.close_code == 3000


async def test_secrets_take_little_memory_whatever_is_in_them(emulator: Emulator) -> None:
    process = psutil.Process()
    session = {"type": "realtime", "instructions": "x" * 20_000}
    async with ClientSession(headers=AUTH) as http:

        async def mint(count: int) -> None:
            for _ in range(count):
                url = f"{emulator.base_url}/realtime/client_secrets"
                async with http.post(url, json={"session": session}) as answer:
                    assert answer.status == 200

        await mint(100)
        before = process.memory_info().rss
        await asyncio.gather(*(mint(250) for _ in range(8)))
        grown = process.memory_info().rss - before

    # 2,000 of 20 kB are 40 MB; the store keeps 32 MiB whatever comes.
    assert grown < 60_000_000
