"""Launch URLs: S1, S2, C1. Who may enter is let in; a reset that nobody signed is asked about."""

import asyncio
import time
from urllib.parse import parse_qs

import msgspec
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from nbh_kit.buckets import Bucket, Lost
from nbh_kit.bus import Bus, BusAway
from nbh_kit.links import Refused
from nbh_proto import AccessRefused, Launch, names, new_id, now
from nbh_router import address, languages
from nbh_router.address import Click, NoSuchAddress
from nbh_router.admission import Admission, Admitted
from nbh_router.courses import Courses
from nbh_router.entrance import Entrance
from nbh_router.pages import Pages
from nbh_router.refusals import Refusals
from nbh_router.routes import Routes
from nbh_router.ticket import SECONDS, BadTicket, Ticket, Tickets

_ANSWER_WITHIN = 0.8
_MOST_BYTES = 8192


class Launching:
    """Answers launch URLs."""

    def __init__(
        self,
        *,
        admission: Admission,
        entrance: Entrance,
        courses: Courses,
        routes: Routes,
        tickets: Tickets,
        pages: Pages,
        content_origin: str,
    ) -> None:
        self._admission = admission
        self._entrance = entrance
        self._courses = courses
        self._routes = routes
        self._tickets = tickets
        self._pages = pages
        self._content_origin = content_origin
        self._refusals = Refusals()
        self._bus: Bus | None = None
        self._launches: Bucket[Launch] | None = None

    def connect(self, bus: Bus) -> None:
        """Tell refusals and use links up on this bus from now on."""
        self._bus = bus
        self._launches = Bucket(bus, Launch)

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
            await self._use_up(admitted)
        except Refused as e:
            return self._refused(access, click, e, language)
        except BusAway:
            return self._pages.message("away", language, quote=access)
        if not admitted.sure:
            ticket = self._tickets.write(_ticket(admitted, access, "confirm"))
            return self._pages.confirm(language, admitted.place, ticket)
        return await self._entrance.enter(
            _ticket(admitted, access), language, arrived=arrived, once=bool(admitted.nonce)
        )

    async def confirm(self, request: Request) -> Response:
        """POST of a launch URL: the answer to our own question whether to reset."""
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
        form = await _form(request)
        ticket = self._tickets.read(form.get("ticket", ""), time.time())
        if ticket.purpose != "confirm" or ticket.place != click.place:
            raise BadTicket("for something else")
        return msgspec.structs.replace(
            ticket,
            purpose="follow",
            access=new_id(),
            asked=time.time(),
            action="reset" if form.get("action") == "reset" else "open",
        )

    async def _use_up(self, admitted: Admitted) -> None:
        if not admitted.nonce:
            return
        if self._launches is None:
            raise BusAway("NATS was never there")
        key = f"{names.token(admitted.platform)}.{admitted.nonce}"
        try:
            async with asyncio.timeout(_ANSWER_WITHIN):
                await self._launches.create(key, Launch(used_at=now()))
        except Lost as e:
            raise Refused("replayed", admitted.platform) from e
        except TimeoutError as e:
            raise BusAway("NATS is too slow") from e

    def _refused(
        self, access: str, click: Click, why: Refused, language: languages.Language
    ) -> Response:
        place = click.place
        refused = AccessRefused(
            access=access,
            course=place.course,
            student=place.student,
            notebook=place.notebook,
            reason=why.reason,
            platform=why.platform,
        )
        # A course that does not exist is a name that somebody typed: no subject of the bus.
        known = self._courses.get(place.course) is not None
        self._refusals.note(self._bus if known else None, refused)
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


async def _form(request: Request) -> dict[str, str]:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MOST_BYTES:
            raise BadTicket("too long")
    return {k: v[0] for k, v in parse_qs(body.decode("ascii", errors="replace")).items()}
