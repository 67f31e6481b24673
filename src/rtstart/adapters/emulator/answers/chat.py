"""`chat`: any OpenAI-compatible chat endpoint, a local one for example, between two halves of
speech. Its words are spoken sentence by sentence, as they come.
"""

from collections.abc import AsyncIterator, Mapping

import httpx

from rtstart.adapters.emulator.answers import Said, Speaker
from rtstart.adapters.emulator.answers.speech import Listener
from rtstart.adapters.emulator.answers.words import pieces
from rtstart.adapters.emulator.audio.samples import encoded
from rtstart.core.realtime.answers import Failure, Question, Sound, Words
from rtstart.core.realtime.chat import (
    ChatEndpoint,
    ChatReply,
    chat_failure,
    chat_request,
    refused,
)
from rtstart.core.realtime.conversation import Audio, Message
from rtstart.core.realtime.sentences import Sentences
from rtstart.core.realtime.wire import Fields

CONNECT_S = 5.0
ANSWER_S = 120.0
"""How long an endpoint may be silent: a local one loads its model at the first question."""


class ChatClient:
    """The connection to one endpoint, shared by all calls. Ends with `close`."""

    def __init__(self, endpoint: ChatEndpoint) -> None:
        self._endpoint = endpoint
        self._http = httpx.AsyncClient(timeout=httpx.Timeout(ANSWER_S, connect=CONNECT_S))

    async def close(self) -> None:
        """Close the connection."""
        await self._http.aclose()

    async def ask(
        self, question: Question, heard: Mapping[str, str], reply: ChatReply
    ) -> AsyncIterator[Words | Failure]:
        """What the endpoint says, as it says it; the tools it calls are in `reply`."""
        endpoint = self._endpoint
        body = chat_request(question, model=endpoint.model, heard=heard)
        headers = {"Authorization": f"Bearer {endpoint.key}"} if endpoint.key else {}
        url = f"{endpoint.url.rstrip('/')}/chat/completions"
        try:
            async with self._http.stream("POST", url, json=body, headers=headers) as response:
                if response.status_code != httpx.codes.OK:
                    text = (await response.aread()).decode("utf-8", "replace")
                    yield refused(response.status_code, text)
                    return
                async for line in response.aiter_lines():
                    for part in reply.take(line):
                        yield part
        except httpx.HTTPError as error:
            said = str(error) or type(error).__name__
            yield chat_failure(f"{endpoint.url} cannot be talked to ({said})")


class Chat:
    """Lets a chat endpoint answer in one call."""

    def __init__(self, client: ChatClient, *, speaker: Speaker, listener: Listener) -> None:
        self._client = client
        self._speaker = speaker
        self._listener = listener

    async def answer(self, question: Question) -> AsyncIterator[Said]:
        """What the endpoint says to the whole conversation, and the tools that it calls."""
        reply, sentences = ChatReply(), Sentences()
        heard = await self._heard(question)
        async for part in self._client.ask(question, heard, reply):
            yield part
            if isinstance(part, Failure):
                return
            for sentence in sentences.add(part.text):
                async for sound in self._spoken(sentence, question):
                    yield sound
        for sentence in sentences.rest():
            async for sound in self._spoken(sentence, question):
                yield sound
        for call in reply.calls():
            yield call

    async def _heard(self, question: Question) -> dict[str, str]:
        """The words of everything spoken that has none yet and whose sound is still there."""
        found: dict[str, str] = {}
        for item in question.history:
            if not isinstance(item, Message) or item.role != "user":
                continue
            sounds = [part for part in item.content if isinstance(part, Audio)]
            if sounds and not sounds[0].transcript and sounds[0].audio:
                found[item.id] = await self._listener.words(item.id, sounds[0])
        return found

    async def _spoken(self, sentence: str, question: Question) -> AsyncIterator[Sound]:
        if question.settings.output_modality == "audio":
            sound = await self._speaker.speak(sentence, question.settings)
            yield Sound(encoded(sound, question.format))

    async def transcribe(self, item_id: str, sound: Audio, request: Fields) -> AsyncIterator[str]:
        """The words as they were understood."""
        del request
        for piece in pieces(await self._listener.words(item_id, sound)):
            yield piece
