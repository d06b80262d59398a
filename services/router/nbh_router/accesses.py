"""The accesses that this router has asked for and not yet seen end."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta

import structlog

from nbh_kit.bus import Bus, BusAway
from nbh_kit.lines import About
from nbh_kit.traces import Traces
from nbh_proto import AccessDenied, AccessProgress, AccessReady
from nbh_proto.access import AccessAnswer
from nbh_router.patience import Forecast
from nbh_router.ticket import Ticket

TELL_WITHIN = timedelta(seconds=0.8)
"""A click gets its page in less than a second, whatever NATS does (R-8, R-11)."""

KEEP_SECONDS = 600.0
MOST = 20_000

logger = structlog.get_logger(__name__)


class Access:
    """One access and what has been heard of it. Several requests may wait for it."""

    def __init__(self, ticket: Ticket) -> None:
        self.ticket = ticket
        self.asked = time.monotonic()
        """When this router asked; the ticket says when the student did."""

        self.told = self.asked
        """When the event was stored."""

        self.moved = ticket.asked
        """When the student was last known to get on, of `time.time`: they asked, or stand at a
        further place or stage than before."""

        self.progress: AccessProgress | None = None
        self.outcome: AccessReady | AccessDenied | None = None
        self.heard = 0
        """How many times there was something new."""

        self.was_told = False
        """Whether its student was told how it ended."""

        self._news = asyncio.get_running_loop().create_future()

    def hear(self, answer: AccessAnswer) -> None:
        """Take an answer and wake who waits. What has ended does not change any more."""
        if self.outcome is not None:
            return
        if isinstance(answer, AccessProgress):
            if not _is_same_place(self.progress, answer):
                self.moved = time.time()
            self.progress = answer
        else:
            self.outcome = answer
        self.wake()

    def wake(self) -> None:
        """Let everybody who waits look again."""
        self.heard += 1
        news, self._news = self._news, asyncio.get_running_loop().create_future()
        news.set_result(None)

    async def news(self, since: int, seconds: float) -> bool:
        """Whether there is something new since ``heard`` was so, now or within so many seconds."""
        if self.heard == since:
            await asyncio.wait({self._news}, timeout=seconds)
        return self.heard != since


class Accesses:
    """Asks the bus and hears its answers."""

    def __init__(self, forecast: Forecast, traces: Traces) -> None:
        self._forecast = forecast
        self._traces = traces
        self._all: dict[str, Access] = {}
        self._bus: Bus | None = None
        self._inbox = ""
        self.leaving = False
        """Whether who follows an access should do so elsewhere: this router stops."""

    @asynccontextmanager
    async def connected(self, bus: Bus) -> AsyncGenerator[None]:
        """Ask on this bus while the block runs."""
        async with bus.inbox(AccessAnswer, self.hear) as inbox:
            self._bus, self._inbox = bus, inbox
            await bus.at_each_connection(self._ask_again)
            try:
                yield
            finally:
                self._bus = None

    def has(self, access: str) -> bool:
        """Whether it was asked for here, and nobody has heard yet how it ended."""
        return access in self._all

    async def ask(self, ticket: Ticket) -> Access:
        """Ask for an access, once; the event is stored when this returns.

        Raises:
            BusAway: it is not known to be stored.
        """
        access = self._all.get(ticket.access)
        if access is not None:
            return access
        self._forget_old()
        access = self._all[ticket.access] = Access(ticket)
        try:
            with (
                About(access=ticket.access),
                self._traces.span("store the click"),
            ):
                await self._tell(ticket)
            access.told = time.monotonic()
        except BusAway:
            # An answer may have come although the storing was not confirmed.
            if access.outcome is None and access.progress is None:
                self._all.pop(ticket.access, None)
                raise
        finally:
            # only now, while others work for it already: a student does not wait for a line
            _say(ticket)
        return access

    def hear(self, answer: AccessAnswer) -> None:
        """Take an answer from the router's inbox."""
        access = self._all.get(answer.about)
        if access is None:
            return
        if isinstance(answer, AccessReady) and _was_a_start(access):
            self._forecast.took(access.ticket.place.course, time.monotonic() - access.asked)
        access.hear(answer)

    def done(self, access: Access) -> None:
        """Its student has been told how it ended; nobody follows it."""
        self._all.pop(access.ticket.access, None)

    def leave(self) -> None:
        """This router stops: whoever follows an access comes back to the next one."""
        self.leaving = True
        for access in self._all.values():
            access.wake()

    async def _tell(self, ticket: Ticket) -> None:
        if self._bus is None:
            raise BusAway("NATS was never there")
        await self._bus.tell(ticket.request(self._inbox), within=TELL_WITHIN)

    async def _ask_again(self) -> None:
        # An answer that was said while the connection was down is lost: asking again for the same
        # access brings it again.
        for access in list(self._all.values()):
            if access.outcome is None:
                await self._tell(access.ticket)

    def _forget_old(self) -> None:
        oldest_wanted = time.monotonic() - KEEP_SECONDS
        while self._all:
            first = next(iter(self._all.values()))
            if first.asked >= oldest_wanted and len(self._all) < MOST:
                return
            self._all.pop(first.ticket.access)


def _say(ticket: Ticket) -> None:
    place = ticket.place
    logger.info(
        "a click",
        access=ticket.access,
        course=place.course,
        student=place.student,
        notebook=ticket.page or place.notebook,
        action=ticket.action,
        platform=ticket.platform,
    )


def _is_same_place(known: AccessProgress | None, heard: AccessProgress) -> bool:
    if known is None:
        return False
    return (known.stage, known.position) == (heard.stage, heard.position)


def _was_a_start(access: Access) -> bool:
    heard = access.progress
    return access.outcome is None and heard is not None and heard.stage in ("starting", "booting")
