"""What a browser gets when a lab is not there (S-19), or who should answer is silent (S17)."""

from collections.abc import Callable
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from nbh_proto.lab import StopReason
from nbh_router import address, languages
from nbh_router.owners import Owner
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

    def __init__(
        self,
        pages: Pages,
        why_gone: Callable[[str], StopReason | None],
        owner: Callable[[str], Owner | None],
    ) -> None:
        """``why_gone`` knows it of the labs that ended lately, by their capability, and ``owner``
        whose a lab is or was."""
        self._pages = pages
        self._why_gone = why_gone
        self._owner = owner

    async def lab_gone(self, request: Request, capability: str) -> Response:
        """There is no route: the lab was stopped, or never was."""
        if not _is_read_by_a_person(request):
            return PlainTextResponse("this notebook server is gone\n", 404)
        kind = _GONE.get(self._why_gone(capability), "lab-gone")
        rescue = self._rescue(request.scope["raw_path"])
        return self._pages.message(kind, _language(request), rescue=rescue)

    async def lab_silent(self, request: Request) -> Response:
        """Traefik got no answer from a lab, and asks for a page; it keeps its own status."""
        if not _is_read_by_a_person(request):
            return PlainTextResponse("the notebook server does not answer\n")
        asked = urlsplit(request.query_params.get("url", "")).path
        rescue = self._rescue(asked.encode("ascii", errors="replace"))
        return self._pages.message("lab-silent", _language(request), status=200, rescue=rescue)

    async def router_silent(self, request: Request) -> Response:
        """Traefik got no answer from the router, which is here again by now."""
        return self._pages.message("away", _language(request), status=200)

    def _rescue(self, raw_path: bytes) -> str:
        """Where the reader of a lab's page finds their work; empty if nobody knows whose it is."""
        capability = address.lab_in(raw_path)
        if capability is None or self._owner(capability) is None:
            return ""
        return address.rescue(capability, address.notebook_in(raw_path))


def _is_read_by_a_person(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "")


def _language(request: Request) -> languages.Language:
    return languages.liked(request.headers.get("accept-language", ""))
