"""Tools as Python functions: what the API is told of them, and running them within limits."""

import asyncio
import inspect
import json
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError, create_model

TIMEOUT_S = 10.0
# Longer outputs are cut: they would fill the model's memory and cost with every answer.
OUTPUT_LIMIT = 16_000

Function = Callable[..., Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Tool:
    """Something the model may do.

    `run` is None for what only a page can do; the page has a function of the same name then.
    `asks` is True when a person must allow every single call.
    """

    name: str
    description: str
    given: type[BaseModel]
    run: Function | None
    asks: bool = False
    timeout_s: float = TIMEOUT_S

    def definition(self) -> dict[str, object]:
        """What the API is told."""
        return {
            "type": "function",
            "name": self.name,
            "description": self.description,
            "parameters": _without_titles(self.given.model_json_schema()),
        }


def tool(
    function: Function, *, asks: bool = False, timeout_s: float = TIMEOUT_S, in_page: bool = False
) -> Tool:
    """A tool out of a function: its name, its docstring for the model, its typed parameters."""
    fields: dict[str, Any] = {
        name: (one.annotation, ... if one.default is inspect.Parameter.empty else one.default)
        for name, one in inspect.signature(function, eval_str=True).parameters.items()
    }
    name: str = getattr(function, "__name__", "tool")
    given = create_model(name, __config__=ConfigDict(extra="forbid"), **fields)
    description = " ".join((inspect.getdoc(function) or name).split())
    run = None if in_page else function
    return Tool(name, description, given, run, asks=asks, timeout_s=timeout_s)


class Toolbox:
    """All tools of the app."""

    def __init__(self, tools: Iterable[Tool]) -> None:
        self._tools = {one.name: one for one in tools}

    def definitions(self, *, of_server_only: bool = False) -> list[dict[str, object]]:
        """What the API is told of all of them, or of those that need no page."""
        return [
            one.definition()
            for one in self._tools.values()
            if not of_server_only or self.has(one.name)
        ]

    def for_page(self) -> list[dict[str, object]]:
        """What the page is told of all of them."""
        return [
            {
                **one.definition(),
                "asks": one.asks,
                "timeoutMs": round(one.timeout_s * 1000),
                "inPage": one.run is None,
            }
            for one in self._tools.values()
        ]

    def has(self, name: str) -> bool:
        """Whether there is such a tool and the server may run it by itself."""
        found = self._tools.get(name)
        return found is not None and found.run is not None and not found.asks

    def is_known(self, name: str) -> bool:
        """Whether the server has the function behind this tool, asked for or not."""
        found = self._tools.get(name)
        return found is not None and found.run is not None

    async def run(self, name: str, arguments: str) -> tuple[bool, str]:
        """Run a tool on arguments in JSON. Whether it did, and the output, in JSON too.

        It never raises: what goes wrong is told to the model in words.
        """
        found = self._tools.get(name)
        if found is None or found.run is None:
            return False, _error(f'there is no tool "{name}"')
        try:
            given = found.given.model_validate_json(arguments)
        except ValidationError as error:
            return False, _error(_words_of(error))
        values = {field: getattr(given, field) for field in found.given.model_fields}
        try:
            async with asyncio.timeout(found.timeout_s):
                output = json.dumps(await found.run(**values), ensure_ascii=False)
        except TimeoutError:
            return False, _error(f"no answer within {found.timeout_s:g} seconds")
        except Exception as error:  # noqa: BLE001 - whatever a tool raises, the call goes on
            return False, _error(str(error) or type(error).__name__)
        return True, _cut(output)


def _error(message: str) -> str:
    return json.dumps({"error": message[:OUTPUT_LIMIT]}, ensure_ascii=False)


def _words_of(error: ValidationError) -> str:
    """What is wrong with what the model gave, in words that let it do better."""
    return "; ".join(
        ": ".join([*(str(part) for part in one["loc"]), one["msg"]]) for one in error.errors()
    )


def _cut(output: str) -> str:
    if len(output) <= OUTPUT_LIMIT:
        return output
    left_out = len(output) - OUTPUT_LIMIT
    return json.dumps({"beginning": output[:OUTPUT_LIMIT], "characters_left_out": left_out})


def _without_titles(schema: dict[str, Any]) -> dict[str, Any]:
    """Pydantic names everything twice; the model pays for each word."""
    return {
        key: _without_titles(value) if isinstance(value, dict) else value
        for key, value in schema.items()
        if not (key == "title" and isinstance(value, str))
    }
