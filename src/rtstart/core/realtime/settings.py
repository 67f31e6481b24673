"""The effective settings of a session: defaults, partial updates, the object on the wire."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from rtstart.core.realtime.rules import listing
from rtstart.core.realtime.wire import (
    Fault,
    Fields,
    Json,
    as_fields,
    as_list,
    as_number,
    as_text,
    as_whole,
)

SessionType: TypeAlias = Literal["realtime", "transcription"]
Modality: TypeAlias = Literal["text", "audio"]
FormatName: TypeAlias = Literal["audio/pcm", "audio/pcmu", "audio/pcma"]

BYTES_PER_MS: Mapping[FormatName, int] = {"audio/pcm": 48, "audio/pcmu": 8, "audio/pcma": 8}
"""PCM is 24 kHz with 16 bits, the two others are 8 kHz with 8 bits."""

DEFAULT_INSTRUCTIONS = (
    "You are rtstart's emulator of the Realtime API. You have no model: you say back what you "
    "heard and what was measured of it."
)


@dataclass(frozen=True, slots=True)
class ServerVad:
    """Turns end after a silence. Defaults are the documented ones (docs/emulator-facts.md)."""

    threshold: float = 0.5
    prefix_padding_ms: int = 300
    silence_duration_ms: int = 500
    create_response: bool = True
    interrupt_response: bool = True
    idle_timeout_ms: int | None = None

    def wire(self) -> dict[str, Json]:
        """As `session.created` shows it."""
        return {
            "type": "server_vad",
            "threshold": self.threshold,
            "prefix_padding_ms": self.prefix_padding_ms,
            "silence_duration_ms": self.silence_duration_ms,
            "idle_timeout_ms": self.idle_timeout_ms,
            "create_response": self.create_response,
            "interrupt_response": self.interrupt_response,
        }


Eagerness: TypeAlias = Literal["low", "medium", "high", "auto"]


@dataclass(frozen=True, slots=True)
class SemanticVad:
    """Turns end when the speaker seems to be done; `auto` is `medium`."""

    eagerness: Eagerness = "auto"
    create_response: bool = True
    interrupt_response: bool = True

    def wire(self) -> dict[str, Json]:
        """As `session.created` shows it."""
        return {
            "type": "semantic_vad",
            "eagerness": self.eagerness,
            "create_response": self.create_response,
            "interrupt_response": self.interrupt_response,
        }


TurnDetection: TypeAlias = ServerVad | SemanticVad | None


@dataclass(frozen=True, slots=True)
class Settings:
    """What a session is set to; every field has its effective value."""

    type: SessionType = "realtime"
    model: str = ""
    instructions: str = DEFAULT_INSTRUCTIONS
    output_modality: Modality = "audio"
    tools: tuple[Fields, ...] = ()
    tool_choice: Json = "auto"
    max_output_tokens: int | Literal["inf"] = "inf"
    optional: Mapping[str, Json] = field(default_factory=dict)
    """`parallel_tool_calls` and `reasoning`, shown only once they were set."""
    tracing: Json = None
    truncation: Json = "auto"
    prompt: Json = None
    include: Json = None
    input_format: FormatName = "audio/pcm"
    transcription: Fields | None = None
    noise_reduction: Fields | None = None
    turn_detection: TurnDetection = field(default_factory=ServerVad)
    output_format: FormatName = "audio/pcm"
    voice: Json = "alloy"
    speed: float = 1.0

    def wire(self, *, session_id: str, expires_at: int) -> dict[str, Json]:
        """The full session object of `session.created`, `session.updated` and of minting."""
        turns = self.turn_detection
        heard: dict[str, Json] = {
            "format": _format(self.input_format),
            "transcription": self.transcription,
            "noise_reduction": self.noise_reduction,
            "turn_detection": None if turns is None else turns.wire(),
        }
        if self.type == "transcription":
            return {
                "object": "realtime.transcription_session",
                "id": session_id,
                "type": "transcription",
                "expires_at": expires_at,
                "audio": {"input": heard},
                "include": self.include,
            }
        return {
            "object": "realtime.session",
            "id": session_id,
            "type": "realtime",
            "model": self.model,
            "output_modalities": [self.output_modality],
            "instructions": self.instructions,
            "tools": list(self.tools),
            "tool_choice": self.tool_choice,
            "max_output_tokens": self.max_output_tokens,
            "tracing": self.tracing,
            "truncation": self.truncation,
            "prompt": self.prompt,
            "expires_at": expires_at,
            "audio": {
                "input": heard,
                "output": {**self.output_wire(), "speed": self.speed},
            },
            "include": self.include,
            **self.optional,
        }

    def output_wire(self) -> dict[str, Json]:
        """What a response object says of its sound."""
        return {"format": _format(self.output_format), "voice": self.voice}

    def with_model(self, model: str) -> "Settings":
        """These settings for another model."""
        return replace(self, model=model)

    def updated(self, patch: Fields) -> "Settings":
        """These settings with the fields of a valid session object put over them."""
        changed = replace(
            self,
            type="transcription" if patch["type"] == "transcription" else "realtime",
            model=as_text(patch.get("model", self.model)),
            instructions=as_text(patch.get("instructions", self.instructions)),
            output_modality=_modality(patch, self.output_modality),
            tools=tuple(as_fields(tool) for tool in as_list(patch.get("tools", self.tools))),
            tool_choice=patch.get("tool_choice", self.tool_choice),
            max_output_tokens=_tokens(patch, self.max_output_tokens),
            optional={
                **self.optional,
                **{name: patch[name] for name in _OPTIONAL if name in patch},
            },
            tracing=patch.get("tracing", self.tracing),
            truncation=patch.get("truncation", self.truncation),
            prompt=patch.get("prompt", self.prompt),
            include=patch.get("include", self.include),
        )
        return _with_audio(changed, as_fields(patch.get("audio", {})))


_OPTIONAL = ("parallel_tool_calls", "reasoning")


def modalities_fault(patch: Fields, path: str) -> Fault | None:
    """The refusal of anything but exactly one output modality, or None.

    Words seen in several projects' logs of 2025 and 2026 for `["audio", "text"]`.
    """
    if "output_modalities" not in patch:
        return None
    given = [as_text(name) for name in as_list(patch["output_modalities"])]
    if given in (["text"], ["audio"]):
        return None
    shown = ", ".join(f"'{name}'" for name in given)
    combinations = listing(["['text']", "['audio']"])
    words = f"Invalid modalities: [{shown}]. Supported combinations are: {combinations}."
    return Fault("invalid_value", words, f"{path}.output_modalities")


def response_settings(session: Settings, parameters: Fields) -> Settings:
    """The session's settings with the parameters of one `response.create` put over them."""
    known = {name: value for name, value in parameters.items() if name not in _RESPONSE_ONLY}
    return session.updated({**known, "type": session.type})


