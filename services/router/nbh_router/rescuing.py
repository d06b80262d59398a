"""A student gets at their work when their lab does not serve it: restart, download, read, report.

Nothing here asks the lab. Who is let in gets a ticket, so that the page goes on when the lab ends.
"""

import re
import time
from collections.abc import Awaitable, Callable

import msgspec
import structlog
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from nbh_kit import commanding
from nbh_kit.bus import Bus, BusAway
from nbh_kit.links import Place, Refused
from nbh_proto import ShareFailed, ShareMade, ShowNotebook, TroubleReported, names, new_id
from nbh_proto.share import ShareAnswer
from nbh_router import address, downloads, forms, languages
from nbh_router.address import NoSuchAddress
from nbh_router.admission import Admission
from nbh_router.doorstep import Doorstep
from nbh_router.downloads import NothingSaved
from nbh_router.entrance import Entrance
from nbh_router.languages import Language
from nbh_router.pages import Pages
from nbh_router.rescue_words import WORDS, Wrong
from nbh_router.routes import Routes
from nbh_router.saved import NotSaved
from nbh_router.stopping import Stopping
from nbh_router.ticket import SECONDS, BadTicket, Ticket, Tickets

_PREFIX = b"/rescue"
_LONGER = 10.0
"""Seconds beyond those that a page may take to be made: it may have to wait for its turn."""

_REPORT = re.compile(r"[0-9a-f]{12}")
_MOST_WORDS = 600
_ANY_PAGE = "lab"
"""What of Jupyter is opened where no notebook was; every lab has it."""

Deed = Callable[[Request, Ticket], Awaitable[Response]]

logger = structlog.get_logger(__name__)


class _Not(Exception):
    def __init__(self, wrong: Wrong) -> None:
        super().__init__(wrong)
        self.wrong: Wrong = wrong


