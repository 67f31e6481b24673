"""RT6xx: the call itself: microphone, network, session, sound. The app names the same codes."""

from rtstart.core.findings.types import Entry, Fix

MICROPHONE_DENIED = Entry(
    code="RT601",
    level="error",
    title="The browser was not allowed to use the microphone",
    why="The permission was refused now or earlier for this address.",
    fix=Fix("Allow the microphone in the browser's address bar, then press Talk again."),
    recognised="getUserMedia rejects with NotAllowedError",
)
