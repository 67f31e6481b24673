"""Puts the app together. `uvicorn --factory app.main:create_app` runs it; `serve` does so too."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware

from app import reload, site
from app.errors import Refused, answer_http, answer_refused, answer_unexpected
from app.limits import limits_for
from app.log import LOG, RequestLog, set_up
from app.routers import ROUTERS
from app.security import SecurityHeaders
from app.settings import Settings, key_trouble, read_settings
from app.state import Calls, State


def create_app(settings: Settings | None = None) -> FastAPI:
    """The app with these settings, by default those of the environment."""
    chosen = read_settings() if settings is None else settings
    set_up(production=chosen.production)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        limits = limits_for(chosen.redis_url)
        async with httpx.AsyncClient() as http:
            app.state.voice = State(chosen, limits, http, Calls(chosen.server_calls))
            if key_trouble(chosen.key) is not None:
                LOG.warning(
                    "OPENAI_API_KEY is missing or does not look like a key; calls will be refused."
                )
            try:
                yield
            finally:
                await limits.close()

    app = FastAPI(lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.exception_handler(Refused)(answer_refused)
    app.exception_handler(HTTPException)(answer_http)
    app.exception_handler(Exception)(answer_unexpected)
    app.add_middleware(GZipMiddleware, minimum_size=1024)
    app.add_middleware(SecurityHeaders, settings=chosen)
    app.add_middleware(RequestLog)
    for router in ROUTERS:
        app.include_router(router)
    if not chosen.production:
        app.include_router(reload.router)

    @app.get("/healthz")
    async def healthz() -> dict[str, bool]:
        """Whether the process is alive."""
        return {"ok": True}

    @app.get("/readyz")
    async def readyz() -> dict[str, int]:
        """Whether it may be sent visitors: the store behind the limits answers."""
        state = app.state.voice
        await state.limits.check()
        return {"calls": state.calls.now}

    site.mount(app, production=chosen.production)
    return app
