"""Asking a service over HTTP whether it is ready."""

import asyncio
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import aiohttp

_FIRST_PAUSE_S = 0.02
_LONGEST_PAUSE_S = 0.25
_REFUSED_FROM = 500


class HttpProbe:
    """Asks on 127.0.0.1, never through a proxy, over connections that are kept.

    aiohttp does it because the gateway of the same process has it loaded already: a second HTTP
    library would cost a third of a second on the way to ready.
    """

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> "HttpProbe":
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def until_ready(self, port: int, path: str) -> None:
        """Return when a GET answers below 500. There is no deadline here; cancel it."""
        import aiohttp

        if self._session is None:
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=None),
                trust_env=False,
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        # Dev servers always accept the name localhost; the connection itself is pinned to IPv4.
        headers = {"Host": f"localhost:{port}", "Accept": "text/html,*/*"}
        pause_s = _FIRST_PAUSE_S
        while True:
            try:
                async with self._session.get(
                    f"http://127.0.0.1:{port}{path}", headers=headers, allow_redirects=False
                ) as answer:
                    if answer.status < _REFUSED_FROM:
                        return
            except (aiohttp.ClientError, OSError):
                pass
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 1.3, _LONGEST_PAUSE_S)
