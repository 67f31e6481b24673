"""Repairs of session objects that were right once, or in another API: each with its finding."""

import re
from collections.abc import Mapping
from typing import Any

from rtstart.core.findings import Finding, Fix
from rtstart.core.findings.api import MODEL_REFUSED
from rtstart.core.findings.session import (
    AUDIO_FORMAT,
    BETA_FIELD,
    BOTH_MODALITIES,
    ENDS_SOON,
    SESSION_WITHOUT_TYPE,
    TOOL_SHAPE,
    UNKNOWN_VOICE,
)
from rtstart.core.realtime.models import DEFAULT_MODEL, MODELS, model_fault
from rtstart.core.realtime.shapes import VOICES

_MOVED: Mapping[str, tuple[str, ...]] = {
    # What a field of the beta is called now (facts of 2026-11: realtime-api 5.4).
    "voice": ("audio", "output", "voice"),
    "speed": ("audio", "output", "speed"),
    "output_audio_format": ("audio", "output", "format"),
    "input_audio_format": ("audio", "input", "format"),
    "input_audio_transcription": ("audio", "input", "transcription"),
    "input_audio_noise_reduction": ("audio", "input", "noise_reduction"),
    "turn_detection": ("audio", "input", "turn_detection"),
    "modalities": ("output_modalities",),
    "max_response_output_tokens": ("max_output_tokens",),
}
_PCM: Mapping[str, Any] = {"type": "audio/pcm", "rate": 24000}
_FORMATS: Mapping[str, Mapping[str, Any]] = {
    "pcm16": _PCM,
    "pcm": _PCM,
    "audio/pcm": _PCM,
    "g711_ulaw": {"type": "audio/pcmu"},
    "pcmu": {"type": "audio/pcmu"},
    "g711_alaw": {"type": "audio/pcma"},
    "pcma": {"type": "audio/pcma"},
}
_RATE = 24000
_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")
_RECOMMENDED_VOICE = "marin"
_TRANSCRIPTION_MODELS = re.compile(r"whisper|transcribe")
_TRANSCRIPTION_SUCCESSOR = "gpt-live-transcribe"
_OLD_TRANSCRIPTION = re.compile(r"whisper-1|gpt-4o-(mini-)?transcribe(-.+)?")
_OLD_TRANSCRIPTION_ENDS = "2027-02-26"
_PROMPT_ENDS = "2026-11-30"


def repair_session(session: dict[str, Any], path: str, *, where: str) -> list[Finding]:
    """Repair a session object in place; return what was found, in the order of reading."""
    found: list[Finding] = []
    if "type" not in session:
        what = f"'{path}' has no type"
        found.append(SESSION_WITHOUT_TYPE.found(what, where=where))
        rest = dict(session)
        session.clear()
        session.update({"type": "realtime", **rest})
    found += _moved(session, path, where)
    found += _formats(session, path, where)
    found += _voice(session, path, where)
    found += _modalities(session, path, where)
    found += _model(session, path, where)
    found += _tools(session, path, where)
    found += _ending(session, path, where)
    return found


def put(body: Any, path: str, value: Any) -> None:
    """Put a value at a path of names whose holders are there (`expires_after.seconds`)."""
    *holders, name = path.split(".")
    for holder in holders:
        body = body[holder]
    body[name] = value


def remove(body: Any, path: str) -> None:
    """Take out what stands at a path (`session.tools[1].name`).

    Where nothing stands, because it is missing, its holder is taken out, but never the whole body.
    """
    steps: list[Any] = [int(index) if index else name for name, index in _STEP.findall(path)]
    holders = [body]
    for step in steps[:-1]:
        holders.append(holders[-1][step])
    while steps and isinstance(holders[-1], dict) and steps[-1] not in holders[-1]:
        del steps[-1], holders[-1]
    if steps:
        del holders[-1][steps[-1]]


def _moved(session: dict[str, Any], path: str, where: str) -> list[Finding]:
    found = []
    for name, place in _MOVED.items():
        if name not in session:
            continue
        now = ".".join(place)
        what = f"'{path}.{name}' is called '{path}.{now}' now"
        found.append(BETA_FIELD.found(what, fix=Fix(f"Move it to {path}.{now}."), where=where))
        value = session.pop(name)
        holder = _holder(session, place[:-1])
        if holder is not None:
            holder.setdefault(place[-1], value)
    if "temperature" in session:
        del session["temperature"]
        what = f"'{path}.temperature' does not exist any more"
        found.append(BETA_FIELD.found(what, fix=Fix("Remove it."), where=where))
    return found


def _holder(session: dict[str, Any], place: tuple[str, ...]) -> dict[str, Any] | None:
    holder = session
    for name in place:
        inner = holder.setdefault(name, {})
        if not isinstance(inner, dict):
            return None
        holder = inner
    return holder


