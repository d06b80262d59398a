"""Serves documentation builds at the share origin, as what they are: others' HTML (S-47)."""

import asyncio
import mimetypes
from pathlib import Path
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from nbh_courses import built_files, sending
from nbh_courses.built_files import LATEST, Built, IsFolder

_SANDBOX = (
    "sandbox allow-scripts allow-forms allow-popups allow-popups-to-escape-sandbox allow-downloads"
)
"""No allow-same-origin: a page has an origin of its own that nobody else has, so no cookie, no
storage, and nothing of ours answers it. Where a popup leads is not ours to close in."""

_HEADERS = {
    "Content-Security-Policy": _SANDBOX,
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "cross-origin",
    # fonts and modules of a page that has no origin; it is all public, and no cookie is ever sent
    "Access-Control-Allow-Origin": "*",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
}
_FOR_EVER = "public, max-age=31536000, immutable"
_ASK_AGAIN = "no-cache"

# Python's own table, whatever the machine says, and what it lacks
_TYPES = mimetypes.MimeTypes()
for _type, _suffix in (
    ("application/wasm", ".wasm"),
    ("font/woff", ".woff"),
    ("font/woff2", ".woff2"),
    ("font/ttf", ".ttf"),
    ("image/webp", ".webp"),
    ("image/avif", ".avif"),
    ("text/javascript", ".js"),
    ("text/javascript", ".mjs"),
    ("text/markdown", ".md"),
    ("application/json", ".ipynb"),
    ("application/json", ".map"),
):
    _TYPES.add_type(_type, _suffix)


class BuiltPages:
    """The builds of all courses."""

    def __init__(self, courses: Path) -> None:
        self._courses = courses

    async def page(self, request: Request) -> Response:
        """A file of a build; for a folder its ``index.html``, and never a list."""
        at = request.path_params
        if "path" not in at and built_files.may_be(at["commit"]):
            return _with_a_slash(request)
        try:
            found = await asyncio.to_thread(
                built_files.find,
                *(self._courses, at["course"], at["build"], at["commit"], at.get("path", "")),
            )
        except IsFolder:
            return _with_a_slash(request)
        if found is None:
            return PlainTextResponse("Not Found\n", 404)
        return _answer(request, found, _FOR_EVER if at["commit"] != LATEST else _ASK_AGAIN)


def _with_a_slash(request: Request) -> Response:
    # without a host: who stands before us may speak TLS
    return RedirectResponse(quote(request.url.path) + "/", 307)


def _answer(request: Request, found: Built, caching: str) -> Response:
    etag = f'"{found.commit[:16]}-{found.about.st_size:x}-{found.about.st_mtime_ns:x}"'
    return sending.answer(
        request,
        found.descriptor,
        found.about,
        etag=etag,
        headers=_HEADERS | {"Cache-Control": caching},
        media_type=_media_type(found.name),
    )


def _media_type(name: str) -> str:
    found, packed = _TYPES.guess_type(f"/{name}")
    if packed or found is None:
        return "application/octet-stream"
    return f"{found}; charset=utf-8" if found.startswith("text/") else found
