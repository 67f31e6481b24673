"""RT412 to RT420: what is wrong with an address that was opened, found by asking through it."""

from rtstart.core.findings.types import Entry, Fix

NAME_NOT_FOUND = Entry(
    code="RT412",
    level="error",
    title="The public name does not resolve yet",
    why="A new name takes seconds to minutes to appear, and a resolver that was asked too early "
    "remembers the no.",
    fix=Fix("Wait a minute, or open it over mobile data."),
    recognised="the system's resolver knows no address for the name",
    source="records were seen 2 to 6 s after the tunnel, 2026-11",
)

CERTIFICATE_WRONG = Entry(
    code="RT413",
    level="error",
    title="The certificate of the public address is not valid",
    why="Browsers stop before the page, and phones offer no way past it.",
    fix=Fix("See what is presented there."),
    recognised="the TLS handshake fails, or the certificate is for another name or expired",
)

WARNING_PAGE = Entry(
    code="RT414",
    level="warning",
    title="The provider shows visitors a page of its own first",
    why="Free tunnels of some providers ask visitors to confirm before the app is shown.",
    fix=Fix("Tell visitors to continue once, or use a tunnel without it.", "rtstart tunnels"),
    recognised="an HTML page that is not ours where our answer should be",
)

UPGRADE_DROPPED = Entry(
    code="RT415",
    level="error",
    title="WebSockets do not come through the tunnel",
    why="The upgrade was cut off or refused on the way. Vite then shows no edits, a Next page does "
    "not come alive, and calls over WebSocket fail.",
    fix=Fix("Use a tunnel that carries WebSockets.", command="rtstart tunnels"),
    recognised="the upgrade ends without an answer, or with one from 400",
)

UPGRADE_IGNORED = Entry(
    code="RT416",
    level="error",
    title="The tunnel answers a WebSocket upgrade as an ordinary request",
    why="Something on the way takes the Upgrade header out, as HTTP/1.0 proxies do.",
    fix=Fix("Use a tunnel that carries WebSockets.", command="rtstart tunnels"),
    recognised="an upgrade is answered with 200, or with 426 because it came without its header",
)

BUFFERED = Entry(
    code="RT417",
    level="warning",
    title="The tunnel holds answers back until they are whole",
    why="Streams of events arrive only at their end. Voice does not need them; a page may.",
    fix=Fix("Use another tunnel if the app streams over HTTP.", command="rtstart tunnels"),
    recognised="the parts of an answer sent a while apart arrive together",
    source="cloudflared#1449: quick tunnels hold event streams back, 2026-11",
)

WRONG_APP = Entry(
    code="RT418",
    level="error",
    title="Another program answers at the public address",
    why="The tunnel leads to another port, or the address belongs to an older run.",
    fix=Fix("Look where the tunnel points, and stop what else uses it."),
    recognised="the page behind the address does not know this run's nonce",
)

HOST_REFUSED = Entry(
    code="RT419",
    level="error",
    title="The dev server refuses the public host",
    why="It answers only to names that it knows; the tunnel does not lead to rtstart's gateway, "
    "which asks it under its own name.",
    fix=Fix("Let the tunnel point to the gateway's port, not to the dev server's."),
    recognised='Vite\'s "Blocked request. This host is not allowed." with 403',
    source="Vite 8.3.8, 2026-11",
)

BODY_TOO_SMALL = Entry(
    code="RT420",
    level="warning",
    title="The tunnel refuses larger uploads",
    why="A body of one megabyte did not come through.",
    fix=Fix("Use another tunnel if the app uploads files."),
    recognised="a POST of one megabyte is answered with 413 or cut off",
)

SIGN_IN = Entry(
    code="RT445",
    level="error",
    title="Something in front of the app asks visitors to sign in",
    why="Ports of a codespace and some tunnels are private at first: only the owner gets through.",
    fix=Fix("Make it public there, or share it with people who may sign in."),
    recognised="our question is answered with 401 or led to another host, an upgrade led anywhere",
    source="GitHub's docs on forwarded ports, 2026-11",
)
