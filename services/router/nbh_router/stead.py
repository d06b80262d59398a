"""What a browser gets when a lab is not there (S-19), or who should answer is silent (S17)."""

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from nbh_proto.lab import StopReason
from nbh_router import languages
from nbh_router.pages import Pages
from nbh_router.words import Kind

_GONE: dict[StopReason | None, Kind] = {
    "out-of-memory": "lab-out-of-memory",
    "died": "lab-ended",
    "disk-quota": "lab-over-quota",
}
"""The pages of those that did not end by the policy of idleness, nor by an operator."""


class Stead:
    """Answers in the stead of others. Scripts get a line, people a page."""

    def __init__(self, pages: Pages, why_gone: Callable[[str], StopReason | None]) -> None:
        """``why_gone`` knows it of the labs that ended lately, by their capability."""
        self._pages = pages
        self._why_gone = why_gone

    async def lab_gone(self, request: Request, capability: str) -> Response:
        """There is no route: the lab was stopped, or never was."""
        if not _is_read_by_a_person(request):
            return PlainTextResponse("this notebook server is gone\n", 404)
        kind = _GONE.get(self._why_gone(capability), "lab-gone")
        return self._pages.message(kind, _language(request))

    async def lab_silent(self, request: Request) -> Response:
        """Traefik got no answer from a lab, and asks for a page; it keeps its own status."""
        if not _is_read_by_a_person(request):
            return PlainTextResponse("the notebook server does not answer\n")
        return self._pages.message("lab-silent", _language(request), status=200)

    async def router_silent(self, request: Request) -> Response:
        """Traefik got no answer from the router, which is here again by now."""
        return self._pages.message("away", _language(request), status=200)


def _is_read_by_a_person(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "")


def _language(request: Request) -> languages.Language:
    return languages.liked(request.headers.get("accept-language", ""))
