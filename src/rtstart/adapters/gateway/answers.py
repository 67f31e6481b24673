"""Answers that the gateway gives itself: small HTML pages for people, JSON for programs."""

import json
from base64 import b64encode
from dataclasses import dataclass, replace
from hashlib import sha256
from html import escape
from http import HTTPStatus

from aiohttp import web

from rtstart.adapters.gateway.connection import CLOSED, KEPT, Connection, head
from rtstart.core.forwarding import HeaderList

# The colours are those of the shipped apps, so that coming in does not look like another place.
_STYLE = """
:root { color-scheme: light dark; --ground: #faf8f4; --ink: #1f1d1a; --quiet: #686259;
  --accent: #0b7655; --on-accent: #fcfffd; --line: #8b857a; }
@media (prefers-color-scheme: dark) { :root { --ground: #151412; --ink: #ece8e1; --quiet: #a09a8f;
  --accent: #5fd3a6; --on-accent: #0c1a14; --line: #6f6a61; } }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; background: var(--ground); color: var(--ink);
  font: 17px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
  display: grid; place-items: center; }
main { width: 100%; max-width: 34rem; padding: 2rem 1.5rem; }
h1 { font-size: 1.4rem; line-height: 1.25; margin: 0 0 .75rem; font-weight: 600; }
p { margin: 0 0 1rem; }
a { color: var(--accent); }
.quiet { color: var(--quiet); font-size: .9rem; }
code { font: .95em ui-monospace, monospace; overflow-wrap: anywhere; }
button, input { font: inherit; min-height: 3.5rem; width: 100%; border-radius: .5rem; }
button { border: 0; background: var(--accent); color: var(--on-accent); font-weight: 600;
  cursor: pointer; margin: .5rem 0 1.5rem; }
input { border: 1px solid var(--line); background: transparent; color: inherit; padding: 0 1rem;
  text-transform: uppercase; letter-spacing: .08em; }
input::placeholder { color: var(--quiet); opacity: 1; }
button:focus-visible, input:focus-visible { outline: 3px solid var(--ink); outline-offset: 2px; }
"""

_POLL = """
const again = async () => {
  try {
    const answer = await fetch(document.body.dataset.poll, { cache: "no-store" });
    if (answer.status === 204) { location.reload(); return; }
  } catch {}
  setTimeout(again, 700);
};
setTimeout(again, 500);
"""

ENTER_PATH = "/.rtstart/enter"
"""Where a code that was typed is led to its invitation."""


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


_POLICY = (
    f"default-src 'none'; style-src {_hash(_STYLE)}; script-src {_hash(_POLL)}; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
).encode()

_COMMON: HeaderList = [
    (b"Cache-Control", b"no-store"),
    (b"X-Robots-Tag", b"noindex, nofollow"),
    (b"X-Content-Type-Options", b"nosniff"),
]


@dataclass(frozen=True, slots=True)
class Reply:
    """One whole answer. `is_last` closes the connection after it."""

    status: int
    headers: HeaderList
    body: bytes = b""
    is_last: bool = False


def page(
    status: int,
    title: str,
    body: str,
    *,
    headers: HeaderList | None = None,
    attributes: str = "",
    script: str = "",
) -> Reply:
    """A page of our own. `body` is HTML; what comes from outside in it must be escaped."""
    tag = f"<script>{script}</script>" if script else ""
    text = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta name="robots" content="noindex"><title>{escape(title)}</title>'
        f"<style>{_STYLE}</style></head><body{attributes}><main><h1>{escape(title)}</h1>"
        f"{body}</main>{tag}</body></html>\n"
    )
    return Reply(
        status,
        [
            (b"Content-Type", b"text/html; charset=utf-8"),
            (b"Content-Security-Policy", _POLICY),
            (b"X-Frame-Options", b"DENY"),
            (b"Referrer-Policy", b"same-origin"),
            *_COMMON,
            *(headers or []),
        ],
        text.encode(),
    )


def problem(status: int, code: str, words: str, *, headers: HeaderList | None = None) -> Reply:
    """A refusal for a program, in the shape of the API's own errors."""
    kind = "server_error" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "access_error"
    error = {"message": words, "type": kind, "code": code, "param": None}
    return Reply(
        status,
        [(b"Content-Type", b"application/json"), *_COMMON, *(headers or [])],
        json.dumps({"error": error}).encode() + b"\n",
    )


def plain(status: int, text: str, *, headers: HeaderList | None = None) -> Reply:
    """A line of text."""
    return Reply(
        status,
        [(b"Content-Type", b"text/plain; charset=utf-8"), *_COMMON, *(headers or [])],
        text.encode(),
    )


