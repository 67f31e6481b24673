"""Tools: what the API is told of them, and what comes back whatever they do."""

import asyncio
import json

import pytest
from fastapi.testclient import TestClient

from app.toolbox import Toolbox, tool
from app.tools import TOOLS


async def add(a: int, b: int = 1) -> int:
    """Adds."""
    return a + b


async def hang() -> None:
    """Never answers."""
    await asyncio.sleep(60)


async def throw() -> None:
    """Fails."""
    raise ValueError("no luck" + "!" * 1_000_000)


async def flood() -> str:
    """Says far too much."""
    return "x" * 1_000_000


BOX = Toolbox([tool(add), tool(hang, timeout_s=0.05), tool(throw), tool(flood)])


def test_definition_is_made_of_the_function() -> None:
    assert Toolbox([tool(add)]).definitions() == [
        {
            "type": "function",
            "name": "add",
            "description": "Adds.",
            "parameters": {
                "type": "object",
                "properties": {"a": {"type": "integer"}, "b": {"type": "integer", "default": 1}},
                "required": ["a"],
                "additionalProperties": False,
            },
        }
    ]


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("name", "given", "done", "output"),
    [
        ("add", '{"a": 2, "b": 3}', True, 5),
        ("add", '{"a": 2}', True, 3),
        ("add", '{"a": "two"}', False, {"error": "a: Input should be a valid integer"}),
        ("add", "{}", False, {"error": "a: Field required"}),
        ("hang", "{}", False, {"error": "no answer within 0.05 seconds"}),
        ("throw", "{}", False, {"error": "no luck"}),
        ("nothing", "{}", False, {"error": 'there is no tool "nothing"'}),
    ],
)
async def test_run_always_has_an_output(name: str, given: str, done: bool, output: object) -> None:
    ran, text = await BOX.run(name, given)

    said = json.loads(text)
    assert len(text) < 20_000
    if isinstance(output, dict) and isinstance(said, dict):
        assert said["error"].startswith(output["error"])
    else:
        assert said == output
    assert ran is done


@pytest.mark.anyio
async def test_long_output_is_cut() -> None:
    _, text = await BOX.run("flood", "{}")

    assert len(text) < 20_000
    assert json.loads(text)["characters_left_out"] > 900_000


def test_a_page_can_have_a_tool_run_by_the_server(client: TestClient) -> None:
    answer = client.post("/session/tools/local_time", json={"time_zone": "Europe/Lisbon"})
    wrong = client.post("/session/tools/local_time", json={"time_zone": "Nowhere/At all"})
    of_the_page = client.post("/session/tools/open_page", json={"url": "https://example.com"})

    assert answer.json()["done"] is True
    assert wrong.json()["done"] is False
    assert (of_the_page.status_code, of_the_page.json()["error"]["code"]) == (404, "no_such_tool")


def test_what_only_a_page_can_do_is_not_run_here() -> None:
    assert not TOOLS.has("open_page")
    assert [one["name"] for one in TOOLS.for_page() if one["inPage"]] == ["open_page"]