class Rescuing:
    """Answers ``/rescue/<launch link>``, ``/-/lab/<capability>/rescue``, ``/-/rescue/…``."""

    def __init__(
        self,
        *,
        admission: Admission,
        doorstep: Doorstep,
        entrance: Entrance,
        routes: Routes,
        stopping: Stopping,
        tickets: Tickets,
        pages: Pages,
        content_origin: str,
        share_origin: str,
        within: float,
    ) -> None:
        """Take who is needed; ``within`` is how many seconds a page may take to be made."""
        self._admission = admission
        self._doorstep = doorstep
        self._entrance = entrance
        self._routes = routes
        self._stopping = stopping
        self._tickets = tickets
        self._pages = pages
        self._content_origin = content_origin
        self._share_origin = share_origin
        self._within = within + _LONGER
        self._bus: Bus | None = None

    def connect(self, bus: Bus) -> None:
        """Ask on this bus from now on."""
        self._bus = bus

    async def by_link(self, request: Request) -> Response:
        """GET, from a platform's page: who may open the notebook may do this."""
        language = _language(request)
        if request.method == "HEAD":  # it must not use a link up
            return Response(status_code=405, headers={"Allow": "GET"})
        try:
            raw_path = request.scope["raw_path"].removeprefix(_PREFIX)
            click = address.click(raw_path, request.scope["query_string"])
        except NoSuchAddress:
            return self._pages.message("no-such-page", language)
        await self._routes.known.wait(time.monotonic())
        try:
            referer = request.headers.get("referer", "")
            admitted = self._admission.admit(click, referer, time.time())
            await self._doorstep.use_up(admitted)
        except Refused as e:
            self._doorstep.refused(refused := new_id(), click.place, e)
            return self._pages.message("refused", language, quote=refused)
        except BusAway:
            return self._pages.message("away", language)
        return self._led(admitted.place, admitted.platform)

    async def by_lab(self, request: Request) -> Response:
        """GET, from a lab's own page, or what stands in its stead."""
        await self._routes.known.wait(time.monotonic())
        owner = self._routes.owner_lately(request.path_params["capability"])
        if owner is None:
            return self._pages.message("lab-gone", _language(request))
        notebook = _canonical(request.query_params.get("notebook", ""))
        return self._led(Place(course=owner.course, notebook=notebook, student=owner.student))

    async def page(self, request: Request) -> Response:
        """What can be done."""
        return await self._with_ticket(request, self._show)

    async def download(self, request: Request) -> Response:
        """The notebook's file."""
        return await self._with_ticket(request, self._notebook)

    async def download_all(self, request: Request) -> Response:
        """All that the student has in the course."""
        return await self._with_ticket(request, self._work)

    async def restart(self, request: Request) -> Response:
        """POST: stop the lab, and open the notebook in a new one."""
        return await self._with_ticket(request, self._restarted)

    async def read(self, request: Request) -> Response:
        """POST: the notebook as a page."""
        return await self._with_ticket(request, self._made_readable)

    async def report(self, request: Request) -> Response:
        """POST: tell who runs the service."""
        return await self._with_ticket(request, self._reported)

    def _led(self, place: Place, platform: str = "") -> Response:
        here = _here(self._tickets.write(_ticket(place, platform, "rescue")))
        return RedirectResponse(here, 303, {"Cache-Control": "no-store"})

    async def _with_ticket(self, request: Request, do: Deed) -> Response:
        try:
            ticket = self._ticket(request)
        except BadTicket:
            return self._pages.message("refused", _language(request), quote=new_id())
        if request.method == "HEAD":  # it would read a disk for nobody
            return Response(status_code=405, headers={"Allow": "GET"})
        try:
            return await do(request, ticket)
        except (BusAway, TimeoutError) as e:
            logger.warning("nobody comes to the rescue", access=ticket.access, error=repr(e))
            wrong: Wrong = "away"
        except _Not as e:
            wrong = e.wrong
        except NotSaved as e:
            wrong = e.reason
        except BadTicket:  # a form that is none of ours
            return self._pages.message("refused", _language(request), quote=new_id())
        return self._page(request, ticket, wrong=wrong)

    def _ticket(self, request: Request) -> Ticket:
        if request.method == "POST" and request.headers.get("origin") != self._content_origin:
            raise BadTicket("not from our own page")
        ticket = self._tickets.read(request.path_params["ticket"], time.time())
        if ticket.purpose != "rescue":
            raise BadTicket("for something else")
        return ticket

    async def _show(self, request: Request, ticket: Ticket) -> Response:
        report = request.query_params.get("report", "")
        return self._page(request, ticket, report=report if _REPORT.fullmatch(report) else "")

    async def _notebook(self, request: Request, ticket: Ticket) -> Response:
        return await downloads.notebook(self._bus, ticket.place)

    async def _work(self, request: Request, ticket: Ticket) -> Response:
        words = WORDS[_language(request).tag]
        try:
            return await downloads.work(self._bus, ticket.place, (words.note, words.missing))
        except NothingSaved as e:
            raise _Not("nothing-saved") from e

    async def _restarted(self, request: Request, ticket: Ticket) -> Response:
        try:
            await self._stopping.stop(ticket.place)
        except (BusAway, TimeoutError) as e:
            logger.warning("nobody stops a lab", access=ticket.access, error=repr(e))
            raise _Not("not-stopped") from e
        opening = _ticket(ticket.place, ticket.platform, "follow")
        return RedirectResponse(
            self._entrance.address(opening), 303, {"Cache-Control": "no-store"}
        )

    async def _made_readable(self, request: Request, ticket: Ticket) -> Response:
        place = ticket.place
        command = ShowNotebook(course=place.course, student=place.student, notebook=place.notebook)
        match await commanding.carried_out(self._bus, command, ShareAnswer, within=self._within):
            case ShareMade(share=share):
                page = f"{self._share_origin}/snapshots/{share.name}.html"
                return RedirectResponse(page, 303, {"Cache-Control": "no-store"})
            case ShareFailed(reason=reason):
                raise _Not(reason)
        raise _Not("internal")

    async def _reported(self, request: Request, ticket: Ticket) -> Response:
        form = await forms.read(request)
        if self._bus is None:
            raise BusAway("NATS was never there")
        told = TroubleReported(
            course=ticket.place.course,
            student=ticket.place.student,
            notebook=ticket.place.notebook,
            report=new_id()[:12],
            has_lab=self._has_lab(ticket.place),
            words=form.get("words", "")[:_MOST_WORDS],
        )
        await self._bus.tell(told)
        logger.warning(
            "a student reports trouble",
            report=told.report,
            course=told.course,
            notebook=told.notebook,
            has_lab=told.has_lab,
        )
        here = f"{_here(request.path_params['ticket'])}?report={told.report}"
        return RedirectResponse(here, 303, {"Cache-Control": "no-store"})

    def _page(
        self, request: Request, ticket: Ticket, *, wrong: Wrong | None = None, report: str = ""
    ) -> Response:
        return self._pages.rescue(
            _language(request),
            notebook=ticket.place.notebook,
            here=_here(request.path_params["ticket"]),
            has_lab=self._has_lab(ticket.place),
            wrong=wrong,
            report=report,
        )

    def _has_lab(self, place: Place) -> bool:
        return self._routes.capability_of(place.course, place.student) is not None


def _here(ticket: str) -> str:
    return f"/-/rescue/{ticket}"


def _canonical(notebook: str) -> str:
    try:
        return names.notebook(notebook)
    except names.BadName:
        return ""


def _ticket(place: Place, platform: str, purpose: str) -> Ticket:
    asked = time.time()
    ticket = Ticket(
        access=new_id(),
        place=place,
        page="" if place.notebook else _ANY_PAGE,
        action="open",
        platform=platform,
        asked=asked,
        until=asked + SECONDS,
    )
    if purpose == "rescue":
        return msgspec.structs.replace(ticket, purpose="rescue")
    return ticket


def _language(request: Request) -> Language:
    return languages.liked(request.headers.get("accept-language", ""))
