"""RT42x to RT44x: why a tunnel provider gave no address, or took it away again."""

from rtstart.core.findings.types import Entry, Fix

RATE_LIMITED = Entry(
    code="RT421",
    level="error",
    title="The provider allows no more tunnels from here for now",
    why="It counts new tunnels by the address they come from, and this one has had enough.",
    fix=Fix("Wait ten minutes, or use another way.", command="rtstart dev --tunnel lan"),
    recognised='a refusal with 429 or "error code: 1015"',
    source="cloudflared 2026.8.2 against a stub allocator, 2026-11; cloudflare/cloudflared#972",
)

PORT_REFUSED = Entry(
    code="RT422",
    level="error",
    title="The server does not forward the port that was asked for",
    why="Another session holds it, or the server permits other ports only.",
    fix=Fix("Set another `remote_port` under [tunnels.ssh], or look at PermitListen there."),
    recognised='ssh says "remote port forwarding failed for listen port"',
    source="OpenSSH 9.2p1, 2026-11",
)

NO_NETWORK = Entry(
    code="RT423",
    level="error",
    title="The provider cannot be reached",
    why="This machine has no internet, no DNS, or a firewall stands in between.",
    fix=Fix("Work on the local address, or on this network.", command="rtstart dev --tunnel lan"),
    recognised="a name that does not resolve, a network that is unreachable, a refused connection",
)

ENDED = Entry(
    code="RT424",
    level="error",
    title="The tunnel's program ended",
    why="It ended by itself; its last line says most about it.",
    fix=Fix("Run it by hand to see more, or use another way."),
    recognised="the process of a tunnel exits",
)

NO_ADDRESS = Entry(
    code="RT425",
    level="error",
    title="The tunnel told no address",
    why="Its program runs, but said nothing that looks like an address in time.",
    fix=Fix("Look at its log in .rtstart/logs, or use another way."),
    recognised="no address within the provider's time",
)

NOT_CONNECTED = Entry(
    code="RT426",
    level="error",
    title="The tunnel has an address and no connection",
    why="An address is only a name until the provider's edge is connected with this machine.",
    fix=Fix("Look at its log in .rtstart/logs, or use another way."),
    recognised="an address was told, and no connection followed in time",
    source="cloudflared prints its address before it dials, 2026-11",
)

EDGE_BLOCKED = Entry(
    code="RT427",
    level="error",
    title="The provider's edge cannot be reached",
    why="Cloudflare's tunnels need port 7844, over UDP or TCP; a firewall here closes it.",
    fix=Fix("Open TCP 7844 outwards, or use a tunnel over port 443 such as ngrok."),
    recognised="cloudflared cannot dial or look up its edge",
    source="cloudflared 2026.8.2, 2026-11",
)

ACCOUNT_LIMIT = Entry(
    code="RT428",
    level="error",
    title="The account of this provider allows no more",
    why="Its plan limits sessions, requests or traffic, or the same tunnel runs elsewhere.",
    fix=Fix("Stop the other session, look at the provider's dashboard, or use another way."),
    recognised="ngrok's ERR_NGROK_108, 334 or 727, and their like elsewhere",
    source="ngrok's list of errors, 2026-08",
)

CREDENTIAL_REFUSED = Entry(
    code="RT429",
    level="error",
    title="The provider refused the credential",
    why="The token is wrong or withdrawn, or the key is not known there.",
    fix=Fix("Make a new token or key at the provider, and put it where it was."),
    recognised="an answer such as unauthorized, invalid token or permission denied",
)

HOST_KEY_UNKNOWN = Entry(
    code="RT430",
    level="error",
    title="The server is not known to ssh, or its key has changed",
    why="ssh connects without a question only to servers whose key it knows.",
    fix=Fix("Connect once by hand, and compare the key with the server's own."),
    recognised='ssh says "Host key verification failed."',
    source="OpenSSH 9.2p1, 2026-11",
)

TIME_LIMIT = Entry(
    code="RT431",
    level="note",
    title="The tunnel will end soon",
    why="Tunnels of this kind last for a limited time.",
    fix=Fix("Nothing to do: a new address is opened and printed when it ends."),
    recognised="the known life of a provider's free tunnels",
)

