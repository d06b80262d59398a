"""Stops a student's lab: ``/containerKill/…`` (S14)."""

import time

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from nbh_kit import commanding
from nbh_kit.buckets import Bucket
from nbh_kit.bus import Bus, BusAway
from nbh_kit.links import Place, Refused
from nbh_proto import CommandDone, Lab, StopLab, lab_key, new_id
from nbh_proto.course import CommandAnswer
from nbh_router import address, forms, languages
from nbh_router.address import NoSuchAddress
from nbh_router.admission import Call
from nbh_router.calls import Calls
from nbh_router.pages import Pages
from nbh_router.ticket import SECONDS, BadTicket, Ticket, Tickets
from nbh_router.words import Kind

_LONGER = 10.0
"""Seconds beyond those that a lab has to save and end."""

logger = structlog.get_logger(__name__)


class Stopping:
    """Answers ``/containerKill/<course>/<student>``: people a page, scripts JSON."""

    def __init__(
        self,
        *,
        calls: Calls,
        tickets: Tickets,
        pages: Pages,
        content_origin: str,
        within: float,
    ) -> None:
        """Take who is needed; ``within`` is how many seconds a lab has to save and end."""
        self._calls = calls
        self._tickets = tickets
        self._pages = pages
        self._content_origin = content_origin
        self._within = within + _LONGER
        self._bus: Bus | None = None

    def connect(self, bus: Bus) -> None:
        """Give commands on this bus from now on."""
        self._bus = bus

    async def answer(self, request: Request) -> Response:
        """GET, by the lab's own page or a signed link; POST also by our own question's button."""
        quote = new_id()
        try:
            place = address.workspace_place(request.scope["raw_path"])
            match request.method:
                case "GET":
                    return await self._asked(request, place, quote)
                case "POST":
                    return await self._confirmed(request, place, quote)
                case _:
                    return Response(status_code=405, headers={"Allow": "GET, POST"})
        except NoSuchAddress:
            return self._said(request, "no-such-page", 404)
        except (Refused, BadTicket):
            return self._said(request, "refused", 403, quote)
        except (BusAway, TimeoutError) as e:
            logger.warning("nobody stops a lab", request=quote, error=repr(e))
            # not the page that tries again by itself: it would stop the next lab
            return self._said(request, "error", 503, quote)

    async def _asked(self, request: Request, place: Place, quote: str) -> Response:
        query = request.scope["query_string"].decode("ascii", errors="replace")
        call = Call(place=place, action="stop", query=query, by_referer="asked")
        admitted = await self._calls.let_in(request, call, quote)
        if admitted.sure:
            return await self._stopped(request, place)
        ticket = _ticket(place, admitted.platform, quote)
        language = languages.liked(request.headers.get("accept-language", ""))
        return self._pages.confirm_stop(language, place, self._tickets.write(ticket))

    async def _confirmed(self, request: Request, place: Place, quote: str) -> Response:
        form = await forms.read(request)
        if "ticket" not in form:
            call = Call(place=place, action="stop")
            await self._calls.let_in(request, call, quote)
            return await self._stopped(request, place)
        if request.headers.get("origin") != self._content_origin:
            raise BadTicket("not from our own page")
        ticket = self._tickets.read(form["ticket"], time.time())
        if ticket.purpose != "stop" or ticket.place != place:
            raise BadTicket("for something else")
        return await self._stopped(request, place)

    async def _stopped(self, request: Request, place: Place) -> Response:
        await self.stop(place)
        return self._said(request, "lab-stopped", 200, place=place)

    async def stop(self, place: Place) -> None:
        """Stop a student's lab, if there is one, and return when it is gone.

        Raises:
            BusAway, TimeoutError: it is not known to be.
        """
        if self._bus is None:
            raise BusAway("NATS was never there")
        held = await Bucket(self._bus, Lab).get(lab_key(place.course, place.student))
        if held is not None:
            command = StopLab(
                node=held.value.node,
                course=place.course,
                student=place.student,
                # not the one that is started meanwhile
                generation=held.value.generation or held.revision,
            )
            answer = await commanding.carried_out(
                self._bus, command, CommandAnswer, within=self._within
            )
            if not isinstance(answer, CommandDone):
                raise BusAway(f"not stopped: {answer}")

    def _said(
        self,
        request: Request,
        kind: Kind,
        status: int,
        quote: str = "",
        place: Place | None = None,
    ) -> Response:
        language = languages.liked(request.headers.get("accept-language", ""))
        page = self._pages.message(kind, language, place=place, quote=quote, status=status)
        if "text/html" in request.headers.get("accept", ""):
            return page
        sentences = language.sentences[kind]
        said = {"stopped": True} if status == 200 else {"error": sentences.title, "reason": kind}
        return JSONResponse(said, status, {"Cache-Control": "no-store"})


def _ticket(place: Place, platform: str, access: str) -> Ticket:
    asked = time.time()
    return Ticket(
        purpose="stop",
        access=access,
        place=place,
        action="open",
        platform=platform,
        asked=asked,
        until=asked + SECONDS,
    )
