"""Items as clients create, fetch and delete them, and the events that tell of it."""

from collections.abc import Iterable, Mapping

from rtstart.core.realtime.actions import Outbox
from rtstart.core.realtime.conversation import (
    Audio,
    Conversation,
    Item,
    McpTools,
    Message,
    item_of,
    item_wire,
)
from rtstart.core.realtime.messages import CreateItem
from rtstart.core.realtime.settings import FormatName
from rtstart.core.realtime.speaking import cut
from rtstart.core.realtime.wire import Fault, Json, as_fields, as_text

_DOING: Mapping[str, str] = {
    "retrieve": "retrieving",
    "truncate": "truncating",
    "delete": "deleting",
}


class ItemDesk:
    """Changes a conversation and tells of it."""

    def __init__(self, conversation: Conversation, box: Outbox) -> None:
        self._conversation = conversation
        self._box = box
        self._mcp_labels: set[str] = set()

    def create(self, event: CreateItem, format: FormatName) -> Fault | None:
        """Add a client's item; its sound, if any, is in `format`."""
        item = item_of(
            event.item,
            item_id=self._box.ids("item"),
            call_id=self._box.ids("call"),
            format=format,
        )
        if isinstance(item, Fault):
            return item
        fault = self._conversation.add(item, event.previous_item_id)
        if fault is None:
            self.announce(item)
        return fault

    def list_mcp(self, tools: Iterable[Json]) -> None:
        """Say of each MCP server that is new that its tools cannot be had."""
        for tool in map(as_fields, tools):
            label = as_text(tool.get("server_label", ""))
            if tool["type"] != "mcp" or label in self._mcp_labels:
                continue
            self._mcp_labels.add(label)
            item = McpTools(self._box.ids("item"), label)
            place: dict[str, Json] = {
                "previous_item_id": self._conversation.last_id,
                "item": item_wire(item),
            }
            self._conversation.add(item)
            self._box.send("conversation.item.added", **place)
            self._box.send("mcp_list_tools.in_progress", item_id=item.id)
            self._box.send("mcp_list_tools.failed", item_id=item.id)
            self._box.send("conversation.item.done", **place)
            words = (
                f"The tools of the MCP server '{label}' cannot be listed: the emulator reaches no "
                "MCP servers. Use function tools, or the real API."
            )
            self._box.refuse(Fault(None, words, "session.tools"), None, None)

    def announce(self, item: Item) -> None:
        """Tell of an item that came whole."""
        previous = self._conversation.previous_id(item.id)
        for name in ("added", "done"):
            self._box.send(
                f"conversation.item.{name}", previous_item_id=previous, item=item_wire(item)
            )

    def retrieve(self, item_id: str) -> Fault | None:
        """Send an item with its audio."""
        item = self._conversation.find(item_id)
        if item is None:
            return no_such_item("retrieve", item_id)
        self._box.send("conversation.item.retrieved", item=item_wire(item, with_audio=True))
        return None

    def delete(self, item_id: str) -> Fault | None:
        """Take an item out of the conversation."""
        if not self._conversation.remove(item_id):
            return no_such_item("delete", item_id)
        self._box.send("conversation.item.deleted", item_id=item_id)
        return None

    def drop_unheard(self, item: Item, audio_end_ms: int) -> None:
        """Keep of a spoken answer only what was heard, and tell of it."""
        sound = spoken_part(item)
        if isinstance(item, Message) and sound is not None:
            shorter = Message(item.id, item.role, (cut(sound, audio_end_ms),), item.status)
            self._conversation.replace(shorter)
        self._box.send(
            "conversation.item.truncated",
            item_id=item.id,
            content_index=0,
            audio_end_ms=audio_end_ms,
        )


def spoken_part(item: Item) -> Audio | None:
    """The sound of an answer, or None if the item is no spoken answer."""
    if not isinstance(item, Message) or item.role != "assistant":
        return None
    sounds = [part for part in item.content if isinstance(part, Audio)]
    return sounds[0] if sounds else None


def no_such_item(verb: str, item_id: str) -> Fault:
    """The refusal to `retrieve`, `truncate` or `delete` an item that is not there."""
    words = f"Error {_DOING[verb]} item: the item with id '{item_id}' does not exist."
    return Fault(f"item_{verb}_invalid_item_id", words)
