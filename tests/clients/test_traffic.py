"""Every event of every test of the emulator, against the zod schema of `@openai/agents-realtime`.

The strict pydantic union of `openai-agents` sees them all in the tests themselves
(tests/fakes/realtime.py); this one runs those tests again and shows Node what they received.
"""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from tests.clients.node import NodeClients

pytestmark = [pytest.mark.clients, pytest.mark.timeout(400)]

_ROOT = Path(__file__).parent.parent.parent
_SUITES = ("tests/unit/core/realtime", "tests/integration/emulator", "tests/clients")

SERVER_EVENTS = {
    "error",
    "session.created",
    "session.updated",
    "conversation.item.added",
    "conversation.item.done",
    "conversation.item.retrieved",
    "conversation.item.deleted",
    "conversation.item.truncated",
    "conversation.item.input_audio_transcription.delta",
    "conversation.item.input_audio_transcription.completed",
    "conversation.item.input_audio_transcription.segment",
    "conversation.item.input_audio_transcription.failed",
    "input_audio_buffer.committed",
    "input_audio_buffer.cleared",
    "input_audio_buffer.speech_started",
    "input_audio_buffer.speech_stopped",
    "input_audio_buffer.timeout_triggered",
    "output_audio_buffer.started",
    "output_audio_buffer.stopped",
    "output_audio_buffer.cleared",
    "response.created",
    "response.done",
    "response.output_item.added",
    "response.output_item.done",
    "response.content_part.added",
    "response.content_part.done",
    "response.output_text.delta",
    "response.output_text.done",
    "response.output_audio.delta",
    "response.output_audio.done",
    "response.output_audio_transcript.delta",
    "response.output_audio_transcript.done",
    "response.function_call_arguments.delta",
    "response.function_call_arguments.done",
    "mcp_list_tools.in_progress",
    "mcp_list_tools.failed",
    "rate_limits.updated",
}
"""What the emulator sends. The other events of the union are of MCP, SIP and the old interface."""

_UNKNOWN_TO_THE_CLIENT = {
    "input_audio_buffer.timeout_triggered",
    "conversation.item.input_audio_transcription.segment",
}
"""What the API's reference has and this version of the client (0.20.0) passes on unread."""


async def test_all_traffic_is_taken_by_the_schema_of_the_node_client(
    node: NodeClients, tmp_path: Path
) -> None:
    traffic = tmp_path / "traffic.jsonl"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *_SUITES),
        cwd=_ROOT,
        env={**os.environ, "RTSTART_TEST_TRAFFIC": str(traffic)},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    out, _ = await process.communicate()
    assert process.returncode == 0, out.decode()[-4000:]

    checked = await node.run("zod_check.mjs", str(traffic))

    # Items with pictures are unknown to it too.
    refused = {
        name: line
        for name, line in checked["refused"].items()
        if "input_image" not in line and name not in _UNKNOWN_TO_THE_CLIENT
    }
    assert refused == {}
    assert set(checked["counts"]) == SERVER_EVENTS
