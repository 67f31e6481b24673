"""`uv run talk FILE.wav`: speak a file to the model and save what it answers."""

import argparse
import asyncio
import base64
import json
import os
import sys
from pathlib import Path

from openai import AsyncOpenAI, OpenAIError
from websockets.exceptions import ConnectionClosed, WebSocketException

from app.agent import Agent, Event, connected
from app.settings import BadSetting, Settings, key_trouble, read_settings
from app.toolbox import Toolbox
from app.tools import TOOLS
from app.wav import RATE_HZ, BadWav, read_wav, write_wav

_PORTION_BYTES = RATE_HZ * 2 // 10


class NoAnswer(Exception):
    """The model did not answer; the text says why."""


class _Listener:
    """Gathers the answer: its sound, and the words of both."""

    def __init__(self) -> None:
        self.sound = bytearray()
        self.agent: Agent | None = None
        self.over = asyncio.Event()
        self.trouble = ""

    async def show(self, text: str) -> None:
        """Take one message."""
        event: Event = json.loads(text)
        match event.get("type"):
            case "response.output_audio.delta":
                self.sound += base64.b64decode(event["delta"])
            case "conversation.item.input_audio_transcription.completed":
                _say(f"you:   {event['transcript']}")
            case "response.output_audio_transcript.done":
                _say(f"model: {event['transcript']}")
            case "server.tool" if event["call"]["state"] != "running":
                call = event["call"]
                _say(f"tool:  {call['name']}({call['given']}) -> {call['output']}")
            case "error":
                self._fail(event["error"].get("message", "an error without words"))
            case "response.done":
                self._done(event["response"])

    def _done(self, response: Event) -> None:
        if response["status"] in ("failed", "incomplete"):
            details = response.get("status_details") or {}
            error = details.get("error") or {}
            self._fail(error.get("message") or details.get("reason") or response["status"])
        elif self.agent is not None and self.agent.is_idle:
            self.over.set()

    def _fail(self, words: str) -> None:
        self.trouble = words
        self.over.set()


async def talk(settings: Settings, toolbox: Toolbox, question: bytes, *, within_s: float) -> bytes:
    """The model's spoken answer to this sound. Raises NoAnswer."""
    listener = _Listener()
    client = AsyncOpenAI(api_key=settings.key, base_url=settings.api_url)
    try:
        async with (
            client,
            connected(client, settings, toolbox, visitor="talk", show=listener.show) as agent,
        ):
            listener.agent = agent
            listening = asyncio.create_task(agent.listen())
            waiting = asyncio.create_task(listener.over.wait())
            try:
                await _speak(agent, question)
                await asyncio.wait(
                    {listening, waiting}, timeout=within_s, return_when=asyncio.FIRST_COMPLETED
                )
            finally:
                waiting.cancel()
                listening.cancel()
                ended = await asyncio.gather(listening, return_exceptions=True)
    except (OSError, TimeoutError, WebSocketException, OpenAIError) as error:
        raise NoAnswer(f"{settings.api_url} was not reached: {error}") from error
    if listener.trouble:
        raise NoAnswer(listener.trouble)
    if isinstance(ended[0], ConnectionClosed):
        raise NoAnswer(f"the API ended the call: {ended[0]}")
    if not listener.over.is_set():
        raise NoAnswer(f"there was no answer within {within_s:g} seconds")
    return bytes(listener.sound)


async def _speak(agent: Agent, question: bytes) -> None:
    """The whole file is one turn, whatever pauses are in it."""
    await agent.say(
        {
            "type": "session.update",
            "session": {"audio": {"input": {"turn_detection": None}}},
        }
    )
    for start in range(0, len(question), _PORTION_BYTES):
        portion = question[start : start + _PORTION_BYTES]
        audio = base64.b64encode(portion).decode()
        await agent.say({"type": "input_audio_buffer.append", "audio": audio})
    await agent.say({"type": "input_audio_buffer.commit"})
    await agent.say({"type": "response.create"})


def main() -> None:
    """Read the options, talk, save the answer."""
    parser = argparse.ArgumentParser(prog="talk", description="Speak a file to the model.")
    parser.add_argument("file", type=Path, metavar="FILE.wav", help="16-bit WAV of any rate")
    parser.add_argument("--out", type=Path, default=Path("answer.wav"), metavar="ANSWER.wav")
    parser.add_argument("--within", type=float, default=60, metavar="SECONDS")
    given = parser.parse_args()
    try:
        settings = read_settings({**_dotenv(Path(".env")), **os.environ})
        if key_trouble(settings.key) is not None:
            sys.exit("OPENAI_API_KEY is missing or does not look like a key. Put it into .env.")
        question = read_wav(given.file)
        if len(question) < _PORTION_BYTES:
            sys.exit(f'"{given.file}" is shorter than a tenth of a second.')
        answer = asyncio.run(talk(settings, TOOLS, question, within_s=given.within))
    except (BadSetting, BadWav, NoAnswer) as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit(130)
    write_wav(given.out, answer)
    _say(f"saved  {given.out}  ({len(answer) / (2 * RATE_HZ):.1f} s)")


def _dotenv(path: Path) -> dict[str, str]:
    """The variables in a .env file, where there is one."""
    if not path.is_file():
        return {}
    pairs = (line.partition("=") for line in path.read_text(encoding="utf-8").splitlines())
    return {
        name.strip(): value.strip().strip("\"'")
        for name, equals, value in pairs
        if equals and value.strip() and not name.lstrip().startswith("#")
    }


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
