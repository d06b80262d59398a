"""From an admitted access to the notebook, or to the page that stands in for it."""

import time
from datetime import tzinfo
from typing import Any

import msgspec
from starlette.background import BackgroundTask
from starlette.responses import RedirectResponse, Response

from nbh_kit import settings
from nbh_kit.bus import BusAway
from nbh_proto import AccessDenied, AccessReady, Drain, new_id, now
from nbh_router import drains, redirect
from nbh_router.accesses import Access, Accesses
from nbh_router.clicks import Clicks
from nbh_router.courses import Courses
from nbh_router.drains import Drains
from nbh_router.languages import Language
from nbh_router.pages import Pages
from nbh_router.patience import Forecast, patience
from nbh_router.routes import Routes
from nbh_router.ticket import SECONDS, Ticket, Tickets
from nbh_router.words import Kind


class Entrance:
    """Asks for accesses and answers with what became of them."""

    def __init__(
        self,
        *,
        limits: settings.Router,
        accesses: Accesses,
        courses: Courses,
        drains: Drains,
        zone: tzinfo,
        routes: Routes,
        forecast: Forecast,
        tickets: Tickets,
        pages: Pages,
        clicks: Clicks,
    ) -> None:
        self._limits = limits
        self._accesses = accesses
        self._courses = courses
        self._drains = drains
        self._zone = zone
        self._routes = routes
        self._forecast = forecast
        self._tickets = tickets
        self._pages = pages
        self._clicks = clicks

    def address(self, ticket: Ticket) -> str:
        """The path that follows an access."""
        return f"/-/access/{self._tickets.write(ticket)}"

    def notebook_url(self, ticket: Ticket, ready: AccessReady) -> str:
        """Where the notebook is, in its lab; or the page that is asked for."""
        place = ticket.place
        if ticket.page:
            return redirect.page_url(
                capability=ready.capability,
                page=ticket.page,
                course=place.course,
                student=place.student,
            )
        return redirect.notebook_url(
            capability=ready.capability,
            notebook=ready.notebook,
            url_format=self._courses.url_format(place.course),
            course=place.course,
            student=place.student,
        )

    def seconds_left(self, access: Access) -> float:
        """How long a student should still be told to wait; 0 or less if no longer.

        Who moves up in a long queue (R-18) is told where they stand, not that it took too long.
        """
        return access.moved + self._limits.give_up_after - time.time()

    async def enter(
        self, ticket: Ticket, language: Language, *, arrived: float, once: bool = False
    ) -> Response:
        """The redirect if it comes in time, else the page. Never takes much more than a second.

        ``arrived`` is when the click did, of `time.monotonic`; ``once`` whether its link is used
        up now.
        """
        # A router that has just been started is about to know them.
        await self._courses.known.wait(arrived)
        if problem := self._courses.problem(ticket.place.course):
            self._clicks.turned_away("unavailable", ticket.access)
            return self._message(problem, _postponed(ticket), language)
        if drain := await self._drain(ticket, arrived):
            self._clicks.turned_away("drained", ticket.access)
            return self._drained(ticket, drain, language)
        try:
            access = await self._accesses.ask(ticket)
        except BusAway:
            self._clicks.turned_away("away", ticket.access)
            return self._message("away", _postponed(ticket), language)
        # Who comes back to follow an access has waited already.
        end = min(arrived, access.asked) + self._limits.redirect_within
        await self._wait(access, end)
        return await self._answer(access, language, end, once)

    async def _drain(self, ticket: Ticket, arrived: float) -> Drain | None:
        """Why this student gets no lab for now. Who has one goes on, and so does who was told
        to wait for one."""
        await self._drains.known.wait(arrived)
        drain = self._drains.everywhere()
        if drain is None or self._accesses.has(ticket.access):
            return None
        await self._routes.known.wait(arrived)
        place = ticket.place
        return None if self._routes.present.has(place.course, place.student) else drain

    async def _wait(self, access: Access, end: float) -> None:
        place = access.ticket.place
        is_there = self._routes.capability_of(place.course, place.student) is not None
        is_there |= self._routes.has_pooled(place.course)
        while access.outcome is None:
            allowed = patience(
                access.progress,
                is_there=is_there,
                longest=self._forecast.longest(place.course),
                limit=self._limits.redirect_within,
            )
            left = min(access.told + allowed, end) - time.monotonic()
            if left <= 0:
                return
            await access.news(access.heard, left)

    async def _answer(
        self, access: Access, language: Language, end: float, once: bool
    ) -> Response:
        ticket = access.ticket
        match access.outcome:
            case AccessReady() as ready:
                left = end - time.monotonic()
                if await self._routes.live(ready.capability, max(0.0, left)):
                    self._accesses.done(access)
                    response = self._opened(ticket, ready, language)
                    response.background = BackgroundTask(self._note_opened, access, ready)
                    return response
            case AccessDenied(reason=reason, capability=""):
                self._clicks.ended(access, "failed")
                # who comes back by themselves does so with an access that is not over
                fresh = msgspec.structs.replace(ticket, access=new_id(), asked=time.time())
                return self._message(reason, ticket, language, then=fresh)
            case AccessDenied() as denied:
                left = end - time.monotonic()
                if await self._routes.live(denied.capability, max(0.0, left)):
                    self._clicks.ended(access, "failed")
                    return self._without_room_for_it(ticket, denied, language)
        if self.seconds_left(access) <= 0:
            self._clicks.ended(access, "too-slow")
            return self._message("too-slow", ticket, language)
        self._clicks.waits()
        return self._pages.progress(
            language,
            place=ticket.place,
            heard=access.progress,
            here=self.address(ticket),
            once=once,
            quote=ticket.access,
        )

    async def _note_opened(self, access: Access, ready: AccessReady) -> None:
        """After the answer: a student does not wait for what is counted and logged of them."""
        self._clicks.opened(access, ready)

    def _opened(self, ticket: Ticket, ready: AccessReady, language: Language) -> Response:
        url = self.notebook_url(ticket, ready)
        if ready.full is None:
            return _redirect(url)
        files = self._files_url(ticket, ready.capability)
        return self._message(
            "no-room", ticket, language, files=files, notebook=url, full=ready.full
        )

    def _without_room_for_it(
        self, ticket: Ticket, denied: AccessDenied, language: Language
    ) -> Response:
        kind: Kind = "make-room" if denied.full else denied.reason
        if kind == "disk-full":
            kind = "make-room-on-disk"
        files = self._files_url(ticket, denied.capability)
        return self._message(kind, ticket, language, files=files, full=denied.full)

    def _files_url(self, ticket: Ticket, capability: str) -> str:
        place = ticket.place
        return redirect.files_url(
            capability=capability,
            url_format=self._courses.url_format(place.course),
            course=place.course,
            student=place.student,
        )

    def _drained(self, ticket: Ticket, drain: Drain, language: Language) -> Response:
        at = now()
        back = drains.back(drain, at, self._zone)
        return self._message(
            "drained-until" if back else "drained",
            _kept(ticket),
            language,
            back=back,
            said=drain.reason,
            retry=drains.retry(drain, at),
        )

    def _message(
        self,
        kind: Kind,
        ticket: Ticket,
        language: Language,
        *,
        then: Ticket | None = None,
        **more: Any,
    ) -> Response:
        """``then`` is what a page is about that tries again by itself, if not the same."""
        here = self.address(ticket)
        return self._pages.message(
            kind,
            language,
            place=ticket.place,
            quote=ticket.access,
            again=f"{here}/again",
            next_url=self.address(then or ticket),
            **more,
        )


def _redirect(url: str) -> Response:
    return RedirectResponse(url, 302, {"Cache-Control": "no-store"})


def _postponed(ticket: Ticket) -> Ticket:
    # What could not be asked for does not use up a student's minute.
    return msgspec.structs.replace(ticket, asked=time.time())


def _kept(ticket: Ticket) -> Ticket:
    # A page that stays open outlives a drain of many hours.
    at = time.time()
    return msgspec.structs.replace(ticket, asked=at, until=max(ticket.until, at + SECONDS))
