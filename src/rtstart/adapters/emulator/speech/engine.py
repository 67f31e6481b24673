"""eSpeak NG: words in, samples out."""

import asyncio
import ctypes
import threading
from functools import cache

import numpy as np

from rtstart.adapters.emulator.audio.samples import RATE_HZ, Samples, resampled
from rtstart.core.realtime.settings import Settings

_SYNCHRONOUS = 2
_UTF8 = 1
_RATE = 1
_CHARACTER_POSITION = 1
_USUAL_WORDS_A_MINUTE = 170
_PIECE_MS = 100
_VOICES = {
    "alloy": b"en-us+f1",
    "ash": b"en-us+m3",
    "ballad": b"en-gb+m2",
    "cedar": b"en-us+m7",
    "coral": b"en-us+f3",
    "echo": b"en-us+m1",
    "marin": b"en-us+f2",
    "sage": b"en-us+f4",
    "shimmer": b"en-us+f5",
    "verse": b"en-us+m4",
}
_OTHER_VOICE = b"en-us"
_Heard = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p
)


_LOCK = threading.Lock()
"""The library keeps the state of one voice for the whole process."""


class Espeak:
    """Speaks with the voices of eSpeak NG."""

    def __init__(self) -> None:
        self._heard: list[Samples] = []
        self._callback = _Heard(self._take)

    async def speak(self, words: str, settings: Settings) -> Samples:
        """The sound of some words in the session's voice and speed; 30 ms for a sentence."""
        return await asyncio.to_thread(self._speak, words, settings.voice, settings.speed)

    def load(self) -> None:
        """Load the library now, so that the first words need not wait for it."""
        with _LOCK:
            _loaded()

    def _speak(self, words: str, voice: object, speed: float) -> Samples:
        text = words.replace("\0", " ").encode()
        name = _VOICES.get(voice, _OTHER_VOICE) if isinstance(voice, str) else _OTHER_VOICE
        with _LOCK:
            library, rate_hz = _loaded()
            library.espeak_SetSynthCallback(self._callback)
            self._heard = []
            library.espeak_SetVoiceByName(name)
            library.espeak_SetParameter(_RATE, round(_USUAL_WORDS_A_MINUTE * speed), 0)
            size = ctypes.c_size_t(len(text) + 1)
            library.espeak_Synth(text, size, 0, _CHARACTER_POSITION, 0, _UTF8, None, None)
            pieces = [np.zeros(0, np.int16), *self._heard]
        return resampled(np.concatenate(pieces), rate_hz, RATE_HZ)

    def _take(self, samples: "ctypes._Pointer[ctypes.c_short]", count: int, _: object) -> int:
        if count > 0:
            self._heard.append(np.ctypeslib.as_array(samples, (count,)).copy())
        return 0


@cache
def _loaded() -> tuple[ctypes.CDLL, int]:
    """The library, ready to speak, and its rate."""
    import espeakng_loader

    library = ctypes.CDLL(espeakng_loader.get_library_path())
    folder = espeakng_loader.get_data_path().encode()
    rate_hz: int = library.espeak_Initialize(_SYNCHRONOUS, _PIECE_MS, folder, 0)
    if rate_hz <= 0:
        raise RuntimeError("eSpeak NG did not find its voices")
    return library, rate_hz
