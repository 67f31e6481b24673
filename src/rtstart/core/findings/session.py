"""RT53x and RT54x: requests to the API whose form it would refuse, named before it does."""

from rtstart.core.findings.types import Entry, Fix

_SOURCE = "facts: realtime-api 1, 4 and 10, 2026-11"

SESSION_WITHOUT_TYPE = Entry(
    code="RT530",
    level="error",
    title="The session has no type",
    why="Since the beta ended every session object must say what it is.",
    fix=Fix('Add "type": "realtime" to the session (or "transcription").'),
    recognised="a session object without `type`",
    source=_SOURCE,
)

BETA_FIELD = Entry(
    code="RT531",
    level="error",
    title="A session field has the name it had in the beta",
    why="The API refuses the whole session for one field it does not know.",
    fix=Fix("Move the field to where it stands now."),
    recognised="voice, modalities, turn_detection, input_audio_format and their like, top level",
    source=_SOURCE,
)

AUDIO_FORMAT = Entry(
    code="RT532",
    level="error",
    title="An audio format is written in a form that the API does not take",
    why="A format is an object; PCM has 24000 samples a second and no other rate.",
    fix=Fix('Write {"type": "audio/pcm", "rate": 24000}, audio/pcmu or audio/pcma.'),
    recognised="a format that is a string, or PCM with another rate",
    source=_SOURCE,
)

UNKNOWN_VOICE = Entry(
    code="RT533",
    level="error",
    title="There is no voice of that name in the Realtime API",
    why="Names are in lower case, and the voices of the speech API are not all here.",
    fix=Fix('Use one that is there: "marin" and "cedar" are recommended.'),
    recognised="a voice that is not in the list",
    source=_SOURCE,
)

BOTH_MODALITIES = Entry(
    code="RT534",
    level="error",
    title="A session cannot answer in text and audio both",
    why="Audio always comes with its transcript, so text need not be asked for.",
    fix=Fix('Write "output_modalities": ["audio"], or ["text"].'),
    recognised="output_modalities with more than one entry",
    source=_SOURCE,
)

TOOL_SHAPE = Entry(
    code="RT535",
    level="error",
    title="A tool has the shape of another API",
    why="Here name, description and parameters stand in the tool itself, and there is no strict.",
    fix=Fix("Take the fields out of `function` into the tool."),
    recognised="a tool with a `function` object or a `strict` field",
    source=_SOURCE,
)

SECRET_LIVES_LONG = Entry(
    code="RT536",
    level="note",
    title="Ephemeral secrets are made to live longer than they are needed",
    why="A secret opens sessions until it expires; it is needed for the seconds of connecting.",
    fix=Fix('Ask for "expires_after": {"anchor": "created_at", "seconds": 60}.'),
    recognised="expires_after of more than 60 seconds, or none (then it is 600)",
    source=_SOURCE,
)

ENDS_SOON = Entry(
    code="RT537",
    level="warning",
    title="Something that the session asks for will be shut down",
    why="OpenAI has announced a date after which it is refused.",
    fix=Fix("Change to its successor before that date."),
    recognised="models and fields on OpenAI's deprecations page",
    source="OpenAI deprecations page, seen 2026-11",
)

OFFER_FORM = Entry(
    code="RT538",
    level="error",
    title="The SDP offer is posted in a form that the API does not take",
    why="It is raw text as application/sdp with an ek_ secret, or a form with sdp and session.",
    fix=Fix("Post the offer's text with Content-Type: application/sdp."),
    recognised="the content type and the query of a POST to /realtime/calls",
    source=_SOURCE,
)

CONNECT_QUERY = Entry(
    code="RT539",
    level="error",
    title="The address of the WebSocket does not say one thing",
    why="It needs exactly one of model, call_id and intent=transcription.",
    fix=Fix("Connect to /v1/realtime?model=gpt-realtime-2.1 or with the id of a call."),
    recognised="none or more than one of model, call_id, intent in the query",
    source=_SOURCE,
)

ANSWER_REFUSED = Entry(
    code="RT540",
    level="error",
    title="The API refused a request of the token backend",
    why="Its own words are shown above.",
    fix=Fix("Correct what they name."),
    recognised="an answer of 400 or more to a request that went through the relay",
)
