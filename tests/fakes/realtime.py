"""Clients of the Realtime API for tests: a WebSocket and a WebRTC peer.

Every server event that reaches one of them is validated by the strict union of `openai-agents`;
a test cannot switch that off. With RTSTART_TEST_TRAFFIC every event is also written to that file,
for the zod schema of `@openai/agents-realtime` (tests/clients/test_traffic.py).
"""

import asyncio
import base64
import json
import os
import wave
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from agents.realtime.openai_realtime import get_server_event_type_adapter
from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType
from aiortc import RTCConfiguration, RTCPeerConnection, RTCRtpSender, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from av import AudioFrame

from rtstart.adapters.emulator.audio.samples import (
    RATE_HZ,
    Mixdown,
    Samples,
    from_bytes,
    resampled,
    stereo_frame_of,
)
from rtstart.adapters.emulator.ice import LOOPBACK, gather_only

Event = Mapping[str, Any]  # a server event, already validated
KEY = "sk-test-emulated"
WAIT_S = 8.0


def validated(text: str) -> Event:
    """The event in this text; raises when the strict union of openai-agents refuses it."""
    event = json.loads(text)
    if traffic := os.environ.get("RTSTART_TEST_TRAFFIC"):
        with Path(traffic).open("a", encoding="utf-8") as file:
            file.write(f"{json.dumps(event)}\n")
    get_server_event_type_adapter().validate_python(event)
    assert isinstance(event, dict)
    assert event["event_id"].startswith("event_emu"), event
    return event


class Events:
    """What a client has received, and waiting for what it has not."""

    def __init__(self) -> None:
        self.all: list[Event] = []
        self.fault: Exception | None = None
        self._more = asyncio.Event()
        self._seen = 0

    def take_in(self, text: str) -> None:
        """A message came."""
        try:
            self.all.append(validated(text))
        except Exception as error:  # noqa: BLE001 - shown by the test that waits
            self.fault = error
        self._more.set()

    def ended(self) -> None:
        """Nothing more will come."""
        self._more.set()

    def of(self, type: str) -> list[Event]:
        """All events of a type so far."""
        return [event for event in self.all if event["type"] == type]

    def types(self, *, without: tuple[str, ...] = ()) -> list[str]:
        """The types so far, in order; several of the same in a row count once."""
        found: list[str] = []
        for event in self.all:
            if event["type"] not in without and found[-1:] != [event["type"]]:
                found.append(event["type"])
        return found

    async def next(self, type: str, within_s: float = WAIT_S) -> Event:
        """The next event of this type, after the last one that was waited for."""
        return await self.find(lambda event: event["type"] == type, type, within_s)

    async def find(self, is_it: Callable[[Event], bool], what: str, within_s: float) -> Event:
        """The next event that fits."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                while True:
                    if self.fault is not None:
                        raise self.fault
                    while self._seen < len(self.all):
                        event = self.all[self._seen]
                        self._seen += 1
                        if is_it(event):
                            return event
                    self._more.clear()
                    await self._more.wait()
        raise AssertionError(f"no {what} within {within_s} s; came: {self.types()}")


class SocketClient:
    """A WebSocket to an emulator."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self.socket = socket
        self.events = Events()
        self._reader = asyncio.get_running_loop().create_task(self._read())

    async def _read(self) -> None:
        async for message in self.socket:
            if message.type is WSMsgType.TEXT:
                self.events.take_in(message.data)
        self.events.ended()

    async def send(self, type: str, /, **fields: object) -> None:
        """Send a client event."""
        await self.socket.send_str(json.dumps({"type": type, **fields}))

    async def update(self, **session: object) -> Event:
        """Change the session and wait until it is changed."""
        await self.send("session.update", session={"type": "realtime", **session})
        return await self.events.next("session.updated")

    async def speak(self, samples: Samples, *, piece_ms: int = 100) -> None:
        """Append sound as fast as it goes through."""
        size = RATE_HZ * piece_ms // 1000
        for start in range(0, len(samples), size):
            data = samples[start : start + size].astype("<i2").tobytes()
            await self.send(
                "input_audio_buffer.append", audio=base64.b64encode(data).decode("ascii")
            )

    def answer_sound(self) -> Samples:
        """All sound of answers so far."""
        deltas = self.events.of("response.output_audio.delta")
        data = b"".join(base64.b64decode(event["delta"]) for event in deltas)
        return from_bytes(data)

    async def closed(self, within_s: float = WAIT_S) -> int | None:
        """Wait for the other side to close; gives its code."""
        await asyncio.wait_for(self._reader, within_s)
        return self.socket.close_code

    async def stop(self) -> None:
        """Close from this side."""
        await self.socket.close()
        await self._reader


