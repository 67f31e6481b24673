"""Asking through the public address as a visitor's browser would: name, TLS, HTTP, WebSocket."""

import asyncio
import contextlib
import os
import socket
import ssl
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from rtstart.core.proof import Trouble

if TYPE_CHECKING:
    import aiohttp

_LONGEST_BODY = 1_000_000
_OK = 200
_UPGRADE_REQUIRED = 426
_BROWSER = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/156.0.0.0 Safari/537.36"
)

SKIP_WARNING_PAGES: Mapping[str, str] = {
    "ngrok-skip-browser-warning": "1",
    "bypass-tunnel-reminder": "1",
    "X-Tunnel-Skip-AntiPhishing-Page": "1",
    "X-Pinggy-No-Screen": "1",
    "skip_zrok_interstitial": "1",
}
"""Headers that pass the warning pages of free tunnels (facts: tunnels 6, 2026-11)."""


class AskFailed(Exception):
    """A question got no usable answer; the text says what came instead, in plain words."""

    def __init__(self, words: str, trouble: Trouble = "other") -> None:
        super().__init__(words)
        self.trouble: Trouble = trouble


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer: status, headers by lower-case name, and the body as text."""

    status: int
    headers: Mapping[str, str]
    text: str


class Outside:
    """One visitor's connections to an address. Made by `outside`; closed by leaving it."""

    def __init__(self, origin: str, session: "aiohttp.ClientSession", tls: ssl.SSLContext) -> None:
        self.origin = origin
        self._session = session
        self._tls = tls

    async def resolve(self) -> tuple[str, ...]:
        """The addresses behind the origin's name. Raises AskFailed when there are none."""
        split = urlsplit(self.origin)
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(
                split.hostname, split.port or 443, type=socket.SOCK_STREAM
            )
        except OSError as error:
            words = f"the name {split.hostname} does not resolve"
            raise AskFailed(words, "no name") from error
        return tuple(dict.fromkeys(str(one[4][0]) for one in found))

    async def handshake(self) -> str:
        """The name of the authority that signed the certificate, once it was found valid."""
        split = urlsplit(self.origin)
        try:
            _, writer = await asyncio.open_connection(
                split.hostname, split.port or 443, ssl=self._tls, server_hostname=split.hostname
            )
        except ssl.SSLCertVerificationError as error:
            words = f"the certificate is not valid: {error.verify_message}"
            raise AskFailed(words, "bad certificate") from error
        except ssl.SSLError as error:
            raise AskFailed(f"no TLS connection: {error}", "bad certificate") from error
        except OSError as error:
            raise AskFailed(f"no connection: {_words(error)}", "no connection") from error
        certificate = writer.get_extra_info("peercert") or {}
        writer.close()
        with contextlib.suppress(OSError, ssl.SSLError):
            await writer.wait_closed()
        issuer = {key: value for part in certificate.get("issuer", ()) for key, value in part}
        return str(issuer.get("organizationName") or issuer.get("commonName") or "unknown")

    async def ask(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: str | None = None,
    ) -> Answer:
        """Send one request and read its answer; redirects are not followed, cookies are kept."""
        return await self._send(
            method, path, headers={**SKIP_WARNING_PAGES, **(headers or {})}, body=body
        )

    async def _send(
        self, method: str, path: str, *, headers: Mapping[str, str], body: str | None = None
    ) -> Answer:
        import aiohttp

        try:
            async with self._session.request(
                method,
                f"{self.origin}{path}",
                headers=headers,
                data=body,
                allow_redirects=False,
            ) as response:
                content = await response.content.read(_LONGEST_BODY)
                return Answer(
                    response.status,
                    {name.lower(): value for name, value in response.headers.items()},
                    content.decode(response.charset or "utf-8", errors="replace"),
                )
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            words = f"{method} {path} got no answer: {_words(error)}"
            raise AskFailed(words, "no connection") from error

    async def ask_as_browser(self, path: str) -> Answer:
        """GET a path as a visitor's browser does: no provider's warning page is skipped."""
        return await self._send(
            "GET", path, headers={"User-Agent": _BROWSER, "Accept": "text/html,*/*;q=0.8"}
        )

    async def gap(self, path: str) -> float:
        """Seconds between the first and the last part of a streamed answer."""
        import aiohttp

        loop = asyncio.get_running_loop()
        try:
            async with self._session.get(
                f"{self.origin}{path}", headers=SKIP_WARNING_PAGES, allow_redirects=False
            ) as response:
                times = [loop.time() async for _ in response.content.iter_any()]
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise AskFailed(f"the stream was cut: {_words(error)}", "held back") from error
        return times[-1] - times[0] if times else 0.0

    async def first_message(
        self, path: str, *, protocols: tuple[str, ...] = (), say: str | None = None
    ) -> str:
        """Open a WebSocket, say something if given, and return the first text that comes back."""
        import aiohttp

        try:
            async with self._session.ws_connect(
                f"{self.origin.replace('http', 'ws', 1)}{path}",
                protocols=protocols,
                origin=self.origin,
                headers=SKIP_WARNING_PAGES,
            ) as socket_:
                if say is not None:
                    await socket_.send_str(say)
                message = await socket_.receive()
        except aiohttp.WSServerHandshakeError as error:
            is_ignored = error.status in (_OK, _UPGRADE_REQUIRED)
            trouble: Trouble = "upgrade ignored" if is_ignored else "upgrade dropped"
            raise AskFailed(f"the upgrade was answered with {error.status}", trouble) from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            words = f"the WebSocket did not open: {_words(error)}"
            raise AskFailed(words, "upgrade dropped") from error
        if message.type is not aiohttp.WSMsgType.TEXT:
            words = f"the WebSocket ended without a word ({message.type.name.lower()})"
            raise AskFailed(words, "upgrade dropped")
        return str(message.data)


@contextlib.asynccontextmanager
async def outside(
    origin: str, *, tls: ssl.SSLContext | None = None, deadline_s: float = 10.0
) -> AsyncIterator[Outside]:
    """A visitor of this origin, with cookies of its own and no proxy of the machine's.

    `tls` says whom to trust; the system's authorities otherwise.
    """
    import aiohttp

    context = tls or ssl.create_default_context()
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(ssl=context),
        cookie_jar=aiohttp.CookieJar(unsafe=True),
        timeout=aiohttp.ClientTimeout(total=deadline_s),
        trust_env=False,
    ) as session:
        yield Outside(origin, session, context)


def _words(error: BaseException) -> str:
    """What went wrong, without the addresses and objects that libraries put into their texts."""
    cause = getattr(error, "os_error", error)  # aiohttp's errors of connecting carry one
    has_own_numbers = isinstance(cause, ssl.SSLError | socket.gaierror)
    if isinstance(cause, OSError) and cause.errno and not has_own_numbers:
        return os.strerror(cause.errno).lower()
    if isinstance(error, TimeoutError):
        return "nothing came in time"
    return str(error) or type(error).__name__
