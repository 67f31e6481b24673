"""RT4xx: the way from outside to the gateway."""

from rtstart.core.findings.types import Entry, Fix

UNKNOWN_TUNNEL = Entry(
    code="RT401",
    level="error",
    title="There is no tunnel of that name",
    why="The name is misspelt, or its plug-in is not installed.",
    fix=Fix("Use one that is there.", command="rtstart dev --tunnel lan"),
    recognised="the name is not among the registered providers",
)

NO_LAN_ADDRESS = Entry(
    code="RT402",
    level="warning",
    title="This machine has no address on a local network",
    why="Only loopback addresses were found, so no other device can reach it.",
    fix=Fix(
        "Join a network, or work on this machine: http://localhost is enough for the microphone."
    ),
    recognised="no private IPv4 address on any interface",
)

CERTIFICATE_NOT_TRUSTED = Entry(
    code="RT403",
    level="note",
    title="The local certificate authority is not trusted yet",
    why="Browsers warn about certificates from an authority they do not know.",
    fix=Fix("Trust the authority once on each device, or continue past the browser's warning."),
    recognised="the certificate authority was made by rtstart and not found in a trust store",
)

PROOF_FAILED = Entry(
    code="RT410",
    level="error",
    title="The public address did not pass its proof",
    why="A request through the public address did not come back as it should.",
    fix=Fix("Work on the local address meanwhile; `--tunnel none` hides the public one."),
    recognised="the proof sequence of `dev` through the printed address",
)

HMR_NOT_OPEN = Entry(
    code="RT411",
    level="warning",
    title="The dev server's update socket does not open through the public address",
    why="Without it Vite does not show edits, and a Next page does not come alive.",
    fix=Fix("Use another tunnel, or look at the page on the local address."),
    recognised="the WebSocket upgrade of the dev server fails through the public address",
    source="facts: Next 16 does not hydrate without its HMR socket, 2026-11",
)

AUTHORITY_BROKEN = Entry(
    code="RT404",
    level="error",
    title="The local certificate authority cannot be read",
    why="Its file is damaged, or was changed by hand.",
    fix=Fix(
        "Delete the file named above: a new authority is made, and devices must trust it anew."
    ),
    recognised="the authority's file does not hold a key and the certificate that belongs to it",
)

PROGRAM_MISSING = Entry(
    code="RT405",
    level="error",
    title="The tunnel's program is not installed",
    why="It was not found on the PATH.",
    fix=Fix("Install it, or use another way.", command="rtstart tunnels"),
    recognised="no such program on the PATH",
)

NOT_SIGNED_IN = Entry(
    code="RT406",
    level="error",
    title="The tunnel's program is not signed in",
    why="This provider needs an account and its token on this machine.",
    fix=Fix("Sign in once."),
    recognised="no token in the environment, or the program says that it is not signed in",
)

PROGRAM_TOO_OLD = Entry(
    code="RT407",
    level="error",
    title="The tunnel's program is too old",
    why="The provider serves newer versions only, or ours speaks to newer ones only.",
    fix=Fix("Update it."),
    recognised="its version, or the provider's words",
)

NOT_SET_UP = Entry(
    code="RT444",
    level="error",
    title="This way is not set up in the project",
    why="It has to be told where it leads, in a table of rtstart.toml.",
    fix=Fix("Write the table."),
    recognised="no [tunnels.NAME] in rtstart.toml, or one that lacks what is needed",
)

BAD_ADDRESS = Entry(
    code="RT408",
    level="error",
    title="That is no address a tunnel can have",
    why="It must be https://, a host, perhaps a port, and nothing else.",
    fix=Fix("Give the origin alone.", command="rtstart dev --tunnel https://voice.example.com"),
    recognised="an own URL with another scheme, a path, a query or a user name",
)

PLUG_IN_BROKEN = Entry(
    code="RT409",
    level="warning",
    title="A tunnel plug-in cannot be used",
    why="It failed to import, or speaks another version of the provider protocol.",
    fix=Fix("Update or remove the package that brings it."),
    recognised="an entry point of the group rtstart.tunnels that fails to load",
)
