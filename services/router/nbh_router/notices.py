"""What a lab's page is told from outside it: that the lab will be stopped, or why it was (L10).

A page asks again and again, since a browser opens six connections at one origin without HTTP/2, a
platform's page may have as many notebooks, and a lab that is gone cannot tell anything itself.
"""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from nbh_kit.bus import Bus
from nbh_proto import LabStopAnnounced, LabStopWithdrawn, now
from nbh_router.routes import Routes

_MOST = 10_000


class Notices:
    """Answers ``/-/lab/<capability>``: who knows the capability may use the lab."""

    def __init__(self, routes: Routes) -> None:
        self._routes = routes
        self._stops: dict[str, LabStopAnnounced] = {}
        """By capability; those that were told last, oldest first."""

    @asynccontextmanager
    async def connected(self, bus: Bus) -> AsyncGenerator[None]:
        """Hear what is announced while the block runs."""
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(bus.hearing(LabStopAnnounced, self.announced))
            await stack.enter_async_context(bus.hearing(LabStopWithdrawn, self.withdrawn))
            yield

    def announced(self, told: LabStopAnnounced) -> None:
        """A lab will be stopped."""
        capability = self._routes.capability_of(told.course, told.student)
        if capability is not None:
            self._stops.pop(capability, None)
            self._stops[capability] = told
            for oldest in list(self._stops)[:-_MOST]:
                del self._stops[oldest]

    def withdrawn(self, told: LabStopWithdrawn) -> None:
        """It will not."""
        capability = self._routes.capability_of(told.course, told.student)
        self._stops.pop(capability or "", None)

    async def answer(self, request: Request) -> Response:
        """What becomes of a lab, as JSON."""
        capability = request.path_params["capability"]
        ended = self._routes.why_gone(capability)
        if ended is None and not self._routes.is_there(capability):
            ended = "lost"
        stop = self._stops.get(capability) if ended is None else None
        told = {"stops": _told(stop, now()) if stop else None, "ended": ended}
        return JSONResponse(told, headers={"Cache-Control": "no-store"})


def _told(stop: LabStopAnnounced, at: datetime) -> dict[str, Any]:
    """Seconds and no instant: who knows what a browser's clock says."""
    seconds = max(0.0, (stop.stops_at - at).total_seconds())
    return {"seconds": round(seconds, 1), "reason": stop.reason}
