"""Serves the bare page: aiohttp and aiortc, an energy threshold, and the turn played back."""

import asyncio
import fractions
import sys
from collections import deque
from pathlib import Path

import numpy as np
from aiohttp import web
from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCPeerConnection,
    RTCSessionDescription,
)
from aiortc.mediastreams import MediaStreamError
from av import AudioFrame

_SILENCE_S = 0.5
_FRAME_S = 0.02
_RATE_HZ = 48_000
_FRAME = _RATE_HZ // 50
_SPEECH_RMS = 300.0


class Playback(MediaStreamTrack):
    """Plays what is put into `queue`, silence otherwise, 20 ms at a time."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self.queue: deque[np.ndarray] = deque()
        self._started = 0.0
        self._sent = 0

    async def recv(self) -> AudioFrame:
        loop = asyncio.get_running_loop()
        self._started = self._started or loop.time()
        await asyncio.sleep(max(0.0, self._started + self._sent * _FRAME_S - loop.time()))
        samples = self.queue.popleft() if self.queue else np.zeros(_FRAME, np.int16)
        frame = AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = _RATE_HZ
        frame.pts = self._sent * _FRAME
        frame.time_base = fractions.Fraction(1, _RATE_HZ)
        self._sent += 1
        return frame


async def _listen(track: MediaStreamTrack, playback: Playback) -> None:
    turn: list[np.ndarray] = []
    silent = 0.0
    while True:
        try:
            frame = await track.recv()
        except MediaStreamError:
            return
        if not isinstance(frame, AudioFrame):
            continue
        samples = frame.to_ndarray().reshape(-1)[:: frame.layout.nb_channels].astype(np.int16)
        if np.sqrt(np.mean(samples.astype(np.float64) ** 2)) > _SPEECH_RMS:
            turn.append(samples)
            silent = 0.0
        elif turn:
            turn.append(samples)
            silent += len(samples) / frame.sample_rate
            if silent >= _SILENCE_S:
                playback.queue.extend(turn)
                turn, silent = [], 0.0


def application() -> web.Application:
    """The page and its one route."""
    peers: set[RTCPeerConnection] = set()
    tasks: set[asyncio.Task[None]] = set()

    async def page(_: web.Request) -> web.Response:
        text = (Path(__file__).parent / "index.html").read_text(encoding="utf-8")
        return web.Response(text=text, content_type="text/html")

    async def offer(request: web.Request) -> web.Response:
        peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        peers.add(peer)
        playback = Playback()

        @peer.on("track")
        def heard(track: MediaStreamTrack) -> None:
            tasks.add(asyncio.ensure_future(_listen(track, playback)))

        @peer.on("datachannel")
        def opened(channel: object) -> None:
            channel.send('{"type":"hello"}')  # type: ignore[attr-defined] # aiortc has no types

        await peer.setRemoteDescription(RTCSessionDescription(await request.text(), "offer"))
        for transceiver in peer.getTransceivers():
            transceiver.sender.replaceTrack(playback)
            transceiver.direction = "sendrecv"
        await peer.setLocalDescription(await peer.createAnswer())
        return web.Response(text=peer.localDescription.sdp, content_type="application/sdp")

    async def close(_: web.Application) -> None:
        await asyncio.gather(*(peer.close() for peer in peers))

    app = web.Application()
    app.router.add_get("/", page)
    app.router.add_post("/offer", offer)
    app.on_shutdown.append(close)
    return app


if __name__ == "__main__":
    web.run_app(application(), host="127.0.0.1", port=int(sys.argv[1]), print=lambda *_: None)