IDLE_DEFECT = Entry(
    code="RT432",
    level="warning",
    title="localtunnel ends when nobody uses it",
    why="Its client keeps idle connections that a server on Node ends after 90 seconds; rtstart's "
    "gateway does not, but the client is unmaintained and its public server is often down.",
    fix=Fix("Use another tunnel for anything longer.", command="rtstart tunnels"),
    recognised="the provider is localtunnel",
    source="localtunnel 2.0.2 tried in front of Vite and aiohttp, 2026-11; localtunnel#563",
)

NOT_PUBLISHED = Entry(
    code="RT433",
    level="error",
    title="PortPreview is not published",
    why="There is no package of that name on npm: `npx portpreview` would run whatever somebody "
    "registers under it later. rtstart runs the program only when it is already installed.",
    fix=Fix("Use another tunnel.", command="rtstart tunnels"),
    recognised="no `portpreview` on the PATH or in node_modules/.bin",
    source="registry.npmjs.org/portpreview answers 404, 2026-11",
)

NO_TLS = Entry(
    code="RT434",
    level="error",
    title="The tunnel's address is not https",
    why="Browsers give the microphone only to pages that came over https, or from this machine.",
    fix=Fix("Use a tunnel that ends in https.", command="rtstart tunnels"),
    recognised="the address begins with http:// or is a bare host and port",
)

FEATURE_OFF = Entry(
    code="RT435",
    level="error",
    title="The account does not have this feature switched on",
    why="It must be allowed once in the provider's console.",
    fix=Fix("Switch it on in the console."),
    recognised="tailscale says that Funnel or HTTPS is not available",
    source="tailscale's command line, source of 2026",
)

LOST = Entry(
    code="RT436",
    level="warning",
    title="The tunnel's address does not answer any more",
    why="The provider's connection broke, this machine slept, or its network changed.",
    fix=Fix("Nothing to do: rtstart connects again, then tries the next way."),
    recognised="three questions through the public address in a row got no answer from us",
)

ALL_FAILED = Entry(
    code="RT437",
    level="warning",
    title="No tunnel could be opened",
    why="Every way that was allowed has failed; the reasons are above.",
    fix=Fix(
        "The local address works. Press t to try again, or see what there is.", "rtstart tunnels"
    ),
    recognised="all candidates have been tried",
)

FETCH_FAILED = Entry(
    code="RT438",
    level="error",
    title="A program could not be fetched",
    why="The download failed or was cut short.",
    fix=Fix("Install it by hand, or try again with internet."),
    recognised="downloading a pinned release fails",
)

CHECKSUM_WRONG = Entry(
    code="RT439",
    level="error",
    title="A downloaded program is not what it should be",
    why="Its SHA-256 differs from the one that rtstart carries for this version. It was deleted.",
    fix=Fix("Try from another network; if it stays, report it."),
    recognised="the SHA-256 of a download differs from the pinned one",
)

EXPOSURE = Entry(
    code="RT440",
    level="warning",
    title="A public tunnel shows this app to whoever has the link",
    why="A visitor who was let in can talk with the model at your cost and, behind a dev server, "
    "read the app's source. The tunnel's provider can read what goes through it.",
    fix=Fix("Agree once for this project, or keep to this network.", "rtstart dev --tunnel lan"),
    recognised="the first public tunnel in a project",
)

NOT_AGREED = Entry(
    code="RT441",
    level="note",
    title="No public tunnel was opened, because nobody agreed to it",
    why="Without a terminal rtstart cannot ask, and it opens nothing to the world by itself.",
    fix=Fix("Agree on the command line.", command="rtstart dev --yes"),
    recognised="a public tunnel was chosen, standard input is no terminal and --yes is missing",
)

FETCH = Entry(
    code="RT442",
    level="note",
    title="A tunnel's program can be fetched",
    why="It is downloaded once from the vendor's own releases, in one pinned version that is "
    "checked by its SHA-256, into rtstart's cache. Using it means accepting the vendor's terms.",
    fix=Fix("Agree once for this project, or install it by hand.", command="rtstart dev --yes"),
    recognised="cloudflared would be used and is not on the PATH",
)

TOO_MANY_REQUESTS = Entry(
    code="RT443",
    level="error",
    title="The tunnel lets no more requests through for now",
    why="Free tunnels count requests or open connections, and a page of a dev server takes dozens.",
    fix=Fix("Wait a minute, or use another way.", command="rtstart dev --tunnel lan"),
    recognised="an answer with 429 that is not ours",
    source="cloudflared's quick tunnels stop at 200 open requests, ngrok's plans count, 2026-11",
)
