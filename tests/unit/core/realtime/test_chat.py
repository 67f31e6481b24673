"""Conversations as chat requests, and streamed answers as parts."""

import json
from dataclasses import replace

import pytest

from rtstart.core.realtime.answers import Call, Failure, Question, Words
from rtstart.core.realtime.chat import ChatReply, chat_failure, chat_request, refused
from rtstart.core.realtime.conversation import (
    Audio,
    FunctionCall,
    FunctionOutput,
    Image,
    Item,
    McpTools,
    Message,
    Text,
)
from rtstart.core.realtime.settings import Settings
from rtstart.core.realtime.wire import Fields, Json

SOUND = Audio(b"", "audio/pcm", None, 0)
TOOL: Fields = {"type": "function", "name": "time", "description": "?", "parameters": {}}
MCP: Fields = {"type": "mcp", "server_label": "x", "server_url": "https://x.test"}


def _request(*history: Item, settings: Settings | None = None, **heard: str) -> dict[str, Json]:
    question = Question("resp_1", settings or Settings(), history, "client", "audio/pcm")
    return chat_request(question, model="m", heard=heard)


def _messages(*history: Item, **heard: str) -> Json:
    return _request(*history, settings=None, **heard)["messages"]


def test_a_request_asks_for_a_stream_and_has_no_more_than_it_needs() -> None:
    settings = replace(Settings(), instructions="Be brief.")

    assert _request(Message("a", "user", (Text("Hi"),)), settings=settings) == {
        "model": "m",
        "stream": True,
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Hi"},
        ],
    }


@pytest.mark.parametrize(
    ("choice", "sent"),
    [
        ("required", "required"),
        ({"type": "function", "name": "time"}, {"type": "function", "function": {"name": "time"}}),
        ({"type": "mcp", "server_label": "x"}, "auto"),
    ],
)
def test_tools_and_limits_are_passed_on(choice: Json, sent: Json) -> None:
    settings = replace(Settings(), tools=(TOOL, MCP), tool_choice=choice, max_output_tokens=50)

    request = _request(settings=settings)

    function = {"name": "time", "description": "?", "parameters": {}}
    assert request["tools"] == [{"type": "function", "function": function}]
    assert (request["tool_choice"], request["max_tokens"]) == (sent, 50)


def test_what_was_spoken_is_there_in_words() -> None:
    assert _messages(
        Message("a", "user", (SOUND,)),
        Message("b", "assistant", (replace(SOUND, transcript="Good day."),)),
        Message("c", "user", (SOUND,)),
        a="hello",
    ) == [
        {"role": "user", "content": "hello"},
        {"role": "assistant", "content": "Good day."},
    ]


def test_pictures_are_shown() -> None:
    picture = Image({"type": "input_image", "image_url": "data:image/png;base64,AA"})
    detailed = Image({"type": "input_image", "image_url": "data:x", "detail": "low"})

    assert _messages(
        Message("a", "user", (Text("Look"), picture)), Message("b", "user", (detailed,))
    ) == [
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "Look"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA"}},
            ],
        },
        {
            "role": "user",
            "content": [{"type": "image_url", "image_url": {"url": "data:x", "detail": "low"}}],
        },
    ]


def test_calls_stand_together_before_their_outputs_and_none_stands_alone() -> None:
    def call(number: int) -> dict[str, object]:
        function = {"name": "time", "arguments": "{}"}
        return {"id": f"c{number}", "type": "function", "function": function}

    assert _messages(
        FunctionCall("1", "c1", "time", "{}"),
        FunctionCall("2", "c2", "time", "{}"),
        FunctionCall("3", "open", "time", "{}"),
        FunctionOutput("4", "c1", "ten"),
        FunctionOutput("5", "c2", "eleven"),
        FunctionOutput("6", "strange", "?"),
        FunctionCall("7", "c3", "time", "{}"),
        FunctionOutput("8", "c3", "noon"),
    ) == [
        {"role": "assistant", "content": None, "tool_calls": [call(1), call(2)]},
        {"role": "tool", "tool_call_id": "c1", "content": "ten"},
        {"role": "tool", "tool_call_id": "c2", "content": "eleven"},
        {"role": "assistant", "content": None, "tool_calls": [call(3)]},
        {"role": "tool", "tool_call_id": "c3", "content": "noon"},
    ]


def _line(delta: Json) -> str:
    return f"data: {json.dumps({'choices': [{'delta': delta}]})}"


def _take(*lines: str) -> tuple[list[Words | Failure], list[Call]]:
    reply = ChatReply()
    return [part for line in lines for part in reply.take(line)], reply.calls()


def test_words_come_as_they_are_streamed() -> None:
    assert _take(
        ": comment",
        "",
        _line({"role": "assistant", "content": ""}),
        _line({"content": "Hi"}),
        "data: []",
        "data: {}",
        _line(None),
        _line({"content": " there"}),
        "data: [DONE]",
        _line({"content": "late"}),
    ) == ([Words("Hi"), Words(" there")], [])


def test_calls_are_put_together_from_their_pieces() -> None:
    first: Json = {"index": 1, "function": {"name": "time"}}
    second: Json = {"index": 0, "function": {"name": "weather", "arguments": '{"a":'}}
    third: Json = {"index": 0, "function": {"name": "x", "arguments": "1}"}}
    nameless: Json = {"index": 7, "function": {"arguments": "{}"}}
    odd: Json = {"function": None}

    assert _take(
        _line({"tool_calls": [first, second]}), _line({"tool_calls": [third, nameless, odd]})
    ) == ([], [Call("weather", '{"a":1}'), Call("time", "{}")])


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("data: {", "it sent a line that is no JSON"),
        ('data: {"error": {"message": "out of memory."}}', "out of memory"),
        ('data: {"error": "overloaded"}', "overloaded"),
    ],
)
def test_a_stream_that_breaks_is_a_failure(line: str, what: str) -> None:
    assert _take(line, _line({"content": "late"})) == ([chat_failure(what)], [])


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ('{"error": {"message": "no such model"}}', "it answered 404, no such model"),
        ('{"error": {}}', "it answered 404"),
        ("[]", "it answered 404, []"),
        ("<h1>Not found</h1>", "it answered 404, <h1>Not found</h1>"),
        ("", "it answered 404"),
    ],
)
def test_a_refusal_is_told_with_its_words(body: str, what: str) -> None:
    assert refused(404, body) == chat_failure(what)


def test_the_tools_of_an_mcp_server_are_not_part_of_what_was_said() -> None:
    hello = Message("a", "user", (Text("Hi"),))

    assert _messages(McpTools("m", "shop"), hello) == _messages(hello)
