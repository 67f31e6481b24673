"""Python `openai-agents`, unmodified: its strict validation is also run over every event."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from agents import function_tool
from agents.realtime import RealtimeAgent, RealtimeRunner, RealtimeSession

from rtstart.adapters.emulator.audio.samples import RATE_HZ, from_bytes
from rtstart.adapters.emulator.ice import LOOPBACK
from rtstart.adapters.emulator.server import Emulator, EmulatorOptions
from tests.fakes.realtime import KEY, recording
from tests.fakes.speech import ONE_TURN, TWO_TURNS

pytestmark = pytest.mark.integration


@asynccontextmanager
async def _session(
    emulator: Emulator, agent: RealtimeAgent, **settings: Any
) -> AsyncIterator[RealtimeSession]:
    config: Any = {"model_settings": settings}
    runner = RealtimeRunner(agent, config=config)
    url = f"{emulator.realtime_url}?model=gpt-realtime-2.1"
    async with await runner.run(model_config={"api_key": KEY, "url": url}) as session:
        yield session


async def _until(session: RealtimeSession, type: str) -> list[Any]:
    """All events up to the first of this type; an error event fails the test."""
    seen: list[Any] = []
    async with asyncio.timeout(8):
        async for event in session:
            assert event.type != "error", event
            seen.append(event)
            if event.type == type:
                return seen
    raise AssertionError(f"no {type}: {[event.type for event in seen]}")


def _agent(*tools: Any) -> RealtimeAgent:
    return RealtimeAgent(name="Helper", instructions="Be kind.", tools=list(tools))


async def test_text_is_answered(emulator: Emulator) -> None:
    async with _session(emulator, _agent(), modalities=["text"]) as session:
        await session.send_message("Hello")
        seen = await _until(session, "agent_end")

    history = [event for event in seen if event.type == "history_updated"][-1].history
    texts = [part.text for item in history for part in item.content]
    assert texts == ["Hello", "You wrote: Hello"]


async def test_speech_is_answered_with_sound_and_written_down(emulator: Emulator) -> None:
    detection = {"type": "server_vad", "silence_duration_ms": 300}
    sound = b""
    async with _session(emulator, _agent(), turn_detection=detection) as session:
        await session.send_audio(recording(ONE_TURN.path).tobytes())
        seen = await _until(session, "audio_end")

    sound = b"".join(event.audio.data for event in seen if event.type == "audio")
    assert len(from_bytes(sound)) / RATE_HZ == pytest.approx(1.8, abs=0.2)


async def test_the_default_turn_detection_answers_too(emulator: Emulator) -> None:
    async with _session(emulator, _agent()) as session:
        said = recording(ONE_TURN.path)
        await session.send_audio(said.tobytes())
        await session.send_audio(bytes(4 * RATE_HZ * 2))
        await _until(session, "audio_end")


async def test_a_tool_runs_and_its_answer_is_spoken_of(emulator: Emulator) -> None:
    asked: list[str] = []

    @function_tool
    def get_weather(city: str = "Rome") -> str:
        """The weather of a city."""
        asked.append(city)
        return f"sunny in {city}"

    async with _session(
        emulator, _agent(get_weather), modalities=["text"], tool_choice="required"
    ) as session:
        await session.send_message("How is the weather?")
        seen = await _until(session, "tool_end")

    assert asked == ["Rome"]
    assert seen[-1].output == "sunny in Rome"


async def test_an_answer_is_interrupted(emulator: Emulator) -> None:
    said = recording(TWO_TURNS.path)
    first, second = TWO_TURNS.turns
    detection = {"type": "server_vad", "interrupt_response": True}
    async with _session(emulator, _agent(), turn_detection=detection) as session:
        pause = (first.end_ms + 700) * RATE_HZ // 1000
        await session.send_audio(said[:pause].tobytes())
        await _until(session, "audio")
        await session.send_audio(said[second.start_ms * RATE_HZ // 1000 :].tobytes())
        await _until(session, "audio_interrupted")
        await _until(session, "audio_end")


async def test_the_end_of_a_session_is_told() -> None:
    options = EmulatorOptions(advertise=(LOOPBACK,), session_s=0.5)
    codes: list[str] = []
    async with Emulator(options) as emulator, _session(emulator, _agent()) as session:
        async with asyncio.timeout(8):
            async for event in session:
                if event.type == "error":
                    codes.append(event.error.code)
                    break

    assert codes == ["session_expired"]
