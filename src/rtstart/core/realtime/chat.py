"""A conversation as the request of a chat endpoint, and its streamed answer as parts.

The form is that of `POST /v1/chat/completions`, which Ollama, llama.cpp, vLLM, LM Studio and many
more serve. Who sends it, and how speech becomes text, is not known here.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from rtstart.core.realtime.answers import Call, Failure, Question, Words
from rtstart.core.realtime.conversation import (
    Audio,
    FunctionCall,
    FunctionOutput,
    Image,
    Item,
    Message,
    Text,
)
from rtstart.core.realtime.settings import DEFAULT_INSTRUCTIONS
from rtstart.core.realtime.wire import Fields, Json

DATA = "data:"
_DONE = "[DONE]"


@dataclass(frozen=True, slots=True)
class ChatEndpoint:
    """Where the answers come from; `key` is empty for one that wants none."""

    url: str
    model: str
    key: str = field(default="", repr=False)


def chat_request(question: Question, *, model: str, heard: Mapping[str, str]) -> dict[str, Json]:
    """The body to post. `heard` has the words of spoken items that have no transcript, by id."""
    settings = question.settings
    # The emulator's own words about itself would only mislead a model.
    is_told = settings.instructions != DEFAULT_INSTRUCTIONS
    instructions = settings.instructions if is_told else ""
    request: dict[str, Json] = {
        "model": model,
        "stream": True,
        "messages": chat_messages(instructions, question.history, heard),
    }
    tools = [_tool(tool) for tool in settings.tools if tool["type"] == "function"]
    if tools:
        request["tools"] = tools
        request["tool_choice"] = _tool_choice(settings.tool_choice)
    if settings.max_output_tokens != "inf":
        request["max_tokens"] = settings.max_output_tokens
    return request


def chat_messages(
    instructions: str, history: Sequence[Item], heard: Mapping[str, str]
) -> list[Json]:
    """What was said, oldest first. A call without an output is left out, and so is the reverse."""
    messages: list[Json] = []
    if instructions:
        messages.append({"role": "system", "content": instructions})
    asked = {item.call_id for item in history if isinstance(item, FunctionCall)}
    answered = {item.call_id for item in history if isinstance(item, FunctionOutput)}
    calls: list[Json] = []
    for item in history:
        if isinstance(item, FunctionCall):
            if item.call_id in answered:
                calls.append(_made_call(item))
                if len(calls) == 1:
                    messages.append({"role": "assistant", "content": None, "tool_calls": calls})
            continue
        calls = []
        if isinstance(item, FunctionOutput):
            if item.call_id in asked:
                messages.append(
                    {"role": "tool", "tool_call_id": item.call_id, "content": item.output}
                )
        elif isinstance(item, Message) and (content := _content(item, heard.get(item.id, ""))):
            messages.append({"role": item.role, "content": content})
    return messages


def _content(message: Message, heard: str) -> Json:
    words: list[str] = []
    pictures: list[Json] = []
    for part in message.content:
        match part:
            case Text():
                words.append(part.text)
            case Audio():
                words.append(part.transcript or heard)
            case Image():
                pictures.append({"type": "image_url", "image_url": _picture(part.fields)})
    text = " ".join(word for word in words if word)
    if not pictures:
        return text
    return [*([{"type": "text", "text": text}] if text else []), *pictures]


def _picture(fields: Fields) -> dict[str, Json]:
    found: dict[str, Json] = {"url": fields.get("image_url")}
    if fields.get("detail"):
        found["detail"] = fields["detail"]
    return found


def _made_call(call: FunctionCall) -> dict[str, Json]:
    function: dict[str, Json] = {"name": call.name, "arguments": call.arguments}
    return {"id": call.call_id, "type": "function", "function": function}


def _tool(tool: Fields) -> dict[str, Json]:
    kept = ("name", "description", "parameters")
    return {"type": "function", "function": {key: tool[key] for key in kept if key in tool}}


def _tool_choice(choice: Json) -> Json:
    if isinstance(choice, Mapping) and choice.get("type") == "function":
        return {"type": "function", "function": {"name": choice["name"]}}
    return choice if isinstance(choice, str) else "auto"


@dataclass(slots=True)
class _Calling:
    name: str = ""
    arguments: list[str] = field(default_factory=list)


class ChatReply:
    """A streamed answer: lines of server-sent events go in, parts come out."""

    def __init__(self) -> None:
        self._calls: dict[int, _Calling] = {}
        self._has_ended = False

    def take(self, line: str) -> Iterator[Words | Failure]:
        """The parts in one line; most lines have one or none."""
        if self._has_ended or not line.startswith(DATA):
            return
        data = line.removeprefix(DATA).strip()
        if data == _DONE:
            self._has_ended = True
            return
        try:
            event = json.loads(data)
        except ValueError:
            self._has_ended = True
            yield chat_failure("it sent a line that is no JSON")
            return
        if not isinstance(event, dict):
            return
        if event.get("error"):
            self._has_ended = True
            yield chat_failure(_said(event["error"]))
            return
        for choice in _objects(event.get("choices")):
            yield from self._delta(choice.get("delta"))

    def calls(self) -> list[Call]:
        """The tools to run; to be asked once no more lines come."""
        return [
            Call(calling.name, "".join(calling.arguments) or "{}")
            for _, calling in sorted(self._calls.items())
            if calling.name
        ]

    def _delta(self, delta: Json) -> Iterator[Words]:
        if not isinstance(delta, dict):
            return
        words = delta.get("content")
        if isinstance(words, str) and words:
            yield Words(words)
        for place, piece in enumerate(_objects(delta.get("tool_calls"))):
            index = piece.get("index", place)
            calling = self._calls.setdefault(index if isinstance(index, int) else place, _Calling())
            function = piece.get("function")
            if isinstance(function, dict):
                name, arguments = function.get("name"), function.get("arguments")
                calling.name = calling.name or (name if isinstance(name, str) else "")
                if isinstance(arguments, str):
                    calling.arguments.append(arguments)


def chat_failure(what: str) -> Failure:
    """Why the chat endpoint gave no answer, as the response says it."""
    return Failure("server_error", "chat_endpoint", f"The chat endpoint gave no answer: {what}.")


def refused(status: int, body: str) -> Failure:
    """An answer that is none: `status` is not 200."""
    try:
        said = _said(json.loads(body).get("error"))
    except (ValueError, AttributeError):
        said = body.strip()[:200]
    return chat_failure(f"it answered {status}" + (f", {said}" if said else ""))


def _said(error: Json) -> str:
    message = error.get("message") if isinstance(error, Mapping) else error
    return message.rstrip(".") if isinstance(message, str) else ""


def _objects(value: Json) -> list[dict[str, Json]]:
    if not isinstance(value, list):
        return []
    return [cast("dict[str, Json]", one) for one in value if isinstance(one, dict)]