def _part(session: dict[str, Any], *place: str) -> dict[str, Any]:
    part: Any = session
    for name in place:
        part = part.get(name) if isinstance(part, dict) else None
    return part if isinstance(part, dict) else {}


def _formats(session: dict[str, Any], path: str, where: str) -> list[Finding]:
    found = []
    for side in ("input", "output"):
        part = _part(session, "audio", side)
        value = part.get("format")
        at = f"{path}.audio.{side}.format"
        if isinstance(value, str):
            better = dict(_FORMATS.get(value.lower(), _PCM))
            found.append(AUDIO_FORMAT.found(f"'{at}' is the string '{value}'", where=where))
            part["format"] = better
        elif isinstance(value, dict) and value.get("type") == "audio/pcm":
            rate = value.get("rate", _RATE)
            if rate != _RATE:
                found.append(AUDIO_FORMAT.found(f"'{at}.rate' is {rate}", where=where))
                part["format"] = dict(_PCM)
    return found


def _voice(session: dict[str, Any], path: str, where: str) -> list[Finding]:
    part = _part(session, "audio", "output")
    voice = part.get("voice")
    if not isinstance(voice, str) or voice in VOICES:
        return []
    better = voice.lower() if voice.lower() in VOICES else _RECOMMENDED_VOICE
    part["voice"] = better
    what = f"'{path}.audio.output.voice' is '{voice}'"
    fix = Fix(f"Use '{better}', or another of: {', '.join(VOICES)}.")
    return [UNKNOWN_VOICE.found(what, fix=fix, where=where)]


def _modalities(session: dict[str, Any], path: str, where: str) -> list[Finding]:
    value = session.get("output_modalities")
    if not isinstance(value, list) or len(value) < 2:
        return []
    session["output_modalities"] = ["audio"] if "audio" in value else value[:1]
    what = f"'{path}.output_modalities' asks for {' and '.join(map(str, value))}"
    return [BOTH_MODALITIES.found(what, where=where)]


def _model(session: dict[str, Any], path: str, where: str) -> list[Finding]:
    model = session.get("model")
    if not isinstance(model, str) or model_fault(model) is None:
        return []
    session["model"] = DEFAULT_MODEL
    what = f"'{path}.model' is '{model}', which /v1/realtime does not take"
    why, words = "", f"Use '{DEFAULT_MODEL}'."
    if _TRANSCRIPTION_MODELS.search(model):
        why = "A transcription model belongs into audio.input.transcription.model."
    return [MODEL_REFUSED.found(what, why=why, fix=Fix(words), where=where)]


def _tools(session: dict[str, Any], path: str, where: str) -> list[Finding]:
    found: list[Finding] = []
    tools = session.get("tools")
    for index, tool in enumerate(tools if isinstance(tools, list) else ()):
        at = f"{path}.tools[{index}]"
        if not isinstance(tool, dict):
            continue
        inner = tool.get("function")
        if isinstance(inner, dict):
            del tool["function"]
            tool.update({"type": "function", **inner})
            what = f"'{at}' has its fields in 'function', as in chat completions"
            found.append(TOOL_SHAPE.found(what, where=where))
        if "strict" in tool and tool.get("type") == "function":
            del tool["strict"]
            what = f"'{at}.strict' does not exist here"
            found.append(TOOL_SHAPE.found(what, fix=Fix("Remove it."), where=where))
    return found


def _ending(session: dict[str, Any], path: str, where: str) -> list[Finding]:
    found = []
    ends = {model.name: model.shutdown_date for model in MODELS if model.shutdown_date}
    model = session.get("model")
    if isinstance(model, str) and model in ends:
        fix = Fix(f"Use '{DEFAULT_MODEL}'.")
        what = f"The model '{model}' is shut down on {ends[model]}"
        found.append(ENDS_SOON.found(what, fix=fix, where=where))
    transcription = _part(session, "audio", "input", "transcription").get("model")
    if isinstance(transcription, str) and _OLD_TRANSCRIPTION.fullmatch(transcription):
        what = (
            f"The transcription model '{transcription}' is shut down on {_OLD_TRANSCRIPTION_ENDS}"
        )
        fix = Fix(f"Use '{_TRANSCRIPTION_SUCCESSOR}' or 'gpt-transcribe'.")
        found.append(ENDS_SOON.found(what, fix=fix, where=where))
    if session.get("prompt") is not None:
        what = f"'{path}.prompt' is taken only until {_PROMPT_ENDS}"
        fix = Fix("Write the instructions into the session itself.")
        found.append(ENDS_SOON.found(what, fix=fix, where=where))
    return found
