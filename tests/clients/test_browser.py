"""`@openai/agents-realtime` in Chromium, unmodified, with real speech as its microphone."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, web
from playwright.async_api import Page

from rtstart.adapters.emulator.audio.samples import RATE_HZ
from rtstart.adapters.emulator.server import Emulator
from tests.clients.node import NodeClients
from tests.fakes.browser import chromium, padded
from tests.fakes.realtime import KEY, validated
from tests.fakes.speech import ONE_TURN, TWO_TURNS

pytestmark = [pytest.mark.clients, pytest.mark.timeout(150)]

_SPOKEN_S = (ONE_TURN.turns[0].end_ms - ONE_TURN.turns[0].start_ms) / 1000


@asynccontextmanager
async def _page(node: NodeClients, microphone: Path) -> AsyncIterator[Page]:
    """A page of its own origin, with the SDK's own bundle."""
    folder = node.app.folder
    app = web.Application()

    async def index(request: web.Request) -> web.FileResponse:
        del request
        return web.FileResponse(folder / "page.html")

    app.router.add_get("/", index)
    bundle = folder / "node_modules" / "@openai" / "agents-realtime" / "dist" / "bundle"
    app.router.add_static("/bundle", bundle)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        async with chromium(microphone) as browser:
            page = await browser.new_page()
            await page.goto(f"http://localhost:{runner.addresses[0][1]}/")
            await page.wait_for_function("globalThis.isReady")
            yield page
    finally:
        await runner.cleanup()


async def _secret(emulator: Emulator) -> str:
    url = f"{emulator.base_url}/realtime/client_secrets"
    headers = {"Authorization": f"Bearer {KEY}"}
    async with ClientSession() as http, http.post(url, headers=headers, json={}) as answer:
        value: str = (await answer.json())["value"]
        return value


async def _came(page: Page, type: str, times: int = 1) -> None:
    await page.wait_for_function(
        "([type, times]) => seen.filter((event) => event.type === type).length >= times",
        arg=[type, times],
        timeout=15_000,
    )


async def _seen(page: Page) -> list[Any]:
    events: list[Any] = await page.evaluate("seen.map((event) => JSON.stringify(event))")
    return [validated(text) for text in events if '"event_emu' in text[:400]]


async def test_speech_comes_back_over_webrtc(
    node: NodeClients, emulator: Emulator, tmp_path: Path
) -> None:
    microphone = padded(ONE_TURN.path, tmp_path / "mic.wav", before_s=1, after_s=8)

    async with _page(node, microphone) as page:
        vad = {"audio": {"input": {"turnDetection": {"type": "server_vad"}}}}
        await page.evaluate(
            "([base, key, vad]) => webrtc(base, key, vad)",
            [emulator.base_url, await _secret(emulator), vad],
        )
        call_id = await page.evaluate("session.transport.callId")
        await _came(page, "output_audio_buffer.stopped")
        levels: list[tuple[float, float]] = await page.evaluate("levels")
        history: list[Any] = await page.evaluate("history_")
        errors = await page.evaluate('seen.filter((event) => event.type === "sdk error")')
        events = await _seen(page)

    # From the first sound to the last: a busy machine may look at the level seldom.
    loud_ms = [at_ms for at_ms, level in levels if level > 0.005]
    heard_s = (loud_ms[-1] - loud_ms[0]) / 1000
    assert call_id.startswith("rtc_emu")
    assert heard_s == pytest.approx(_SPOKEN_S, abs=0.5)
    roles = [(item["role"], item["content"][0]["transcript"]) for item in history]
    assert [role for role, _ in roles] == ["user", "assistant"]
    assert "pitch about" in roles[1][1]
    assert errors == []
    assert "response.done" in [event["type"] for event in events]


async def test_speech_interrupts_over_webrtc(
    node: NodeClients, emulator: Emulator, tmp_path: Path
) -> None:
    microphone = padded(TWO_TURNS.path, tmp_path / "mic.wav", before_s=1, after_s=6)

    async with _page(node, microphone) as page:
        vad = {"audio": {"input": {"turnDetection": {"type": "server_vad"}}}}
        await page.evaluate(
            "([base, key, vad]) => webrtc(base, key, vad)",
            [emulator.base_url, await _secret(emulator), vad],
        )
        await _came(page, "output_audio_buffer.cleared")
        await _came(page, "conversation.item.truncated")
        await _came(page, "output_audio_buffer.stopped")
        types = [event["type"] for event in await _seen(page)]

    assert types.count("conversation.item.truncated") == 1


async def test_the_session_is_muted_and_hung_up(
    node: NodeClients, emulator: Emulator, tmp_path: Path
) -> None:
    microphone = padded(ONE_TURN.path, tmp_path / "mic.wav", before_s=1, after_s=3)

    async with _page(node, microphone) as page:
        await page.evaluate(
            "([base, key]) => webrtc(base, key).then(() => session.mute(true))",
            [emulator.base_url, await _secret(emulator)],
        )
        await page.wait_for_timeout(3500)
        types = [event["type"] for event in await _seen(page)]
        await page.evaluate("session.close()")

    assert "input_audio_buffer.speech_started" not in types


async def test_a_forged_secret_is_refused_in_words(
    node: NodeClients, emulator: Emulator, tmp_path: Path
) -> None:
    microphone = padded(ONE_TURN.path, tmp_path / "mic.wav", before_s=0, after_s=0)

    async with _page(node, microphone) as page:
        words = await page.evaluate(
            "([base, key]) => refused(base, key)", [emulator.base_url, "ek_forged"]
        )

    assert words.startswith("Realtime call request failed with status 401: Incorrect API key")


async def test_speech_comes_back_over_a_websocket(
    node: NodeClients, emulator: Emulator, tmp_path: Path
) -> None:
    microphone = padded(ONE_TURN.path, tmp_path / "mic.wav", before_s=1, after_s=6)

    async with _page(node, microphone) as page:
        url = f"{emulator.realtime_url}?model=gpt-realtime-2.1"
        await page.evaluate("([url, key]) => websocket(url, key)", [url, await _secret(emulator)])
        await _came(page, "response.done")
        samples = await page.evaluate("bytes") / 2
        errors = await page.evaluate('seen.filter((event) => event.type === "sdk error")')

    assert samples / RATE_HZ == pytest.approx(_SPOKEN_S, abs=0.4)
    assert errors == []
