"""Token numbers by the documented rule of thumb: 100 ms of a user's voice and 50 ms of the
model's are one token each (managing-costs guide, 2026-11); four characters of text are one.
"""

from collections.abc import Iterable

from rtstart.core.realtime.conversation import Audio, Image, Item, Message, text_of
from rtstart.core.realtime.wire import Json

USER_MS_PER_TOKEN = 100
ASSISTANT_MS_PER_TOKEN = 50
_IMAGE_TOKENS = 85


def text_tokens(text: str) -> int:
    """About how many tokens a text has."""
    return -(-len(text) // 4)


def audio_tokens(duration_ms: int, *, ms_per_token: int) -> int:
    """How many tokens a sound has."""
    return -(-duration_ms // ms_per_token)


def _sound_tokens(item: Item) -> int:
    if not isinstance(item, Message):
        return 0
    rate = ASSISTANT_MS_PER_TOKEN if item.role == "assistant" else USER_MS_PER_TOKEN
    sounds = (part for part in item.content if isinstance(part, Audio))
    return sum(audio_tokens(part.duration_ms, ms_per_token=rate) for part in sounds)


def _image_tokens(item: Item) -> int:
    if not isinstance(item, Message):
        return 0
    return sum(_IMAGE_TOKENS for part in item.content if isinstance(part, Image))


def response_usage(
    instructions: str, history: Iterable[Item], *, text_out: int, spoken_ms: int
) -> dict[str, Json]:
    """The `usage` of a finished response. Nothing is ever cached here."""
    items = tuple(history)
    text_in = text_tokens(instructions) + sum(text_tokens(text_of(item)) for item in items)
    audio_in = sum(_sound_tokens(item) for item in items)
    images_in = sum(_image_tokens(item) for item in items)
    audio_out = audio_tokens(spoken_ms, ms_per_token=ASSISTANT_MS_PER_TOKEN)
    return {
        "total_tokens": text_in + audio_in + images_in + text_out + audio_out,
        "input_tokens": text_in + audio_in + images_in,
        "output_tokens": text_out + audio_out,
        "input_token_details": {
            "text_tokens": text_in,
            "audio_tokens": audio_in,
            "image_tokens": images_in,
            "cached_tokens": 0,
            "cached_tokens_details": {"text_tokens": 0, "audio_tokens": 0, "image_tokens": 0},
        },
        "output_token_details": {"text_tokens": text_out, "audio_tokens": audio_out},
    }


def transcription_usage(duration_ms: int, words: str, model: str) -> dict[str, Json]:
    """The `usage` of a finished transcription: `whisper-1` counts seconds, the others tokens."""
    if model == "whisper-1":
        return {"type": "duration", "seconds": duration_ms / 1000}
    audio_in = audio_tokens(duration_ms, ms_per_token=USER_MS_PER_TOKEN)
    text_out = text_tokens(words)
    return {
        "type": "tokens",
        "total_tokens": audio_in + text_out,
        "input_tokens": audio_in,
        "input_token_details": {"text_tokens": 0, "audio_tokens": audio_in},
        "output_tokens": text_out,
    }
