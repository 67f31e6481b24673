"""The log: lines for people while developing, JSON in production. Never a secret, never a query."""

import json
import logging
import sys
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOG = logging.getLogger("voice")


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created)),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def set_up(*, production: bool) -> None:
    """Send all logging to standard output, in the form for this place."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(_Json() if production else logging.Formatter("%(message)s"))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    for noisy in ("httpx", "httpx2", "uvicorn.access", "watchfiles.main", "websockets"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    for own in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(own).handlers = []
        logging.getLogger(own).propagate = True


class RequestLog:
    """One line for each request: what was asked, what was answered, how long it took.

    The page's own files are left out while they are found.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        began = time.monotonic()
        status = 0

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            elif message["type"] == "websocket.accept":
                status = 101
            elif message["type"] == "websocket.close" and status != 101:
                status = 403
            await send(message)

        try:
            await self._app(scope, receive, watched)
        finally:
            self._tell(scope, status, round((time.monotonic() - began) * 1000))

    def _tell(self, scope: Scope, status: int, took_ms: int) -> None:
        path = scope["path"]
        method = scope.get("method", "WS")
        is_quiet = path == "/healthz" or (method == "GET" and not path.startswith("/session"))
        if is_quiet and status < 400:
            return
        fields = {"method": method, "path": path, "status": status, "took_ms": took_ms}
        LOG.info("%s %s %s %s ms", method, path, status, took_ms, extra={"fields": fields})
