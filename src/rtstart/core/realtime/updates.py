"""What a running session may not change, though the shape of the update is right."""

from rtstart.core.realtime.settings import Settings, modalities_fault
from rtstart.core.realtime.wire import Fault, Fields, as_fields


def update_fault(settings: Settings, session: Fields, *, has_spoken: bool) -> Fault | None:
    """Why a well-formed `session.update` may not be applied, or None."""
    if session["type"] != settings.type:
        words = (
            f"Passing a {session['type']} session update event to a {settings.type} session is "
            "not allowed."
        )
        return Fault("invalid_value", words, "session.type")
    if session.get("model", settings.model) != settings.model:
        words = f"Cannot update a session's model: it is '{settings.model}'."
        return Fault("cannot_update_model", words, "session.model")
    tracing = settings.tracing
    if tracing is not None and session.get("tracing", tracing) != tracing:
        words = "Tracing cannot be changed once it is on."
        return Fault("cannot_update_tracing", words, "session.tracing")
    spoken = as_fields(as_fields(session.get("audio", {})).get("output", {}))
    return modalities_fault(session, "session") or voice_fault(
        settings, spoken, has_spoken=has_spoken
    )


def voice_fault(settings: Settings, spoken: Fields, *, has_spoken: bool) -> Fault | None:
    """The refusal of another voice once the session has spoken with one; `param` is null."""
    if has_spoken and spoken.get("voice", settings.voice) != settings.voice:
        words = "Cannot update a conversation's voice if assistant audio is present."
        return Fault("cannot_update_voice", words)
    return None
