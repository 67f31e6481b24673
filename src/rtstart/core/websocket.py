"""As much of RFC 6455 as a probe needs, by hand, so that nothing is hidden by a library."""

import base64
import hashlib
from dataclasses import dataclass
from typing import Literal, TypeAlias

Opcode: TypeAlias = Literal["text", "close", "ping", "pong"]

_OPCODES: dict[Opcode, int] = {"text": 0x1, "close": 0x8, "ping": 0x9, "pong": 0xA}
_NAMES: dict[int, Opcode] = {number: name for name, number in _OPCODES.items()}
_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_FINAL = 0x80
_MASKED = 0x80
_LENGTH_16, _LENGTH_64 = 126, 127


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame. `opcode` is empty for kinds that a probe never asks for, such as binary."""

    opcode: Opcode | Literal[""]
    payload: bytes

    @property
    def close_code(self) -> int | None:
        """The code of a close frame, 1005 when it carries none; None for other frames."""
        if self.opcode != "close":
            return None
        return int.from_bytes(self.payload[:2], "big") if len(self.payload) >= 2 else 1005


def accept_for(key: str) -> str:
    """What `Sec-WebSocket-Accept` must be for a `Sec-WebSocket-Key`."""
    digest = hashlib.sha1(f"{key}{_GUID}".encode("ascii"), usedforsecurity=False).digest()
    return base64.b64encode(digest).decode("ascii")


def encode(opcode: Opcode, payload: bytes, *, mask: bytes) -> bytes:
    """A client's frame: whole, and masked with these four bytes as the paper demands."""
    head = bytes([_FINAL | _OPCODES[opcode]])
    size = len(payload)
    if size < _LENGTH_16:
        head += bytes([_MASKED | size])
    else:
        head += bytes([_MASKED | _LENGTH_16]) + size.to_bytes(2, "big")
    return head + mask + bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))


def decode(data: bytes) -> tuple[Frame, int] | None:
    """The first frame in these bytes and how many bytes it takes; None when it is not whole yet."""
    if len(data) < 2:
        return None
    opcode, size, at = data[0] & 0x0F, data[1] & 0x7F, 2
    extra = {_LENGTH_16: 2, _LENGTH_64: 8}.get(size, 0)
    if extra:
        if len(data) < at + extra:
            return None
        size = int.from_bytes(data[at : at + extra], "big")
        at += extra
    mask = b""
    if data[1] & _MASKED:
        mask, at = data[at : at + 4], at + 4
    if len(data) < at + size:
        return None
    payload = data[at : at + size]
    if mask:
        payload = bytes(byte ^ mask[place % 4] for place, byte in enumerate(payload))
    return Frame(_NAMES.get(opcode, ""), payload), at + size
