"""Text in the pieces in which it is sent, and what answers without a model have in common."""

from rtstart.core.realtime.answers import Question
from rtstart.core.realtime.conversation import FunctionOutput, Message, Text
from rtstart.core.realtime.settings import Settings
from rtstart.core.realtime.wire import as_text

NOTHING_SAID = "Nobody has said anything yet. Say something and you will hear it again."


def pieces(text: str) -> list[str]:
    """A text word by word, blanks kept, so that it can be put together again."""
    words = text.split(" ")
    parted = (word if index == 0 else f" {word}" for index, word in enumerate(words))
    return [piece for piece in parted if piece]


def written_answer(question: Question) -> str:
    """An answer to the last thing that was written, or that a tool gave back."""
    for item in reversed(question.history):
        if isinstance(item, FunctionOutput):
            return f"The tool answered: {item.output}"
        if not isinstance(item, Message) or item.role != "user":
            continue
        texts = [part.text for part in item.content if isinstance(part, Text)]
        if texts:
            return f"You wrote: {' '.join(texts)}"
        break
    return NOTHING_SAID


def forced_tool(settings: Settings) -> str | None:
    """The function that has to be called, if any: without a model none is called by itself."""
    choice = settings.tool_choice
    names = [as_text(tool["name"]) for tool in settings.tools if tool["type"] == "function"]
    if choice == "required":
        return names[0] if names else None
    if isinstance(choice, dict) and choice.get("type") == "function":
        return as_text(choice["name"])
    return None
