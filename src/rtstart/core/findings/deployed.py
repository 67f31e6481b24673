"""RT72x: what is wrong with an app that has been put on the internet."""

from rtstart.core.findings.types import Entry, Fix

MINT_OPEN = Entry(
    code="RT720",
    level="error",
    title="Anybody can make an ephemeral secret at this address",
    why="Each secret starts a call that the owner of the key pays for.",
    fix=Fix("Fill in the app's authorisation hook, so that a stranger's POST is refused."),
    recognised="a POST without any cookie or sign-in is answered with a secret",
    source="facts: peers 7.3 row S3, 2026-11",
)

NO_TOKEN_ROUTE = Entry(
    code="RT721",
    level="error",
    title="The token route is not there",
    why="The page asks POST /session for a secret at the moment of the call.",
    fix=Fix("Deploy the token service too, or lead /session to it."),
    recognised="POST /session is answered with 404 or with a page",
)

EMULATED_ADDRESS = Entry(
    code="RT722",
    level="error",
    title="The deployed app speaks to the emulator",
    why="Whoever calls hears their own words, not the model.",
    fix=Fix("Deploy with OPENAI_API_KEY, without RTSTART_EMULATED and OPENAI_BASE_URL."),
    recognised="/session/config says emulated",
)

MICROPHONE_FORBIDDEN = Entry(
    code="RT723",
    level="error",
    title="The page forbids itself the microphone",
    why="A Permissions-Policy without the microphone makes every browser refuse it unasked.",
    fix=Fix("Send Permissions-Policy: microphone=(self)."),
    recognised="the header Permissions-Policy of the page",
    source="W3C Permissions Policy, 2026-11",
)

HEADERS_MISSING = Entry(
    code="RT724",
    level="warning",
    title="The page lacks headers that keep its visitors safe",
    why="They stop other sites from framing the page and strangers' scripts from running in it.",
    fix=Fix("Let the app's own server send them; it does unless something in front drops them."),
    recognised="the headers of the page",
    source="facts: peers 7.3 row S19, 2026-11",
)

FILE_SERVED = Entry(
    code="RT725",
    level="error",
    title="A file that is nobody's business is served",
    why="Whoever asks for it gets the secrets or the source in it.",
    fix=Fix("Serve the built folder only, and revoke what stood in the file."),
    recognised="the answer to GET /.env and /.git/HEAD looks like such a file",
)

API_NOT_ALLOWED = Entry(
    code="RT726",
    level="error",
    title="The page's own policy keeps it from the API",
    why="connect-src must name the origin to which the page posts its offer.",
    fix=Fix("Add the origin of realtime_url to connect-src, with wss:// for WebSockets."),
    recognised="connect-src of the Content-Security-Policy against realtime_url",
)

PAGE_NOT_SERVED = Entry(
    code="RT727",
    level="error",
    title="The address does not answer with the app's page",
    why="A visitor sees an error, or somebody else's page.",
    fix=Fix("See what is answered there, and by whom."),
    recognised="the status and kind of the answer to GET /",
)

MINT_STORED = Entry(
    code="RT728",
    level="warning",
    title="The answer of the token route may be stored",
    why="A cache in between would hand one visitor's secret to the next.",
    fix=Fix("Send Cache-Control: no-store with every answer of the token route."),
    recognised="the Cache-Control of the answer to POST /session",
    source="facts: peers 7.3 row S5, 2026-11",
)

NOT_SECURE = Entry(
    code="RT729",
    level="error",
    title="The address is not https",
    why="Browsers give no microphone to a page that is not secure.",
    fix=Fix("Put TLS in front of it, and give its https address."),
    recognised="the scheme of the address",
)

WEBHOOK_NOT_TAKEN = Entry(
    code="RT730",
    level="error",
    title="The app does not take a genuine webhook",
    why="OpenAI sends a delivery again for a while, then gives the call up.",
    fix=Fix("Answer 2xx at once and work afterwards; use one secret on both sides."),
    recognised="the answer to a delivery that `rtstart webhook` has signed with the app's secret",
    source="facts: realtime-api 7, 2026-11",
)

WEBHOOK_FORGED = Entry(
    code="RT731",
    level="error",
    title="The app takes a webhook that nobody has signed",
    why="Whoever finds the address can make the app accept calls.",
    fix=Fix("Verify the signature over the raw body before anything else."),
    recognised="a 2xx to a delivery with a wrong signature",
    source="facts: realtime-api 7, 2026-11",
)

NO_WEBHOOK = Entry(
    code="RT732",
    level="error",
    title="No webhook is declared here",
    why="rtstart.toml says which paths take webhooks and which variable holds the secret.",
    fix=Fix(
        "Name the path and the variable, and put the secret into .env.",
        command='[services.token.webhooks]\n"/webhooks/openai" = "OPENAI_WEBHOOK_SECRET"',
    ),
    recognised="rtstart.toml and .env",
)

NOTHING_ANSWERS = Entry(
    code="RT733",
    level="error",
    title="Nothing answers at this address",
    why="No program listens there, or a firewall between drops the connection.",
    fix=Fix("Start the app and look at its log; then see how far a request comes."),
    recognised="the TCP connection is refused, or nothing comes back in time",
)
