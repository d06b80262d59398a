"""Whether the course has a new version of a notebook, for the page of a lab that shows it."""

from typing import Any

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from nbh_kit.bus import Bus, BusAway
from nbh_proto import (
    FindOriginal,
    OriginalFound,
    OriginalPassedOver,
    PassOverOriginal,
    names,
    new_id,
)
from nbh_router.routes import Routes

logger = structlog.get_logger(__name__)


class Originals:
    """Answers ``/-/lab/<capability>/original?notebook=…``, for who knows the capability.

    GET tells whether there is one, and its text; POST keeps the student's own, who is not told of
    it again. To take it is a reset (S9).
    """

    def __init__(self, routes: Routes, content_origin: str) -> None:
        self._routes = routes
        self._content_origin = content_origin
        self._bus: Bus | None = None

    def connect(self, bus: Bus) -> None:
        """Ask on this bus from now on."""
        self._bus = bus

    async def answer(self, request: Request) -> Response:
        """JSON, for the page's own script."""
        # what a browser sends for another site's page says where that is
        if request.headers.get("origin", self._content_origin) != self._content_origin:
            return _json(403, {"reason": "refused"})
        about = self._about(request)
        if about is None:
            return _json(404, {"reason": "no-such-page"})
        do = self._pass_over if request.method == "POST" else self._find
        try:
            return _json(200, await do(about))
        except BusAway as e:
            logger.warning("nobody knows an original", request=new_id(), error=repr(e))
            return _json(503, {"reason": "away"})

    def _about(self, request: Request) -> dict[str, Any] | None:
        """Whose notebook; None if the lab is not known, or no notebook can be called so."""
        owner = self._routes.owner(request.path_params["capability"])
        if owner is None:
            return None
        try:
            notebook = names.notebook(request.query_params.get("notebook", ""))
        except names.BadName:
            return None
        return {**owner._asdict(), "notebook": notebook}

    async def _find(self, about: dict[str, Any]) -> dict[str, Any]:
        found = await self._connected.ask(FindOriginal(**about), OriginalFound)
        return {"is_new": found.is_new, "text": found.text}

    async def _pass_over(self, about: dict[str, Any]) -> dict[str, Any]:
        passed = await self._connected.ask(PassOverOriginal(**about), OriginalPassedOver)
        return {"done": passed.done}

    @property
    def _connected(self) -> Bus:
        if self._bus is None:
            raise BusAway("NATS was never there")
        return self._bus


def _json(status: int, content: dict[str, Any]) -> Response:
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return JSONResponse(content, status, headers)
