"""Shares a student's notebook, shows what they share, withdraws it: JSON for a lab's own page."""

from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from nbh_kit import commanding
from nbh_kit.bus import Bus, BusAway
from nbh_kit.links import Place, Refused
from nbh_proto import (
    CommandFailed,
    FindShares,
    Share,
    ShareFailed,
    ShareMade,
    ShareNotebook,
    SharesFound,
    WithdrawShares,
    new_id,
)
from nbh_proto.course import CommandAnswer
from nbh_proto.share import ShareAnswer
from nbh_router import address, languages
from nbh_router.address import NoSuchAddress
from nbh_router.admission import Call
from nbh_router.calls import Calls
from nbh_router.share_words import SAID, STATUS, Why

_LONGER = 10.0
"""Seconds beyond those that a page may take to be made: it may have to wait for its turn."""

_AT_ONCE = 5.0

logger = structlog.get_logger(__name__)


class _Not(Exception):
    def __init__(self, why: Why) -> None:
        super().__init__(why)
        self.why: Why = why


class Sharing:
    """Answers ``/ipythonShare/…`` (S13) and ``/share/…``."""

    def __init__(
        self,
        *,
        calls: Calls,
        share_origin: str,
        within: float,
    ) -> None:
        """Take who is needed; ``within`` is how many seconds a page may take to be made."""
        self._calls = calls
        self._share_origin = share_origin
        self._within = within + _LONGER
        self._bus: Bus | None = None

    def connect(self, bus: Bus) -> None:
        """Ask on this bus from now on."""
        self._bus = bus

    async def legacy(self, request: Request) -> Response:
        """GET: share. The one that the public extension jupyterlab-nbhosting knows."""
        if request.method == "HEAD":
            return Response(status_code=405, headers={"Allow": "GET"})
        return await self._answer(request, self._share)

    async def own(self, request: Request) -> Response:
        """POST: share. GET: where the notebook is shared. DELETE: withdraw it. Without a notebook,
        what all of the student's are."""
        match request.method:
            case "POST":
                return await self._answer(request, self._share)
            case "DELETE":
                return await self._answer(request, self._withdraw)
            case _:
                return await self._answer(request, self._show)

    async def _answer(
        self, request: Request, do: Callable[[Place], Awaitable[dict[str, Any]]]
    ) -> Response:
        quote = new_id()
        try:
            return _json(200, await do(await self._let_in(request, quote)))
        except _Not as e:
            why = e.why
        except NoSuchAddress:
            why = "no-such-page"
        except (BusAway, TimeoutError) as e:
            logger.warning("nobody sees to a share", request=quote, error=repr(e))
            why = "away"
        tag = languages.liked(request.headers.get("accept-language", "")).tag
        said = {"error": SAID[tag][why], "reason": why, "quote": quote}
        return _json(STATUS.get(why, 503), said)

    async def _let_in(self, request: Request, quote: str) -> Place:
        raw_path = request.scope["raw_path"]
        place = _place(raw_path)
        query = request.scope["query_string"].decode("ascii", errors="replace")
        call = Call(place=place, action="share", query=query)
        try:
            await self._calls.let_in(request, call, quote)
        except Refused as e:
            raise _Not("refused") from e
        return place

    async def _share(self, place: Place) -> dict[str, Any]:
        if not place.notebook:
            raise _Not("no-such-page")
        command = ShareNotebook(
            course=place.course, student=place.student, notebook=place.notebook
        )
        match await self._carried_out(command, ShareAnswer, self._within):
            case ShareMade(share=share):
                return self._told(share)
            case ShareFailed(reason=reason):
                raise _Not(reason)
        raise _Not("internal")

    async def _show(self, place: Place) -> dict[str, Any]:
        if self._bus is None:
            raise BusAway("NATS was never there")
        asked = FindShares(only_course=place.course, only_student=place.student)
        found = await self._bus.ask(asked, SharesFound)
        if not place.notebook:
            return {"shares": [self._told(share) for share in found.shares]}
        for share in found.shares:
            if share.notebook == place.notebook:
                return self._told(share)
        raise _Not("not-shared")

    async def _withdraw(self, place: Place) -> dict[str, Any]:
        command = WithdrawShares(
            course=place.course, student=place.student, notebook=place.notebook
        )
        answer = await self._carried_out(command, CommandAnswer, _AT_ONCE)
        if isinstance(answer, CommandFailed):
            raise _Not("internal")
        return {"withdrawn": True}

    async def _carried_out(self, command: Any, answers: Any, within: float) -> Any:
        return await commanding.carried_out(self._bus, command, answers, within=within)

    def _told(self, share: Share) -> dict[str, Any]:
        url = f"{self._share_origin}/snapshots/{share.name}.html"
        return {
            "notebook": share.notebook,
            "url": url,
            # the original's pages were at one origin; the public extension shows this as the link
            "url_path": url,
            "at": share.at.isoformat(),
            "expires": share.expires.isoformat() if share.expires else None,
        }


def _place(raw_path: bytes) -> Place:
    try:
        return address.workspace_place(raw_path)
    except NoSuchAddress:
        return address.notebook_place(raw_path)


def _json(status: int, content: dict[str, Any]) -> Response:
    return JSONResponse(
        content,
        status,
        {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"},
    )