@asynccontextmanager
async def connected(
    realtime_url: str,
    *,
    query: str = "model=gpt-realtime-2.1",
    headers: Mapping[str, str] | None = None,
    protocols: tuple[str, ...] = (),
) -> AsyncIterator[SocketClient]:
    """A WebSocket with this query; the test key is the credential unless headers are given."""
    given = {"Authorization": f"Bearer {KEY}"} if headers is None else headers
    async with (
        ClientSession() as http,
        http.ws_connect(
            f"{realtime_url}?{query}", headers=given, protocols=protocols, max_msg_size=0
        ) as socket,
    ):
        client = SocketClient(socket)
        try:
            yield client
        finally:
            await client.stop()
        if client.events.fault is not None:
            raise client.events.fault


def recording(path: Path) -> Samples:
    """A WAV file at the emulator's rate."""
    with wave.open(str(path)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), np.int16)
        return resampled(samples, file.getframerate(), RATE_HZ)


class Microphone(MediaStreamTrack):
    """A track that plays samples once, in real time, and then silence."""

    kind = "audio"

    def __init__(self, samples: Samples) -> None:
        super().__init__()
        self._samples = samples
        self._place = 0
        self.begun_at: float | None = None

    def say(self, samples: Samples) -> None:
        """Say something else from now on."""
        self._samples = np.concatenate([np.zeros(self._place, np.int16), samples])

    async def recv(self) -> AudioFrame:
        """The next 20 ms, when they are due."""
        if self.readyState != "live":
            raise MediaStreamError
        loop = asyncio.get_running_loop()
        if self.begun_at is None:
            self.begun_at = loop.time()
        size = RATE_HZ // 50
        await asyncio.sleep(max(0.0, self.begun_at + self._place / RATE_HZ - loop.time()))
        piece = self._samples[self._place : self._place + size]
        frame = stereo_frame_of(np.pad(piece, (0, size - len(piece))), RATE_HZ)
        frame.pts, frame.time_base = self._place, Fraction(1, RATE_HZ)
        self._place += size
        return frame


class PeerClient:
    """A caller over WebRTC. `heard` is all sound that came, at the emulator's rate."""

    def __init__(self, samples: Samples, *, codecs: tuple[str, ...] = ()) -> None:
        self.events = Events()
        self.heard: list[Samples] = []
        self.arrivals_s: list[float] = []
        self.microphone = Microphone(samples)
        self.peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.channel = self.peer.createDataChannel("oai-events")
        self.channel.on("message", self.events.take_in)
        self.peer.on("track", self._on_track)
        self._listener: asyncio.Task[None] | None = None
        transceiver = self.peer.addTransceiver(self.microphone)
        if codecs:
            known = RTCRtpSender.getCapabilities("audio").codecs
            chosen = [codec for name in codecs for codec in known if codec.mimeType.endswith(name)]
            transceiver.setCodecPreferences(chosen)

    async def call(
        self,
        base_url: str,
        key: str = KEY,
        *,
        change_offer: Callable[[str], str] = str,
    ) -> str:
        """Post an offer, take the answer; gives the call id."""
        offer = await self.peer.createOffer()
        gather_only(self.peer, [LOOPBACK])
        await self.peer.setLocalDescription(offer)
        async with (
            ClientSession() as http,
            http.post(
                f"{base_url}/realtime/calls",
                data=change_offer(self.peer.localDescription.sdp).encode(),
                headers={"Authorization": f"Bearer {key}", "Content-Type": "application/sdp"},
            ) as response,
        ):
            body = await response.text()
            assert response.status == 201, body
            assert response.content_type == "application/sdp"
            call_id = response.headers["Location"].rpartition("/")[2]
        await self.peer.setRemoteDescription(RTCSessionDescription(body, "answer"))
        return call_id

    def send(self, type: str, /, **fields: object) -> None:
        """Send a client event."""
        self.channel.send(json.dumps({"type": type, **fields}))

    def _on_track(self, track: MediaStreamTrack) -> None:
        self._listener = asyncio.get_running_loop().create_task(self._listen(track))

    async def _listen(self, track: MediaStreamTrack) -> None:
        mix = Mixdown()
        with suppress(MediaStreamError):
            while True:
                frame = await track.recv()
                if isinstance(frame, AudioFrame):
                    self.arrivals_s.append(asyncio.get_running_loop().time())
                    self.heard.append(mix(frame))

    def sound(self) -> Samples:
        """Everything heard so far."""
        return np.concatenate([np.zeros(0, np.int16), *self.heard])

    async def hang_up(self) -> None:
        """End the call from this side."""
        await self.peer.close()
        if self._listener is not None:
            # A track that never began does not end either.
            self._listener.cancel()
            with suppress(asyncio.CancelledError):
                await self._listener
        if self.events.fault is not None:
            raise self.events.fault


@asynccontextmanager
async def calling(
    base_url: str, samples: Samples, *, key: str = KEY, codecs: tuple[str, ...] = ()
) -> AsyncIterator[PeerClient]:
    """A WebRTC call in which these samples are said; the session has begun."""
    client = PeerClient(samples, codecs=codecs)
    try:
        await client.call(base_url, key)
        await client.events.next("session.created")
        yield client
    finally:
        await client.hang_up()


def silence(ms: int) -> Samples:
    """No sound, this long."""
    return np.zeros(RATE_HZ * ms // 1000, np.int16)
