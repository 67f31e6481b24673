"""The shapes of everything a client may send: sessions, tools, items, responses.

Sources: openai 3.54.0 `types/realtime`, openai-openapi f85dbe2, captures of live traffic
(facts of 2026-11-22). Names that are not here are refused; that is the point.
"""

from rtstart.core.realtime.rules import (
    Anything,
    Choice,
    Exactly,
    ListOf,
    MapOf,
    Number,
    OneOf,
    Picture,
    Rule,
    Shape,
    Tagged,
    Text,
    Truth,
    Whole,
    nullable,
)

VOICES = (
    "alloy",
    "ash",
    "ballad",
    "coral",
    "echo",
    "sage",
    "shimmer",
    "verse",
    "marin",
    "cedar",
)
MODALITIES = ("text", "audio")
_EFFORTS = ("minimal", "low", "medium", "high", "xhigh")
_STRINGS = ListOf(Text(), of="strings")

FORMAT = Tagged(
    "type",
    {
        "audio/pcm": Shape({"type": Text(), "rate": Whole(minimum=24000, maximum=24000)}),
        "audio/pcmu": Shape({"type": Text()}),
        "audio/pcma": Shape({"type": Text()}),
    },
)
VOICE = OneOf((Choice(VOICES), Shape({"id": Text()}, required=("id",))))
TRANSCRIPTION_MODELS = (
    "gpt-live-transcribe",
    "gpt-transcribe",
    "gpt-realtime-whisper",
    "gpt-4o-transcribe",
    "gpt-4o-mini-transcribe",
    "gpt-4o-mini-transcribe-2025-12-15",
    "gpt-4o-transcribe-diarize",
    "whisper-1",
)
"""Newer ones than these are let through when their name says what they are for."""

TRANSCRIPTION = Shape(
    {
        "model": OneOf(
            (Choice(TRANSCRIPTION_MODELS), Text(pattern="^gpt-.*(transcribe|whisper).*$"))
        ),
        "language": Text(),
        "languages": _STRINGS,
        "keywords": _STRINGS,
        # Seen in 2026-08: markusylisiurunen/tau#448.
        "prompt": Text(1024),
        "delay": Choice(_EFFORTS),
    },
    # Whenever the object is there at all (seen by several projects in 2026).
    required=("model",),
)
NOISE_REDUCTION = Shape({"type": Choice(("near_field", "far_field")), "strength": Number()})
TURN_DETECTION = Tagged(
    "type",
    {
        "server_vad": Shape(
            {
                "type": Text(),
                "threshold": Number(0, 1),
                "prefix_padding_ms": Whole(0),
                "silence_duration_ms": Whole(0),
                "create_response": Truth(),
                "interrupt_response": Truth(),
                "idle_timeout_ms": nullable(Whole(5000, 30000)),
            }
        ),
        "semantic_vad": Shape(
            {
                "type": Text(),
                "eagerness": Choice(("low", "medium", "high", "auto")),
                "create_response": Truth(),
                "interrupt_response": Truth(),
            }
        ),
    },
)

_FUNCTION_NAME = Text(64, pattern="^[a-zA-Z0-9_-]+$")
"""A dot in one name refuses the whole session (seen by several projects in 2026)."""

_FUNCTION_TOOL = Shape(
    {"type": Text(), "name": _FUNCTION_NAME, "description": Text(), "parameters": Anything()},
    required=("name",),
)
_TOOL_FILTER = Shape({"tool_names": _STRINGS, "read_only": Truth()})
_MCP_TOOL = Shape(
    {
        "type": Text(),
        "server_label": Text(),
        "server_url": Text(),
        "connector_id": Text(),
        "tunnel_id": Text(),
        "authorization": Text(),
        "headers": nullable(MapOf(Text())),
        "allowed_tools": nullable(OneOf((_STRINGS, _TOOL_FILTER))),
        "require_approval": nullable(
            OneOf(
                (
                    Choice(("always", "never")),
                    Shape({"always": _TOOL_FILTER, "never": _TOOL_FILTER}),
                )
            )
        ),
        "server_description": Text(),
        "defer_loading": Truth(),
        "allowed_callers": nullable(ListOf(Choice(("direct", "programmatic")), of="strings")),
    },
    required=("server_label",),
)
TOOLS = ListOf(Tagged("type", {"function": _FUNCTION_TOOL, "mcp": _MCP_TOOL}), of="objects")
TOOL_CHOICE = OneOf(
    (
        Choice(("none", "auto", "required")),
        Tagged(
            "type",
            {
                "function": Shape({"type": Text(), "name": Text()}, required=("name",)),
                "mcp": Shape(
                    {"type": Text(), "server_label": Text(), "name": nullable(Text())},
                    required=("server_label",),
                ),
            },
        ),
    )
)
OUTPUT_TOKENS = OneOf((Whole(1, 4096), Exactly("inf")))
_REASONING = Shape({"effort": Choice(_EFFORTS)})
_PROMPT = nullable(
    Shape(
        {"id": Text(), "version": nullable(Text()), "variables": nullable(MapOf(Anything()))},
        required=("id",),
    )
)
_OUTPUT_MODALITIES = ListOf(Choice(MODALITIES), of="strings")

