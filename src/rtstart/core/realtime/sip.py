"""What may be asked of a call over HTTP: accept, reject, refer, hang up. And which calls ring.

There is no telephone network here. What rings is the call of `rtstart webhook`, so that an app's
whole way can be tried: webhook, accept, the WebSocket beside the call, tools, hang-up.
"""

from typing import Literal, TypeAlias

from rtstart.core.realtime.rules import Shape, Text, Whole
from rtstart.core.realtime.tokens import parse_session
from rtstart.core.realtime.wire import Fault, Json, as_fields
from rtstart.core.webhooks import SAMPLE_CALL

Verb: TypeAlias = Literal["accept", "reject", "refer", "hangup"]
VERBS: tuple[Verb, ...] = ("accept", "reject", "refer", "hangup")

_REJECT = Shape({"status_code": Whole(400, 699)})
_REFER = Shape({"target_uri": Text()}, required=("target_uri",))
_REMEMBERED = 1000
_NOT_FOR_TELEPHONES = ("threshold", "prefix_padding_ms", "silence_duration_ms")


def verb_of(name: str) -> Verb | None:
    """The verb of this name, if there is one."""
    return next((verb for verb in VERBS if verb == name), None)


def verb_fault(verb: Verb, body: Json) -> Fault | None:
    """Why a request to do this with a call is refused, or None.

    A telephone call is accepted with a whole session, in which `turn_detection` has no times
    (agents-js guide, 2026-08).
    """
    match verb:
        case "accept":
            session = parse_session(body)
            return session if isinstance(session, Fault) else _telephone_fault(body)
        case "reject":
            return _REJECT.fault(body, "")
        case "refer":
            return _REFER.fault(body, "")
        case "hangup":
            return None


def _telephone_fault(session: Json) -> Fault | None:
    heard = as_fields(as_fields(as_fields(session).get("audio", {})).get("input", {}))
    rule = heard.get("turn_detection")
    for name in _NOT_FOR_TELEPHONES:
        if rule is not None and name in as_fields(rule):
            param = f"session.audio.input.turn_detection.{name}"
            return Fault("unknown_parameter", f"Unknown parameter: '{param}'.", param)
    return None


class Ringing:
    """The calls that ring: each is answered or declined once."""

    def __init__(self) -> None:
        self._over: dict[str, None] = {}

    def has(self, call_id: str) -> bool:
        """Whether this call waits for an answer."""
        return call_id.startswith(SAMPLE_CALL) and call_id not in self._over

    def stop(self, call_id: str) -> None:
        """It rings no more."""
        self._over[call_id] = None
        if len(self._over) > _REMEMBERED:
            del self._over[next(iter(self._over))]
