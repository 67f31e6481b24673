"""Which models the Realtime API takes (model and deprecation pages, 2026-11-22)."""

from dataclasses import dataclass

from rtstart.core.realtime.wire import Fault, Json

DEFAULT_MODEL = "gpt-realtime-2.1"


@dataclass(frozen=True, slots=True)
class Model:
    """A model that `GET /v1/models` lists; `shutdown_date` is ISO, or None."""

    name: str
    created: int
    shutdown_date: str | None = None

    def wire(self) -> dict[str, Json]:
        """As the list shows it."""
        return {
            "id": self.name,
            "object": "model",
            "created": self.created,
            "owned_by": "rtstart-emulator",
            "shutdown_date": self.shutdown_date,
        }


MODELS = (
    Model("gpt-realtime-2.1", 1783036800),
    Model("gpt-realtime-2.1-mini", 1783036800),
    Model("gpt-realtime-2", 1777593600),
    Model("gpt-realtime-1.5", 1771977600),
    Model("gpt-realtime", 1756339200, "2027-01-20"),
    Model("gpt-realtime-2025-08-28", 1756339200, "2027-01-20"),
    Model("gpt-realtime-mini", 1759708800, "2027-01-20"),
    Model("gpt-realtime-mini-2025-12-15", 1765756800, "2027-01-20"),
)
_OTHER_USE = (
    "gpt-realtime-whisper",
    "gpt-realtime-translate",
    "gpt-realtime-mini-2025-10-06",
)


def model_fault(name: str, param: str | None = None) -> Fault | None:
    """The refusal of a model that is dead, unknown or made for another API.

    A newer `gpt-realtime-…` than this list knows is let through.
    """
    if name in {model.name for model in MODELS}:
        return None
    if name.startswith("gpt-realtime-") and name not in _OTHER_USE:
        return None
    return Fault("invalid_model", f'Model "{name}" is not supported in realtime mode.', param)