_REALTIME: dict[str, Rule] = {
    "type": Text(),
    "model": Text(),
    "instructions": Text(),
    "output_modalities": _OUTPUT_MODALITIES,
    "audio": Shape(
        {
            "input": Shape(
                {
                    "format": FORMAT,
                    "transcription": nullable(TRANSCRIPTION),
                    "noise_reduction": nullable(NOISE_REDUCTION),
                    "turn_detection": nullable(TURN_DETECTION),
                }
            ),
            "output": Shape({"format": FORMAT, "voice": VOICE, "speed": Number(0.25, 1.5)}),
        }
    ),
    "tools": TOOLS,
    "tool_choice": TOOL_CHOICE,
    "parallel_tool_calls": Truth(),
    "reasoning": nullable(_REASONING),
    "max_output_tokens": OUTPUT_TOKENS,
    "truncation": OneOf(
        (
            Choice(("auto", "disabled")),
            Tagged(
                "type",
                {
                    "retention_ratio": Shape(
                        {
                            "type": Text(),
                            "retention_ratio": Number(0, 1),
                            "token_limits": nullable(Shape({"post_instructions": Whole(0)})),
                        },
                        required=("retention_ratio",),
                    )
                },
            ),
        )
    ),
    "tracing": nullable(
        OneOf(
            (
                Choice(("auto",)),
                Shape(
                    {
                        "workflow_name": nullable(Text()),
                        "group_id": nullable(Text()),
                        "metadata": Anything(),
                    }
                ),
            )
        )
    ),
    "prompt": _PROMPT,
    "include": nullable(ListOf(Choice(("item.input_audio_transcription.logprobs",)), of="strings")),
}
_TRANSCRIPTION: dict[str, Rule] = {
    "type": Text(),
    "audio": Shape(
        {
            "input": Shape(
                {
                    "format": FORMAT,
                    "transcription": nullable(TRANSCRIPTION),
                    "noise_reduction": nullable(NOISE_REDUCTION),
                    "turn_detection": nullable(TURN_DETECTION),
                }
            )
        }
    ),
    "include": _REALTIME["include"],
}
SESSION = Tagged("type", {"realtime": Shape(_REALTIME), "transcription": Shape(_TRANSCRIPTION)})
"""A whole or partial session object, as `session.update`, minting and `calls` take it."""

_ID = Text(32, is_needed=True)
"""Ids of items and calls that a client chooses: a UUID with a prefix is too long (seen 2026-08)."""

_COMMON: dict[str, Rule] = {
    "type": Text(),
    "id": _ID,
    "object": Choice(("realtime.item",)),
    "status": Choice(("completed", "incomplete", "in_progress")),
}
_INPUT_TEXT = Shape({"type": Text(), "text": Text(256_000)}, required=("text",))
_USER_CONTENT = Tagged(
    "type",
    {
        "input_text": _INPUT_TEXT,
        "input_audio": Shape(
            {"type": Text(), "audio": Text(), "transcript": nullable(Text())}, required=("audio",)
        ),
        "input_image": Shape(
            {"type": Text(), "image_url": Picture(), "detail": Choice(("auto", "low", "high"))},
            required=("image_url",),
        ),
    },
)
_MESSAGE = Tagged(
    "role",
    {
        "system": Shape(
            {
                **_COMMON,
                "role": Text(),
                "content": ListOf(Tagged("type", {"input_text": _INPUT_TEXT}), of="objects"),
            },
            required=("content",),
        ),
        "user": Shape(
            {**_COMMON, "role": Text(), "content": ListOf(_USER_CONTENT, of="objects")},
            required=("content",),
        ),
        "assistant": Shape(
            {
                **_COMMON,
                "role": Text(),
                "content": ListOf(
                    Tagged(
                        "type",
                        {"output_text": Shape({"type": Text(), "text": Text()}, ("text",))},
                    ),
                    of="objects",
                ),
            },
            required=("content",),
        ),
    },
)
_ITEMS: dict[str, Rule] = {
    "message": _MESSAGE,
    "function_call": Shape(
        {**_COMMON, "call_id": _ID, "name": _FUNCTION_NAME, "arguments": Text()},
        required=("name", "arguments"),
    ),
    "function_call_output": Shape(
        {**_COMMON, "call_id": _ID, "output": Text()}, required=("call_id", "output")
    ),
    "mcp_approval_response": Shape(
        {
            **_COMMON,
            "approval_request_id": Text(),
            "approve": Truth(),
            "reason": nullable(Text()),
        },
        required=("approval_request_id", "approve"),
    ),
}
ITEM = Tagged("type", _ITEMS)
"""An item that a client may create."""

_REFERENCE = Shape({"type": Text(), "id": Text()}, required=("id",))
RESPONSE = Shape(
    {
        "instructions": Text(),
        "output_modalities": _OUTPUT_MODALITIES,
        "audio": Shape({"output": Shape({"format": FORMAT, "voice": VOICE})}),
        "tools": TOOLS,
        "tool_choice": TOOL_CHOICE,
        "parallel_tool_calls": Truth(),
        "reasoning": nullable(_REASONING),
        "max_output_tokens": OUTPUT_TOKENS,
        "metadata": nullable(MapOf(Text(512), max_length=16)),
        "prompt": _PROMPT,
        "conversation": Choice(("auto", "none")),
        "input": ListOf(
            Tagged("type", {**_ITEMS, "item_reference": _REFERENCE}),
            of="objects",
        ),
    }
)
"""The parameters of `response.create`."""
