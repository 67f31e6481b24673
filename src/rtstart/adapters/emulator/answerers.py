"""Who answers in each call, and what they share: a voice, a recogniser, a connection."""

import asyncio
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from rtstart.adapters.emulator.answers import Answerer, Speaker
from rtstart.adapters.emulator.answers.echo import Echo
from rtstart.adapters.emulator.answers.murmur import Murmur
from rtstart.adapters.emulator.answers.script import Scripted
from rtstart.adapters.emulator.answers.speech import Listener, Speech
from rtstart.adapters.emulator.speech.engine import Espeak
from rtstart.adapters.emulator.speech.listening import Recogniser
from rtstart.core.errors import Usage
from rtstart.core.findings.machine import NO_SPEECH
from rtstart.core.realtime.chat import ChatEndpoint
from rtstart.core.realtime.scenario import Scenario, Script

if TYPE_CHECKING:
    from rtstart.adapters.emulator.answers.chat import ChatClient

Who: TypeAlias = Literal["echo", "speech"] | ChatEndpoint
"""Who answers where no scenario does: your own voice, your own words, or a chat endpoint."""

SPEECH_MODULES = ("espeakng_loader", "pocketsphinx")
"""What `rtstart[speech]` installs."""


class Answerers:
    """Gives each call its answerer. What they share lives from `start` to `close`.

    Raises Usage when speech is wanted and not installed.
    """

    def __init__(
        self,
        who: Who,
        *,
        scenario: Scenario | None,
        scenario_dir: Path,
        modules: Sequence[str] = SPEECH_MODULES,
    ) -> None:
        self._who = who
        self._scenario = scenario
        self._scenario_dir = scenario_dir
        self._espeak: Espeak | None = None
        self._recogniser: Recogniser | None = None
        self._chat: ChatClient | None = None
        self._loading: asyncio.Future[list[BaseException | None]] | None = None
        if who != "echo":
            missing = [name for name in modules if find_spec(name) is None]
            if missing:
                raise Usage.of(NO_SPEECH.found(f"This Python has no {' and no '.join(missing)}"))
            self._espeak, self._recogniser = Espeak(), Recogniser()

    def start(self) -> None:
        """Begin to load what takes long; nothing waits for it but the first who needs it."""
        if isinstance(self._who, ChatEndpoint):
            from rtstart.adapters.emulator.answers.chat import ChatClient

            self._chat = ChatClient(self._who)
        if self._espeak is not None and self._recogniser is not None:
            loads = [asyncio.to_thread(self._espeak.load), self._recogniser.start()]
            self._loading = asyncio.gather(*loads, return_exceptions=True)

    async def close(self) -> None:
        """End what was started."""
        if self._loading is not None:
            await self._loading
        if self._recogniser is not None:
            await self._recogniser.close()
        if self._chat is not None:
            await self._chat.close()

    def new(self) -> Answerer:
        """Whoever answers in a new call."""
        listener = None if self._recogniser is None else Listener(self._recogniser)
        speaker = self._espeak or Murmur()
        otherwise = self._otherwise(speaker, listener)
        if self._scenario is None:
            return otherwise
        return Scripted(
            Script(self._scenario),
            otherwise=otherwise,
            speaker=speaker,
            sounds_dir=self._scenario_dir,
            listener=listener,
        )

    def _otherwise(self, speaker: Speaker, listener: Listener | None) -> Answerer:
        if listener is None:
            return Echo()
        if self._chat is not None:
            from rtstart.adapters.emulator.answers.chat import Chat

            return Chat(self._chat, speaker=speaker, listener=listener)
        return Speech(speaker=speaker, listener=listener)