_RESPONSE_ONLY = ("conversation", "metadata", "input")


def _modality(patch: Fields, default: Modality) -> Modality:
    if "output_modalities" not in patch:
        return default
    return "text" if as_list(patch["output_modalities"])[0] == "text" else "audio"


def _tokens(patch: Fields, default: int | Literal["inf"]) -> int | Literal["inf"]:
    value = patch.get("max_output_tokens", default)
    return "inf" if value == "inf" else as_whole(value)


def _with_audio(settings: Settings, audio: Fields) -> Settings:
    heard = as_fields(audio.get("input", {}))
    spoken = as_fields(audio.get("output", {}))
    return replace(
        settings,
        input_format=_format_name(heard, settings.input_format),
        transcription=_object(heard, "transcription", settings.transcription),
        noise_reduction=_object(heard, "noise_reduction", settings.noise_reduction),
        turn_detection=_turn_detection(heard, settings.turn_detection),
        output_format=_format_name(spoken, settings.output_format),
        voice=spoken.get("voice", settings.voice),
        speed=as_number(spoken.get("speed", settings.speed)),
    )


def _object(fields: Fields, name: str, default: Fields | None) -> Fields | None:
    value = fields.get(name, default)
    return None if value is None else as_fields(value)


def _format(name: FormatName) -> dict[str, Json]:
    return {"type": name, "rate": 24000} if name == "audio/pcm" else {"type": name}


def _format_name(fields: Fields, default: FormatName) -> FormatName:
    if "format" not in fields:
        return default
    match as_fields(fields["format"])["type"]:
        case "audio/pcmu":
            return "audio/pcmu"
        case "audio/pcma":
            return "audio/pcma"
        case _:
            return "audio/pcm"


_EAGERNESS: Mapping[str, Eagerness] = {
    "low": "low",
    "medium": "medium",
    "high": "high",
    "auto": "auto",
}


def _turn_detection(fields: Fields, default: TurnDetection) -> TurnDetection:
    """A detector given is taken whole: what it leaves out has its default, not its old value."""
    value = fields.get("turn_detection", default)
    if value is None or isinstance(value, ServerVad | SemanticVad):
        return value
    given = as_fields(value)
    creates = given.get("create_response", True) is True
    interrupts = given.get("interrupt_response", True) is True
    if given["type"] == "semantic_vad":
        eagerness = _EAGERNESS[as_text(given.get("eagerness", "auto"))]
        return SemanticVad(eagerness, create_response=creates, interrupt_response=interrupts)
    usual = ServerVad()
    idle = given.get("idle_timeout_ms")
    return ServerVad(
        threshold=as_number(given.get("threshold", usual.threshold)),
        prefix_padding_ms=as_whole(given.get("prefix_padding_ms", usual.prefix_padding_ms)),
        silence_duration_ms=as_whole(given.get("silence_duration_ms", usual.silence_duration_ms)),
        create_response=creates,
        interrupt_response=interrupts,
        idle_timeout_ms=None if idle is None else as_whole(idle),
    )
