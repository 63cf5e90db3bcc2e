"""The web app's files, and the health for those who ask for it at `/`."""

import re
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from aiohttp import web

from services.core.errors import NotFound
from services.runtime import http

Answer = tuple[int, bytes]
"""HTTP status and JSON."""

INDEX = "index.html"
# What describes the REST face: by its address, the file of the build.
REFERENCES = {"/docs": "docs.html", "/redoc": "redoc.html", "/openapi.json": "openapi.json"}
# Where a dashboard was before there was the web app.
DASHBOARD = "/monitoring/dashboard"
ASSETS = "assets"
ICONS = "icons"
# The build puts a hash of eight characters before the ending of what it makes, so that a name stands for its content.
HASHED = re.compile(r"-(?=[a-z]*[^a-z.])[A-Za-z0-9_-]{8}\.\w+$")
FOR_EVER = "public, max-age=31536000, immutable"
FOR_AN_HOUR = "public, max-age=3600"
ASK_EACH_TIME = "no-cache"

SECURITY_HEADERS = {
    "content-security-policy": (
        "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
}
# Their libraries write styles into the page, draw from `data:`, and search in a worker made of text.
REFERENCE_HEADERS = {
    **SECURITY_HEADERS,
    "content-security-policy": SECURITY_HEADERS["content-security-policy"]
    + "; style-src 'self' 'unsafe-inline'; img-src 'self' data:; worker-src 'self' blob:",
}

NOT_BUILT = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Binnacle</title>
<h1>Binnacle runs, but its web app is not built.</h1>
<p><code>make run</code> builds it and starts the suite; <code>make web</code> builds it alone.</p>
<p>Everything else answers as usual: <a href="/health">/health</a>, <a href="/dashboard">/dashboard</a>.</p>
</html>
"""


class Pages:
    """Serves the built web app from a folder, which may also be built later."""

    def __init__(self, web_dir: Path, health: Callable[[], Awaitable[Answer]]) -> None:
        self._web_dir = web_dir
        self._health = health

    def routes(self) -> list[web.RouteDef]:
        """Where the web app is served."""
        return [
            web.get("/", self._root),
            web.get(DASHBOARD, self._to_app),
            *(web.get(address, self._reference) for address in REFERENCES),
            web.get("/app", self._page),
            web.get("/app/{address:.*}", self._page),
            web.get("/assets/{name:.+}", self._asset),
            web.get("/icons/{name:.+}", self._icon_of_folder),
            web.get(r"/{name:[A-Za-z0-9_-]+\.(?:svg|png|ico|webmanifest|txt)}", self._icon),
        ]

    async def _root(self, request: web.Request) -> web.StreamResponse:
        if "text/html" in request.headers.get("accept", ""):
            response = await self._page(request)
        else:
            status, body = await self._health()
            response = web.Response(status=status, body=body, content_type="application/json")
            response.headers["cache-control"] = ASK_EACH_TIME
        response.headers["vary"] = "Accept"
        return response

    async def _to_app(self, _request: web.Request) -> web.StreamResponse:
        return web.Response(status=302, headers={**SECURITY_HEADERS, "location": "/app"})

    async def _page(self, _request: web.Request) -> web.StreamResponse:
        index = self._web_dir / INDEX
        if not index.is_file():
            return web.Response(status=503, text=NOT_BUILT, content_type="text/html", headers=SECURITY_HEADERS)
        return _file(index, ASK_EACH_TIME)

    async def _reference(self, request: web.Request) -> web.StreamResponse:
        held = self._web_dir / REFERENCES[request.path]
        if not held.is_file():
            return web.Response(status=503, text=NOT_BUILT, content_type="text/html", headers=SECURITY_HEADERS)
        return _file(held, ASK_EACH_TIME, REFERENCE_HEADERS)

    async def _asset(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        return self._found(self._web_dir / ASSETS, name, FOR_EVER if HASHED.search(name) else ASK_EACH_TIME)

    async def _icon_of_folder(self, request: web.Request) -> web.StreamResponse:
        return self._found(self._web_dir / ICONS, request.match_info["name"], FOR_AN_HOUR)

    async def _icon(self, request: web.Request) -> web.StreamResponse:
        return self._found(self._web_dir, request.match_info["name"], FOR_AN_HOUR)

    def _found(self, folder: Path, name: str, cache: str) -> web.StreamResponse:
        try:
            path = (folder / name).resolve()
            inside = path.is_relative_to(folder.resolve()) and path.is_file()
        except (OSError, ValueError):
            inside = False
        if not inside:
            return http.refusal(NotFound("there is no such file"))
        return _file(path, cache)


def _file(path: Path, cache: str, headers: Mapping[str, str] = SECURITY_HEADERS) -> web.FileResponse:
    # FileResponse brings ETag, Last-Modified, 304 and ranges.
    return web.FileResponse(path, headers={**headers, "cache-control": cache})
