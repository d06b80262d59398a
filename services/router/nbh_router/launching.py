"""Launch URLs: S1, S2, C1. Who may enter is let in; a reset that nobody signed is asked about, and
so is its undoing."""

import time

import msgspec
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from nbh_kit.bus import BusAway
from nbh_kit.links import Refused
from nbh_proto import new_id
from nbh_router import address, forms, languages
from nbh_router.address import Click, NoSuchAddress
from nbh_router.admission import Admission, Admitted
from nbh_router.clicks import Clicks
from nbh_router.doorstep import Doorstep
from nbh_router.entrance import Entrance
from nbh_router.pages import Pages
from nbh_router.routes import Routes
from nbh_router.ticket import SECONDS, BadTicket, Ticket, Tickets


class Launching:
    """Answers launch URLs."""

    def __init__(
        self,
        *,
        admission: Admission,
        entrance: Entrance,
        doorstep: Doorstep,
        routes: Routes,
        tickets: Tickets,
        pages: Pages,
        clicks: Clicks,
        content_origin: str,
    ) -> None:
        self._admission = admission
        self._entrance = entrance
        self._doorstep = doorstep
        self._routes = routes
        self._tickets = tickets
        self._pages = pages
        self._clicks = clicks
        self._content_origin = content_origin

    async def open(self, request: Request) -> Response:
        """GET of a launch URL. Changes nothing that nobody signed (S14, S-10)."""
        arrived = time.monotonic()
        language = languages.liked(request.headers.get("accept-language", ""))
        try:
            click = address.click(request.scope["raw_path"], request.scope["query_string"])
        except NoSuchAddress:
            return self._pages.message("no-such-page", language)
        access = new_id()
        # A call from inside a lab is judged by what is known of labs.
        await self._routes.known.wait(arrived)
        referer = request.headers.get("referer", "")
        try:
            admitted = self._admission.admit(click, referer, time.time())
            await self._doorstep.use_up(admitted)
        except Refused as e:
            return self._refused(access, click, e, language)
        except BusAway:
            self._clicks.turned_away("away", access)
            return self._pages.message("away", language, quote=access)
        if not admitted.sure:
            ticket = self._tickets.write(_ticket(admitted, access, "confirm"))
            return self._pages.confirm(language, admitted.place, admitted.action, ticket)
        return await self._entrance.enter(
            _ticket(admitted, access), language, arrived=arrived, once=bool(admitted.nonce)
        )

    async def confirm(self, request: Request) -> Response:
        """POST of a launch URL: the answer to our own question whether to change something."""
        language = languages.liked(request.headers.get("accept-language", ""))
        try:
            click = address.click(request.scope["raw_path"], request.scope["query_string"])
            asked = await self._confirmed(request, click)
        except (NoSuchAddress, BadTicket):
            return self._pages.message("refused", language, quote=new_id())
        return RedirectResponse(self._entrance.address(asked), 303, {"Cache-Control": "no-store"})

    async def _confirmed(self, request: Request, click: Click) -> Ticket:
        if request.headers.get("origin") != self._content_origin:
            raise BadTicket("not from our own page")
        form = await forms.read(request)
        ticket = self._tickets.read(form.get("ticket", ""), time.time())
        if ticket.purpose != "confirm" or ticket.place != click.place:
            raise BadTicket("for something else")
        return msgspec.structs.replace(
            ticket,
            purpose="follow",
            access=new_id(),
            asked=time.time(),
            # only what was asked about
            action=ticket.action if form.get("action") == ticket.action else "open",
        )

    def _refused(
        self, access: str, click: Click, why: Refused, language: languages.Language
    ) -> Response:
        self._clicks.turned_away("refused", access)
        self._doorstep.refused(access, click.place, why)
        return self._pages.message("refused", language, quote=access)


def _ticket(admitted: Admitted, access: str, purpose: str = "follow") -> Ticket:
    asked = time.time()
    return Ticket(
        purpose="confirm" if purpose == "confirm" else "follow",
        access=access,
        place=admitted.place,
        action=admitted.action,
        platform=admitted.platform,
        asked=asked,
        until=asked + SECONDS,
    )
