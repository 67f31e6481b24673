"""RT5xx: the key, the ephemeral secret and the Realtime API."""

from rtstart.core.findings.types import Entry, Fix

KEY_SHAPE = Entry(
    code="RT501",
    level="error",
    title="OPENAI_API_KEY does not look like a key",
    why="An OpenAI key starts with sk- and has no blanks, quotes or line ends in it.",
    fix=Fix("Copy the key again from platform.openai.com/api-keys into .env, or leave it empty."),
    recognised="the value is a placeholder, has blanks or quotes, or does not start with sk-",
)

MINT_REFUSED = Entry(
    code="RT520",
    level="error",
    title="The token backend could not get an ephemeral secret",
    why="The API refused the request, or the backend failed on the way.",
    fix=Fix("Read the token service's last lines above; its own words are the cause."),
    recognised="a mint through the printed address is answered with anything but an ek_ secret",
)

KEY_REFUSED = Entry(
    code="RT521",
    level="error",
    title="The API does not accept this key",
    why="It was revoked, belongs to another organization, or was copied wrong.",
    fix=Fix("Copy the key again from platform.openai.com/api-keys into .env, then run again."),
    recognised="a mint is answered with 401",
    source="facts: realtime-api 1.1, 2026-11",
)

NO_CREDIT = Entry(
    code="RT522",
    level="error",
    title="The account behind the key has no credit",
    why="The API answers 429 with insufficient_quota when nothing is left to spend.",
    fix=Fix(
        "Add credit at platform.openai.com/settings/organization/billing, or use the emulator.",
        command="rtstart dev --emulate",
    ),
    recognised="a mint is answered with 429 and code insufficient_quota",
    source="facts: realtime-api 1.1, 2026-11",
)

KEY_MISSING = Entry(
    code="RT510",
    level="error",
    title="The token service has no OPENAI_API_KEY",
    why="Without a key no session can be asked for.",
    fix=Fix("Put OPENAI_API_KEY into .env and start again, or run rtstart dev --emulate."),
    recognised="the token service's environment has no OPENAI_API_KEY",
)

TOO_MANY = Entry(
    code="RT513",
    level="error",
    title="Too many calls were started in a short time",
    why="The token service or OpenAI limits how often a session may begin.",
    fix=Fix("Wait a moment, then press Talk again."),
    recognised="429 from the token service or the API",
)

TOKEN_SERVICE_DOWN = Entry(
    code="RT514",
    level="error",
    title="The token service did not answer",
    why="The page could not reach POST /session on its own address.",
    fix=Fix("Look at the terminal: the service that answers POST /session must be running."),
    recognised="fetch of /session rejects, or a dev server answers 5xx without JSON",
)

TOKEN_SERVICE_SLOW = Entry(
    code="RT515",
    level="error",
    title="The token service took too long",
    why="No secret came within 20 seconds.",
    fix=Fix("Press Talk again; if it stays slow, look at the token service's log."),
    recognised="no answer to POST /session within 20 s",
)

NOT_INVITED = Entry(
    code="RT516",
    level="error",
    title="This browser has no invitation",
    why="Calls cost money, so a public address lets in only whom it was shown to.",
    fix=Fix("Open the invitation link from the terminal in this browser."),
    recognised="401 or 403 from the address the page came from",
)

API_DOWN = Entry(
    code="RT517",
    level="error",
    title="The Realtime API had an error of its own",
    why="The failure is on OpenAI's side.",
    fix=Fix("Press Talk again; status.openai.com says whether it is known."),
    recognised="a status of 500 or more from the API, or an answer that is not what it documents",
)

SESSION_REFUSED = Entry(
    code="RT518",
    level="error",
    title="The Realtime API did not accept the session's settings",
    why="One unknown or wrong field makes it refuse the whole request.",
    fix=Fix(
        "Correct the field that is named above: in server/mint.ts, or app/assistant.py in python."
    ),
    recognised="400, or an error event, whose code names a parameter of the session",
)

MODEL_REFUSED = Entry(
    code="RT519",
    level="error",
    title="The model is not one of the Realtime API",
    why="The name is wrong, the model was shut down, or the account may not use it.",
    fix=Fix("Set REALTIME_MODEL to a current one, or remove it."),
    recognised="code invalid_model or missing_model",
)

SECRET_REFUSED = Entry(
    code="RT511",
    level="error",
    title="The ephemeral secret was refused",
    why="It was used after its time, used twice, or minted by another service.",
    fix=Fix("Press Talk again; a new secret is made for each call."),
    recognised="401 at /realtime/calls, or WebSocket close code 3000",
)

NOT_JSON = Entry(
    code="RT512",
    level="error",
    title="Something between the page and the token service answered",
    why="The answer to POST /session was a web page, not JSON: a tunnel's warning or a login.",
    fix=Fix("Reload the page and pass what is asked there, or use another tunnel."),
    recognised="the answer to POST /session does not parse as a JSON object",
)

API_UNREACHABLE = Entry(
    code="RT525",
    level="error",
    title="The token service could not reach OpenAI",
    why="Its request to the API had no answer: no network, a proxy, or a wrong OPENAI_BASE_URL.",
    fix=Fix("Check the network of the machine the token service runs on."),
    recognised="code upstream_unreachable or upstream_timeout from the token service",
)

CLOSED = Entry(
    code="RT526",
    level="error",
    title="This app lets nobody call yet",
    why="In production the token route is closed until the app says who may call.",
    fix=Fix(
        "Say who may call, in server/authorise.ts (python: app/authorise.py); "
        "build it and start it again."
    ),
    recognised="code closed from the token service, status 403",
)

NOT_SIGNED_IN = Entry(
    code="RT527",
    level="error",
    title="You are not signed in",
    why="Calls cost money, so this app lets only those call whom it knows.",
    fix=Fix("Sign in, then press Talk again."),
    recognised="code not_authorised from the token service, status 401",
)

ANSWER_FAILED = Entry(
    code="RT523",
    level="error",
    title="The model could not answer",
    why="The API ended the answer as failed.",
    fix=Fix("Say it again; the words above name the cause when there is one."),
    recognised="response.done with status failed and no known code",
)

BETA_SHAPE = Entry(
    code="RT524",
    level="error",
    title="The request has the shape of the old beta interface",
    why="The beta of the Realtime API ended on 2026-05-12.",
    fix=Fix("Send no OpenAI-Beta header, and use /realtime/client_secrets and /realtime/calls."),
    recognised="code beta_api_shape_disabled",
    source="OpenAI deprecations page, 2026-05-12",
)
