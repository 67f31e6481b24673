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

MICROPHONE_MISSING = Entry(
    code="RT602",
    level="error",
    title="No microphone was found",
    why="The browser sees no device that records sound.",
    fix=Fix("Connect a microphone or a headset, then press Talk again."),
    recognised="getUserMedia rejects with NotFoundError or OverconstrainedError",
)

MICROPHONE_BUSY = Entry(
    code="RT603",
    level="error",
    title="The microphone could not be started",
    why="Another program holds it, or the system switched it off.",
    fix=Fix("Close what else is recording, then press Talk again."),
    recognised="getUserMedia rejects with NotReadableError or AbortError",
)

INSECURE_ORIGIN = Entry(
    code="RT604",
    level="error",
    title="This address is not secure, so there is no microphone",
    why="Browsers give microphones only to https pages and to localhost.",
    fix=Fix("Open the https address from the terminal, or http://localhost on this machine."),
    recognised="isSecureContext is false",
    source="tried in Chromium 156, 2026-11",
)

MICROPHONE_LOST = Entry(
    code="RT605",
    level="error",
    title="The microphone was disconnected",
    why="The device was unplugged or taken away during the call.",
    fix=Fix("Connect it again or choose another one in the settings."),
    recognised="the microphone's track fires ended",
)

MICROPHONE_SILENT = Entry(
    code="RT606",
    level="error",
    title="The microphone gives no sound at all",
    why="Every sample is zero: it is muted by the system or by a switch on the device.",
    fix=Fix("Unmute it in the system's sound settings or on the headset."),
    recognised=(
        "every sample is exactly zero for some seconds while the track is not muted by the app"
    ),
)

NETWORK_BLOCKED = Entry(
    code="RT607",
    level="error",
    title="The call's sound could not get through the network",
    why="Neither UDP nor the fallback reached the other side within the time limit.",
    fix=Fix("Choose WebSocket as the transport in the settings, or try another network."),
    recognised="the peer connection fails, or its channel does not open within 10 s",
)

OFFER_REFUSED = Entry(
    code="RT608",
    level="error",
    title="The page could not reach the Realtime API",
    why="The request for the call had no answer: offline, blocked by a filter, or by a policy.",
    fix=Fix("Check this device's network; a content filter may block api.openai.com."),
    recognised="fetch of /realtime/calls rejects, or the WebSocket fails before it opens",
)

SESSION_SILENT = Entry(
    code="RT609",
    level="error",
    title="The session did not begin",
    why="The connection stood, but no session.created came within the time limit.",
    fix=Fix("Press Talk again."),
    recognised="no session.created within 10 s of the connection",
)

CALL_LOST = Entry(
    code="RT610",
    level="error",
    title="The connection was lost",
    why="The network changed, went to sleep, or the other side closed the call.",
    fix=Fix("Press Talk to go on; what was said stays on the page."),
    recognised="the data channel or socket closes, or ICE fails, in a live call",
)

SESSION_EXPIRED = Entry(
    code="RT611",
    level="error",
    title="The session reached its time limit",
    why="A session of the Realtime API lasts 60 minutes at most.",
    fix=Fix("Press Talk to go on in a new one."),
    recognised="error event session_expired, then close code 1001",
)

SOUND_BLOCKED = Entry(
    code="RT612",
    level="error",
    title="The browser would not play sound",
    why="Sound may begin only with a click, and the system may have refused the device.",
    fix=Fix("Press Talk again; check that the tab is not muted."),
    recognised="play() rejects or the AudioContext stays suspended after a click",
)

BROWSER_TOO_OLD = Entry(
    code="RT613",
    level="error",
    title="This browser lacks what a call needs",
    why="Neither WebRTC nor WebSocket with an AudioWorklet is available here.",
    fix=Fix("Use a current Chrome, Edge, Firefox or Safari."),
    recognised="RTCPeerConnection, WebSocket or AudioWorklet is undefined",
)

AUDIO_FORMAT = Entry(
    code="RT614",
    level="error",
    title="The audio is not in the form the API understands",
    why="It takes 16-bit little-endian samples at 24 kHz, one channel.",
    fix=Fix("Send what the capture worklet gives, not MediaRecorder's containers."),
    recognised="an odd number of bytes, or the first bytes of a RIFF, WebM, Ogg or MP4 container",
)

UNEXPECTED = Entry(
    code="RT699",
    level="error",
    title="Something unexpected happened",
    why="The app met a case it does not know.",
    fix=Fix("Press Talk again; the browser's console has the details."),
    recognised="an error that no other page names",
)

OFFLINE = Entry(
    code="RT615",
    level="error",
    title="This device is offline",
    why="The browser reports no network.",
    fix=Fix("Connect to a network, then press Talk again."),
    recognised="navigator.onLine is false and nothing could be reached",
)

FELL_BACK = Entry(
    code="RT616",
    level="note",
    title="The call runs over WebSocket, because WebRTC did not get through",
    why="Some networks let no UDP pass; the fallback needs none.",
    fix=Fix("Nothing needs to be done; the settings can make WebSocket the first choice."),
    recognised="WebRTC fails with RT607, RT608 or RT613 and the WebSocket then opens",
)

TAKEN_OVER = Entry(
    code="RT617",
    level="note",
    title="The call was ended because another tab began one",
    why="Two calls on one device would hear each other.",
    fix=Fix("Press Talk to have it here again."),
    recognised="another tab of the same address announces a call",
)

HELD_TOO_SHORT = Entry(
    code="RT618",
    level="note",
    title="The button was let go too soon",
    why="Less than a fifth of a second of speech cannot be sent.",
    fix=Fix("Hold the button, or the space bar, for as long as you speak."),
    recognised="push to talk was released within 200 ms",
)
