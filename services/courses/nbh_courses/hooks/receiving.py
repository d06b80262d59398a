"""Answers webhooks: at once, whatever is to be done, and alike to all who cannot sign."""

import asyncio
from collections.abc import Callable

import structlog
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from nbh_courses.hooks import forges
from nbh_courses.hooks.secrets import HookSecrets
from nbh_courses.shelf import Shelf
from nbh_kit.buckets import Bucket, Lost
from nbh_kit.bus import Bus, BusAway
from nbh_proto import Delivery, now

MAX_BYTES = 4 * 1024**2
"""Of a body. A push of a thousand commits has a few; what is larger the timer finds."""

_AT_ONCE = 8
_READ_WITHIN = 10.0
_REMEMBER_WITHIN = 1.0

logger = structlog.get_logger(__name__)


class Hooks:
    """The webhooks of all courses."""

    def __init__(
        self, shelf: Shelf, secrets: HookSecrets, bus: Bus, pushed: Callable[[str], None]
    ) -> None:
        self._shelf = shelf
        self._secrets = secrets
        self._delivered = Bucket(bus, Delivery)
        self._pushed = pushed
        self._reading = 0

    async def receive(self, request: Request) -> Response:
        """A push: 202, and its course is pulled. Signed, but no news for the course: 204."""
        if not forges.may_be_signed(request.headers):
            return _refused()
        if self._reading >= _AT_ONCE:
            return PlainTextResponse("busy\n", 503, {"Retry-After": "5"})
        self._reading += 1
        try:
            async with asyncio.timeout(_READ_WITHIN):
                body = await request.body()
        except TimeoutError:
            return PlainTextResponse("too slow\n", 408)
        finally:
            self._reading -= 1
        return await self._judge(request, body)

    async def _judge(self, request: Request, body: bytes) -> Response:
        course = request.path_params["course"]
        if not forges.is_authentic(request.headers, body, self._secrets.of(course)):
            logger.warning("a webhook that is not signed with the course's secret")
            return _refused()
        record = self._shelf.place(course).record
        if record is None or record.archived:
            return Response(status_code=204)
        if not forges.concerns(request.headers, body, record.branch, record.shown_as):
            return Response(status_code=204)
        if await self._is_new(forges.delivery(request.headers, course, body)):
            self._pushed(course)
        return Response(status_code=202)

    async def _is_new(self, delivery: str) -> bool:
        """Whether this was not delivered before; unknown while NATS is away: a pull too many."""
        try:
            async with asyncio.timeout(_REMEMBER_WITHIN):
                await self._delivered.create(delivery, Delivery(at=now()))
        except Lost:
            return False
        except (BusAway, TimeoutError) as e:
            logger.warning("a delivery cannot be remembered", error=repr(e))
        return True


def _refused() -> Response:
    return PlainTextResponse("not signed with the secret of a course here\n", 403)
