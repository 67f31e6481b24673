"""The page: its files as they are, and the one HTML document that names them.

The files' address holds a digest of all of them. So a browser may keep them for good, and a new
version of the app is a new address; there is no build step.
"""

import hashlib
import json
from functools import cache
from pathlib import Path

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import HTMLResponse
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from app.access import check_host
from app.state import state_of
from app.tools import TOOLS

WEB = Path(__file__).parent / "web"

router = APIRouter()


class _Files(StaticFiles):
    """The page's files, kept by the browser as long as `cache_control` says."""

    def __init__(self, *, cache_control: str) -> None:
        super().__init__(directory=WEB)
        self._cache_control = cache_control

    async def get_response(self, path: str, scope: Scope) -> Response:
        """See StaticFiles."""
        response = await super().get_response(path, scope)
        response.headers["cache-control"] = self._cache_control
        return response


def mount(app: FastAPI, *, production: bool) -> None:
    """Add the page to the app."""
    app.include_router(router)
    if production:
        files = _Files(cache_control="public, max-age=31536000, immutable")
        app.mount(f"/web/{_digest()}", files)
    app.mount("/web", _Files(cache_control="no-cache"))


@router.get("/", response_class=HTMLResponse)
async def show_page(request: Request) -> HTMLResponse:
    """The document, with the addresses of this version and what the server's tools are."""
    settings = state_of(request).settings
    check_host(request, settings)
    html = (WEB / "index.html").read_text(encoding="utf-8")
    base = f"/web/{_digest()}/" if settings.production else "/web/"
    modules = sorted(path.relative_to(WEB).as_posix() for path in WEB.rglob("*.js"))
    # Without this the browser would find the modules one behind the other.
    preloads = "\n    ".join(
        f'<link rel="modulepreload" href="{base}{name}" />'
        for name in modules
        if not name.endswith(("worklets.js", "reload.js"))
    )
    tools = json.dumps(TOOLS.for_page()).replace("<", "\\u003c")
    data = f'<script id="tools" type="application/json">{tools}</script>'
    reload = "" if settings.production else f'<script type="module" src="{base}reload.js"></script>'
    html = html.replace('"/web/', f'"{base}')
    html = html.replace("<!-- server -->", "\n    ".join([preloads, data, reload]).rstrip())
    return HTMLResponse(html, headers={"cache-control": "no-cache"})


@cache
def _digest() -> str:
    """A name for this version of the files."""
    digest = hashlib.sha256()
    for path in sorted(one for one in WEB.rglob("*") if one.is_file()):
        digest.update(path.relative_to(WEB).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
