"""The WebRTC transport: one peer for each call, by aiortc."""

import asyncio
import json
import logging
from collections.abc import Callable, Coroutine
from contextlib import suppress

import numpy as np
from aiortc import (
    RTCConfiguration,
    RTCDataChannel,
    RTCPeerConnection,
    RTCRtpSender,
    RTCSessionDescription,
)
from aiortc.exceptions import InvalidStateError, OperationError
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from av import AudioFrame

from rtstart.adapters.emulator.audio.samples import RATE_HZ, Mixdown, Samples
from rtstart.adapters.emulator.call import Call
from rtstart.adapters.emulator.ice import gather_only, spoil, vanish
from rtstart.adapters.emulator.player import PlayerTrack
from rtstart.adapters.emulator.troubles import PeerTroubles
from rtstart.core.realtime.sdp import astray, offered_codecs, without_candidates
from rtstart.core.realtime.wire import Fault

_log = logging.getLogger(__name__)

CHANNEL = "oai-events"
CONNECT_S = 30.0
"""How long a caller has to connect after the answer."""

_MAX_MESSAGE_BYTES = 256 * 1024
_MAX_GAP_S = 5.0
_FLUSH_S = 0.1


class EventChannel:
    """The data channel as a channel of a call."""

    def __init__(self, channel: RTCDataChannel, vanish: Callable[[], None]) -> None:
        self._channel = channel
        self.drop = vanish

    def send(self, text: str) -> None:
        """Send a message; one too long for a browser goes without its sound."""
        if self._channel.readyState != "open":
            return
        if len(text) > _MAX_MESSAGE_BYTES:
            text = _without_sound(text)
        self._channel.send(text)

    def close(self, code: int, reason: str) -> None:
        """Nothing: a data channel has no close codes. The peer closes when its call has ended."""


class Peer:
    """One caller's connection. Ends with its call, and ends its call."""

    def __init__(
        self,
        call: Call,
        track: PlayerTrack,
        *,
        addresses: tuple[str, ...],
        troubles: PeerTroubles,
    ) -> None:
        self._call = call
        self._troubles = troubles
        self._track = track
        self._addresses = addresses
        self._peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._has_vanished = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._peer.on("datachannel", self._on_channel)
        self._peer.on("track", self._on_track)
        self._peer.on("connectionstatechange", self._on_state)

    async def answer(self, offer: str) -> str | Fault:
        """The SDP answer to an offer, all candidates included, or why there is none."""
        transceiver = self._peer.addTransceiver(self._track, direction="sendrecv")
        known = RTCRtpSender.getCapabilities("audio").codecs
        preferred = [
            codec
            for name in offered_codecs(offer)
            for codec in known
            if codec.mimeType.lower() == f"audio/{name.lower()}"
        ]
        transceiver.setCodecPreferences(preferred)
        try:
            await self._peer.setRemoteDescription(
                RTCSessionDescription(without_candidates(offer), "offer")
            )
            for other in self._peer.getTransceivers():
                if other is not transceiver:
                    other.direction = "inactive"
            gather_only(self._peer, self._addresses)
            await self._peer.setLocalDescription(await self._peer.createAnswer())
        except (ValueError, KeyError, IndexError, AssertionError, AttributeError) as error:
            # aiortc's parser has no error type of its own.
            return Fault("invalid_offer", f"Invalid SDP offer: {error}.", "sdp")
        except (InvalidStateError, OperationError) as error:
            return Fault("invalid_offer", f"Invalid SDP offer: {error}.", "sdp")
        self._spawn(self._give_up())
        sdp = self._peer.localDescription.sdp
        if self._troubles.lost_share is not None:
            spoil(self._peer, self._troubles.lost_share, self._troubles.chance)
        return astray(sdp) if self._troubles.is_unreachable else sdp

    async def close(self) -> None:
        """Send what is still to be sent, close, and wait until nothing runs any more."""
        if self._peer.connectionState == "connected" and not self._has_vanished:
            # The last message leaves with the next turn of the loop; acknowledging takes a round.
            await asyncio.sleep(_FLUSH_S)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._peer.close()

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _give_up(self) -> None:
        await asyncio.sleep(CONNECT_S)
        if self._peer.connectionState != "connected":
            _log.info("call %s never connected", self._call.id)
            self._call.hang_up()

    def _vanish(self) -> None:
        """Nothing more comes from here, not even that we are gone."""
        self._has_vanished = True
        vanish(self._peer)

    def _on_state(self) -> None:
        if self._peer.connectionState in ("failed", "closed"):
            self._call.hang_up()

    def _on_channel(self, channel: RTCDataChannel) -> None:
        if channel.label != CHANNEL:
            return
        number = self._call.join(EventChannel(channel, self._vanish), is_owner=True)
        channel.on("message", lambda data: self._on_message(data, number))
        channel.on("close", lambda: self._call.leave(number))

    def _on_message(self, data: str | bytes, number: int) -> None:
        if isinstance(data, str):
            self._call.receive(data, number)
        else:
            self._call.receive_binary(number)

    def _on_track(self, track: MediaStreamTrack) -> None:
        if track.kind == "audio":
            self._spawn(self._listen(track))

    async def _listen(self, track: MediaStreamTrack) -> None:
        mix, line = Mixdown(), Timeline()
        with suppress(MediaStreamError):
            while True:
                frame = await track.recv()
                if isinstance(frame, AudioFrame) and self._call.is_joined:
                    self._call.hear(line.place(frame, mix(frame)))


class Timeline:
    """Keeps the caller's time: silence stands where packets were lost, late ones are dropped."""

    def __init__(self) -> None:
        self._expected: int | None = None

    def place(self, frame: AudioFrame, samples: Samples) -> Samples:
        """The samples of a frame with the silence that belongs before them."""
        if frame.pts is None:
            return samples
        begins = frame.pts
        expected, self._expected = self._expected, begins + frame.samples
        if expected is None or begins == expected:
            return samples
        if begins < expected:
            self._expected = expected
            return np.zeros(0, np.int16)
        missing = round(min(_MAX_GAP_S, (begins - expected) / frame.sample_rate) * RATE_HZ)
        return np.concatenate([np.zeros(missing, np.int16), samples])


def _without_sound(text: str) -> str:
    event = json.loads(text)
    for part in event.get("item", {}).get("content", []):
        part.pop("audio", None)
    return json.dumps(event, separators=(",", ":"))
