"""Serves the built web app: hashed assets for ever, everything else fresh at each visit.

An unknown address is the page itself, for people who open a deep link; never for a program,
and never under an address of the API.
"""

import hashlib
from pathlib import Path, PurePosixPath
from typing import Any, Final, NamedTuple

from anyio import to_thread
from litestar import HttpMethod, Request, Response, route
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from server.api.guards import PUBLIC
from server.api.queries import ANY_QUERY
from server.refusals import Code, Refusal

IMMUTABLE: Final = "public, max-age=31536000, immutable"
API: Final = frozenset({"api", "sync", "schema", "health", "ready", "metrics"})

PATH_MAX: Final = 200
"""Bytes: no file of the web app has a longer path; a file system answers longer ones by a fault."""

MEDIA_TYPES: Final = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".css": "text/css",
    ".json": "application/json",
    ".map": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".txt": "text/plain",
    ".woff2": "font/woff2",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
}


class Found(NamedTuple):
    """A file of the web app, and whether its name changes with its content."""

    data: bytes
    media_type: str
    hashed: bool


def static_files(web: Path) -> HTTPRouteHandler:
    """Return the route of everything that is not the API."""
    root = web.resolve()

    @route(
        ["/", "/{path:path}"],
        http_method=[HttpMethod.GET, HttpMethod.HEAD],
        opt={**PUBLIC, **ANY_QUERY},
        include_in_schema=False,
    )
    async def web_app(
        request: Request[Any, Any, Any], path: FromPath[str] = "/"
    ) -> Response[bytes]:
        """Return a file of the web app, or its page."""
        found = await to_thread.run_sync(find, root, path)
        if found is None and _wants_page(request, path):
            found = await to_thread.run_sync(find, root, "/index.html")
        if found is None:
            raise Refusal(Code.NOT_FOUND)
        return _answer(request, found)

    return web_app


def find(root: Path, path: str) -> Found | None:
    """Return the file behind a path of the address, never one outside the folder."""
    names = PurePosixPath(path.strip("/") or "index.html").parts
    if ".." in names or "\x00" in path or len(path.encode()) > PATH_MAX:
        return None
    file = root.joinpath(*names).resolve()
    if not file.is_relative_to(root) or not file.is_file():
        return None
    media_type = MEDIA_TYPES.get(file.suffix, "application/octet-stream")
    return Found(file.read_bytes(), media_type, hashed=names[0] == "assets")


def _wants_page(request: Request[Any, Any, Any], path: str) -> bool:
    first = path.strip("/").split("/", 1)[0]
    return first not in API and "text/html" in request.headers.get("accept", "")


def _answer(request: Request[Any, Any, Any], found: Found) -> Response[bytes]:
    tag = f'"{hashlib.sha256(found.data).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": IMMUTABLE if found.hashed else "no-cache"}
    if tag in request.headers.get("if-none-match", ""):
        return Response(b"", status_code=304, headers=headers, media_type=found.media_type)
    return Response(found.data, headers=headers, media_type=found.media_type)
