"""Whether this router lives, and whether it can do its work (R-20). Not exposed to the world."""

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from nbh_kit.bus import Bus
from nbh_router.courses import Courses
from nbh_router.routes import Routes


class Health:
    """Answers ``/livez`` and ``/readyz``."""

    def __init__(self, courses: Courses, routes: Routes) -> None:
        self._courses = courses
        self._routes = routes
        self._bus: Bus | None = None

    def connect(self, bus: Bus) -> None:
        """Look at this bus from now on."""
        self._bus = bus

    async def live(self, request: Request) -> Response:
        """The event loop turns."""
        return PlainTextResponse("ok\n")

    async def ready(self, request: Request) -> Response:
        """Which of the things it needs are there; 503 if one is not."""
        there = {
            "nats": self._bus is not None and self._bus.is_connected,
            "courses": bool(self._courses.known),
            "labs": bool(self._routes.known),
            "traefik": self._routes.are_live,
        }
        return JSONResponse(there, 200 if all(there.values()) else 503)
