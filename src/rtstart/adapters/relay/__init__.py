"""The hop between the token backend and the API, which no tunnel sees: timed, recorded, linted."""

from rtstart.adapters.relay.records import RelayRecord
from rtstart.adapters.relay.relay import Relay, RelaySettings

__all__ = ["Relay", "RelayRecord", "RelaySettings"]
