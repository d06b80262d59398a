"""Sends files that were found and opened, whatever happens to their names meanwhile."""

import os

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.types import Receive, Scope, Send


def answer(
    request: Request,
    descriptor: int,
    about: os.stat_result,
    *,
    etag: str,
    headers: dict[str, str],
    media_type: str,
) -> Response:
    """The open file, or that the browser has it by its ``etag``; then it is closed."""
    headers = headers | {"ETag": etag}
    if _has_it(request.headers.get("if-none-match", ""), etag):
        os.close(descriptor)
        return Response(status_code=304, headers=headers)
    return _Sent(descriptor, about, headers, media_type)


def _has_it(known: str, etag: str) -> bool:
    tags = [tag.strip().removeprefix("W/") for tag in known.split(",")]
    return etag in tags or tags == ["*"]


class _Sent(FileResponse):
    def __init__(
        self, descriptor: int, about: os.stat_result, headers: dict[str, str], media_type: str
    ) -> None:
        super().__init__(
            f"/proc/self/fd/{descriptor}",
            headers=headers,
            media_type=media_type,
            stat_result=about,
        )
        self._descriptor = descriptor

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            os.close(self._descriptor)
