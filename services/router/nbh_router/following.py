"""Pages and events that follow an access by its ticket (E-17, R-12)."""

import asyncio
import time
from collections.abc import AsyncGenerator

import msgspec
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response, StreamingResponse

from nbh_kit.bus import BusAway
from nbh_proto import AccessDenied, AccessProgress, AccessReady, new_id
from nbh_router import languages
from nbh_router.accesses import Access, Accesses
from nbh_router.clicks import Clicks
from nbh_router.entrance import Entrance
from nbh_router.pages import Pages
from nbh_router.routes import Routes
from nbh_router.ticket import BadTicket, Ticket, Tickets

KEEP_ALIVE_SECONDS = 8.0
"""As JupyterHub does; proxies in between close what is silent for a minute."""

_ROUTE_SECONDS = 1.0
_AWAY_SECONDS = 1.0
_RETRY = b"retry: 1000\n\n"
_STILL_HERE = b": still here\n\n"


class Following:
    """Answers ``/-/access/<ticket>…``."""

    def __init__(
        self,
        *,
        accesses: Accesses,
        entrance: Entrance,
        routes: Routes,
        tickets: Tickets,
        pages: Pages,
        clicks: Clicks,
        content_origin: str,
    ) -> None:
        self._accesses = accesses
        self._entrance = entrance
        self._routes = routes
        self._tickets = tickets
        self._pages = pages
        self._clicks = clicks
        self._content_origin = content_origin

    async def page(self, request: Request) -> Response:
        """Where the access stands; the notebook as soon as it is there."""
        arrived = time.monotonic()
        language = languages.liked(request.headers.get("accept-language", ""))
        try:
            ticket = self._ticket(request)
        except BadTicket:
            return self._pages.message("refused", language, quote=new_id())
        return await self._entrance.enter(ticket, language, arrived=arrived)

    async def again(self, request: Request) -> Response:
        """POST: the same once more, as a new access."""
        language = languages.liked(request.headers.get("accept-language", ""))
        try:
            if request.headers.get("origin") != self._content_origin:
                raise BadTicket("not from our own page")
            ticket = self._ticket(request)
        except BadTicket:
            return self._pages.message("refused", language, quote=new_id())
        fresh = msgspec.structs.replace(ticket, access=new_id(), asked=time.time())
        return RedirectResponse(self._entrance.address(fresh), 303, {"Cache-Control": "no-store"})

    async def events(self, request: Request) -> Response:
        """How the access gets on, as server-sent events (WHATWG HTML, 9.2)."""
        try:
            ticket = self._ticket(request)
        except BadTicket:
            return PlainTextResponse("", 403)
        return StreamingResponse(
            self._events(ticket, request.headers.get("last-event-id", "")),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store"},
        )

    def _ticket(self, request: Request) -> Ticket:
        ticket = self._tickets.read(request.path_params["ticket"], time.time())
        if ticket.purpose != "follow":
            raise BadTicket("for something else")
        return ticket

    async def _events(self, ticket: Ticket, told: str) -> AsyncGenerator[bytes]:
        yield _RETRY
        while not self._accesses.leaving:
            try:
                access = await self._accesses.ask(ticket)
                break
            except BusAway:
                yield _event("away", {})
                await asyncio.sleep(_AWAY_SECONDS)
        else:
            return
        async for event in self._events_of(access, told):
            yield event

    async def _events_of(self, access: Access, told: str) -> AsyncGenerator[bytes]:
        while not self._accesses.leaving:
            # Taken before the rest is looked at: more may come while a browser takes an event.
            since = access.heard
            if (end := await self._end(access)) is not None:
                yield end
                return
            progress = access.progress
            if progress is not None and _id(progress) != told:
                told = _id(progress)
                yield _stage(progress, told)
            if not await self._news(access, since):
                yield _STILL_HERE

    async def _news(self, access: Access, since: int) -> bool:
        if access.outcome is not None and access.outcome.capability:
            # only its route is missing
            return await self._routes.live(access.outcome.capability, _ROUTE_SECONDS)
        left = self._entrance.seconds_left(access)
        return await access.news(since, min(KEEP_ALIVE_SECONDS, left))

    async def _end(self, access: Access) -> bytes | None:
        match access.outcome:
            case AccessReady(full=None) as ready if await self._routes.live(ready.capability, 0):
                self._accesses.done(access)
                self._clicks.opened(access, ready)
                return _event("ready", {"url": self._entrance.notebook_url(access.ticket, ready)})
            case AccessDenied(capability=""):
                return _event("over", {})
            # a page is shown first, which leads into the lab
            case AccessReady() | AccessDenied() as said if await self._has_route(said):
                return _event("over", {})
        return _event("over", {}) if self._entrance.seconds_left(access) <= 0 else None

    async def _has_route(self, said: AccessReady | AccessDenied) -> bool:
        return await self._routes.live(said.capability, 0)


def _id(progress: AccessProgress) -> str:
    return f"{progress.stage}.{progress.position}"


def _stage(progress: AccessProgress, id_: str) -> bytes:
    return _event("stage", {"stage": progress.stage, "position": progress.position}, id_)


def _event(kind: str, data: dict[str, str | int], id_: str = "") -> bytes:
    head = f"id: {id_}\n" if id_ else ""
    return f"{head}event: {kind}\ndata: ".encode() + msgspec.json.encode(data) + b"\n\n"
