"""Serves what students share at the share origin, as what it is: others' HTML (S-47).

The provisioner writes the pages, under names that are secrets; this service cannot list them.
"""

import asyncio
import os
import re
import stat
from pathlib import Path

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from nbh_courses import sending

_FILE = re.compile(r"[0-9a-f]{32}\.html")

_POLICY = "; ".join(
    (
        # No allow-same-origin: a page has an origin of its own that nobody else has, so no cookie,
        # no storage, and nothing of ours answers it. Where a popup leads is not ours to close in.
        "sandbox allow-scripts allow-popups allow-popups-to-escape-sandbox",
        # What a notebook shows comes from where its author says; its scripts fetch nothing.
        "default-src 'none'",
        "script-src 'unsafe-inline' 'unsafe-eval' https: blob:",
        "style-src 'unsafe-inline' https:",
        "img-src https: data: blob:",
        "font-src https: data:",
        "media-src https: data: blob:",
        "frame-src https: data: blob:",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors *",
    )
)

_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
    # asked again each time: it may be withdrawn
    "Cache-Control": "no-cache",
}


class SharedPages:
    """All pages that students share."""

    def __init__(self, snapshots: Path) -> None:
        self._snapshots = snapshots

    async def page(self, request: Request) -> Response:
        """A page, by its name."""
        file = request.path_params["file"]
        found = await asyncio.to_thread(self._opened, file) if _FILE.fullmatch(file) else None
        if found is None:
            return PlainTextResponse("Nothing is shared at this address, or no longer.\n", 404)
        about = os.fstat(found)
        return sending.answer(
            request,
            found,
            about,
            etag=f'"{about.st_ino:x}-{about.st_size:x}-{about.st_mtime_ns:x}"',
            headers=_HEADERS,
            media_type="text/html; charset=utf-8",
        )

    def _opened(self, file: str) -> int | None:
        try:
            descriptor = os.open(
                self._snapshots / file, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
            )
        except OSError:
            return None
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            return descriptor
        os.close(descriptor)
        return None
