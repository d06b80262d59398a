"""Pages that are open: each has one stream of server-sent events (WHATWG HTML, 9.2)."""

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from nbh_kit.bus import BusAway
from nbh_stats import live
from nbh_stats.finding import Finding
from nbh_stats.live import Live, Telling
from nbh_stats.viewers import Recognise, Viewer


class Following:
    """Answers ``…/live``."""

    def __init__(self, live: Live, finding: Finding, recognise: Recognise) -> None:
        self._live = live
        self._finding = finding
        self._recognise = recognise

    async def course(self, request: Request, _viewer: Viewer) -> Response:
        """Which numbers of a course are other ones now."""
        course = request.path_params["course"]
        await self._finding.check(course)
        return self._stream(request, live.of_course(course), lambda now: now.may_see(course))

    async def site(self, request: Request, viewer: Viewer) -> Response:
        """Which courses and machines have other numbers now."""
        tell = live.of_site(viewer.may_see, machines=viewer.is_staff)
        # what is told follows from what they may see, so whoever may see other courses comes anew
        return self._stream(request, tell, lambda now: now == viewer)

    def _stream(self, request: Request, tell: Telling, may: Callable[[Viewer], bool]) -> Response:
        async def may_still() -> bool:
            try:
                now = await self._recognise(request)
            except BusAway:
                return True  # nothing happens that could be told; when NATS is back it is asked
            return now is not None and may(now)

        told = request.headers.get("last-event-id", "")
        return StreamingResponse(
            self._live.follow(tell, told, may_still),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )
