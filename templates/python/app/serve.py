"""`uv run serve`: the app by uvicorn. With `--reload` it starts again when its code changes."""

import argparse
import os
import sys
from pathlib import Path

import uvicorn

from app.log import set_up
from app.settings import BadSetting, read_settings


def main() -> None:
    """Read the options and the environment, and serve until stopped."""
    parser = argparse.ArgumentParser(prog="serve", description="Serve the voice app.")
    parser.add_argument("--host", default=os.environ.get("HOST") or "127.0.0.1")
    port = os.environ.get("PORT") or os.environ.get("WEB_PORT") or "8000"
    parser.add_argument("--port", type=int, default=port)
    parser.add_argument("--reload", action="store_true", help="start again when code changes")
    workers = os.environ.get("WEB_CONCURRENCY") or "1"
    parser.add_argument("--workers", type=int, default=workers, help="processes (default: 1)")
    given = parser.parse_args()
    try:
        settings = read_settings()
    except BadSetting as error:
        sys.exit(str(error))
    if given.workers > 1 and not settings.redis_url:
        sys.exit("Several processes share their limits through Redis; set REDIS_URL.")
    # The process that watches the others logs in the same form.
    set_up(production=settings.production)
    uvicorn.run(
        "app.main:create_app",
        factory=True,
        host=given.host,
        port=given.port,
        workers=None if given.reload else given.workers,
        reload=given.reload,
        reload_dirs=[str(Path(__file__).parent)] if given.reload else None,
        reload_excludes=["web/*"] if given.reload else None,
        log_config=None,
        access_log=False,
        # One message of a page is 40 ms of sound; this is far above.
        ws="websockets-sansio",
        ws_max_size=256 * 1024,
        # On a busy machine a process needs longer than the usual 5 seconds to begin.
        timeout_worker_healthcheck=60,
        # A call that is on goes on elsewhere: the page calls again.
        timeout_graceful_shutdown=5,
        # Which proxies may say who is calling, and over what; "*" for all.
        forwarded_allow_ips=os.environ.get("FORWARDED_ALLOW_IPS", "127.0.0.1"),
        server_header=False,
    )
