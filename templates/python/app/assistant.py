"""Who the model is in this app: the first file to edit. It stays on the server; a visitor's page
is given the session that comes out of it, not the text.
"""

from openai.types.realtime import RealtimeSessionCreateRequestParam

INSTRUCTIONS = """
You are a friendly voice assistant. Speak naturally and briefly: one or two sentences, then let the
other person talk. Answer in the language you are spoken to. When you did not understand, say so
and ask. Never read out web addresses, code or long lists.
""".strip()

# Used unless REALTIME_MODEL or REALTIME_VOICE says otherwise (see .env.example).
MODEL = "gpt-realtime-2.1"
VOICE = "marin"


def session_for(
    model: str, voice: str, tools: list[dict[str, object]]
) -> RealtimeSessionCreateRequestParam:
    """The session every call begins with. A page can change what `session.update` allows, later."""
    return {
        "type": "realtime",
        "model": model,
        "instructions": INSTRUCTIONS,
        "output_modalities": ["audio"],
        "tools": tools,  # type: ignore[typeddict-item]  # JSON Schema, made by pydantic
        "tool_choice": "auto",
        "audio": {
            "input": {
                "format": {"type": "audio/pcm", "rate": 24_000},
                # Without this there are no words of the caller in the transcript.
                "transcription": {"model": "gpt-transcribe"},
                # Laptops and phones on a table. "near_field" is better with a headset.
                "noise_reduction": {"type": "far_field"},
                "turn_detection": {
                    "type": "server_vad",
                    "threshold": 0.5,
                    "prefix_padding_ms": 300,
                    "silence_duration_ms": 500,
                    "create_response": True,
                    "interrupt_response": True,
                },
            },
            "output": {"format": {"type": "audio/pcm", "rate": 24_000}, "voice": voice},
        },
    }
