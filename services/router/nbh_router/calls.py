"""Lets in who asks for something else than to open a notebook: all such addresses ask here."""

import time

from starlette.requests import Request

from nbh_kit.links import Refused
from nbh_router.admission import Admission, Admitted, Call
from nbh_router.doorstep import Doorstep
from nbh_router.routes import Routes


class Calls:
    """The door that these addresses share."""

    def __init__(
        self,
        *,
        admission: Admission,
        doorstep: Doorstep,
        routes: Routes,
        content_origin: str,
    ) -> None:
        self._admission = admission
        self._doorstep = doorstep
        self._routes = routes
        self._content_origin = content_origin

    async def let_in(self, request: Request, call: Call, quote: str) -> Admitted:
        """Who may do this; ``quote`` is the id that they are shown if they may not.

        Raises:
            Refused: nobody vouches for them; it is noted.
            BusAway: nobody knows whether their link was used before.
        """
        # A call from inside a lab is judged by what is known of labs.
        await self._routes.known.wait(time.monotonic())
        try:
            # what a browser sends for another site's page says where that is
            if request.headers.get("origin", self._content_origin) != self._content_origin:
                raise Refused("referer")
            referer = request.headers.get("referer", "")
            admitted = self._admission.admit_call(call, referer, time.time())
            await self._doorstep.use_up(admitted)
        except Refused as e:
            self.refused(call, e, quote)
            raise
        return admitted

    def refused(self, call: Call, why: Refused, quote: str) -> None:
        """Note that somebody was not let in."""
        self._doorstep.refused(quote, call.place, why)