def nothing(status: int, *, headers: HeaderList | None = None) -> Reply:
    """An answer without a body."""
    return Reply(status, [*_COMMON, *(headers or [])])


def last(reply: Reply) -> Reply:
    """The same answer, after which the connection is closed."""
    return replace(reply, is_last=True)


def confirm_page(project: str, code: str) -> Reply:
    """The page behind an invitation: pressing its button spends the code."""
    return page(
        200,
        f"You are invited to try {project}",
        "<p>It is a voice app that runs on its developer's own machine. It will ask for your "
        "microphone when you start to talk.</p>"
        f'<form method="post" action="/i/{escape(code)}"><button>Come in</button></form>'
        '<p class="quiet">This invitation works once, in this browser.</p>',
    )


_CODE_FORM = (
    f'<form action="{ENTER_PATH}">'
    '<input name="code" aria-label="Invitation code" placeholder="7FK2-QX9D" '
    'autocomplete="off" autocapitalize="characters" spellcheck="false">'
    "<button>Continue</button></form>"
)

_WHY_NOT = {
    "unknown": "This code is not known. Look at it again, or ask for a new one.",
    "spent": "This invitation has been used already. Each one works once.",
    "expired": "This invitation is too old.",
    "too many tries": "Too many wrong codes were tried. Wait a minute, then try again.",
    "full": "As many people as may be are in already.",
}


def refused_page(project: str, why: str, *, retry_after_s: float = 0.0) -> Reply:
    """The page behind a code that lets nobody in."""
    headers: HeaderList = []
    status = 403
    if retry_after_s:
        status = 429
        headers.append((b"Retry-After", str(int(retry_after_s) + 1).encode()))
    return page(
        status,
        "This invitation does not open the door",
        f"<p>{_WHY_NOT[why]}</p>{_CODE_FORM}"
        f'<p class="quiet">The developer of {escape(project)} can send a new link: they '
        "press <code>n</code> in the terminal where rtstart runs.</p>",
        headers=headers,
    )


def how_to_get_in_page(project: str) -> Reply:
    """The page at a bare address."""
    return page(
        401,
        "This app is private",
        f"<p>{escape(project)} runs on its developer's machine and is shown to invited people. "
        f"Open the invitation link you were sent, or type its code.</p>{_CODE_FORM}"
        '<p class="quiet">Is this your app? Press <code>n</code> in the terminal where rtstart '
        "runs: it shows a new link, and <code>i</code> its QR code. On the same machine the local "
        "address needs no invitation.</p>",
    )


def wrong_host_page(words: str) -> Reply:
    """The page for a name under which this gateway does not answer."""
    return page(421, "This is not the address of this app", f"<p>{escape(words)}</p>")


def down_page(project: str, service: str) -> Reply:
    """The page shown while a service does not answer; it reloads itself when it does."""
    return page(
        503,
        f"{service} is not answering yet",
        f"<p>The gateway of {escape(project)} runs, but the service "
        f"<code>{escape(service)}</code> behind it does not answer. This page reloads by itself "
        "as soon as it does.</p>"
        '<p class="quiet">Its output in the terminal says what it is doing. '
        '<a href="">Reload now</a></p>',
        headers=[(b"Retry-After", b"1")],
        attributes=f' data-poll="/.rtstart/up/{escape(service, quote=True)}"',
        script=_POLL,
    )


async def write(
    connection: Connection, request: web.BaseRequest, reply: Reply
) -> web.StreamResponse:
    """Send a whole answer."""
    if connection.transport is None:
        return CLOSED
    keep_alive = request.keep_alive and not reply.is_last and not request.can_read_body
    if "Upgrade" in request.headers:
        # Somebody on the way may believe in a WebSocket and send what is no request.
        keep_alive = False
    headers = list(reply.headers)
    if reply.status not in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED):
        headers.append((b"Content-Length", str(len(reply.body)).encode()))
    start = head(
        reply.status, HTTPStatus(reply.status).phrase.encode(), headers, keep_alive=keep_alive
    )
    connection.transport.write(start if request.method == "HEAD" else start + reply.body)
    return KEPT if keep_alive else CLOSED


def wants_page(request: web.BaseRequest) -> bool:
    """Whether a person's browser navigates here, so that a page is the right answer."""
    if request.method not in ("GET", "HEAD"):
        return False
    destination = request.headers.get("Sec-Fetch-Dest")
    if destination is not None:
        return destination in ("document", "iframe")
    return "text/html" in request.headers.get("Accept", "")
