"""What is counted, logged and traced of clicks: each once, when its student hears how it ended."""

import time
from typing import Literal, get_args

import structlog

from nbh_kit.metrics import OTHER, SECONDS, Metrics
from nbh_kit.traces import Traces
from nbh_proto import AccessReady
from nbh_proto.access import Way
from nbh_router.accesses import Access

Outcome = Literal["opened", "failed", "too-slow", "refused", "unavailable", "away", "drained"]
"""The notebook was opened, or could not be; it took too long; nobody vouched for the student; its
course cannot be had; NATS was away; nobody new gets a lab."""

logger = structlog.get_logger(__name__)


class Clicks:
    """Of one router."""

    def __init__(self, metrics: Metrics, traces: Traces) -> None:
        self._traces = traces
        self._outcomes = metrics.counter(
            "nbhosting_clicks_total", "Clicks, by how they ended.", outcome=get_args(Outcome)
        )
        self._seconds = metrics.histogram(
            "nbhosting_click_seconds",
            "From a click to its redirect, by how the lab came to be there.",
            (0.025, 0.05, *SECONDS),
            way=get_args(Way),
        )
        self._pages = metrics.counter(
            "nbhosting_progress_pages_total", "Pages shown to who waits for a notebook."
        )

    def opened(self, access: Access, ready: AccessReady) -> None:
        """A student is on their way to the notebook."""
        if self._is_first(access):
            way, seconds = ready.way or OTHER, max(0.0, time.time() - access.ticket.asked)
            self._seconds.observe(seconds, way)
            self._note("opened", access.ticket.access, way=way, seconds=round(seconds, 3))
            self._trace(access, "opened")

    def ended(self, access: Access, outcome: Outcome) -> None:
        """A student is told that it came to nothing."""
        if self._is_first(access):
            self._note(outcome, access.ticket.access)
            self._trace(access, outcome)

    def turned_away(self, outcome: Outcome, access: str) -> None:
        """A student is told so before anything was asked for; ``access`` is the click's id."""
        self._note(outcome, access)

    def waits(self) -> None:
        """A student gets the page that says how far it is."""
        self._pages.add()

    def _note(self, outcome: Outcome, access: str, **more: object) -> None:
        self._outcomes.add(outcome)
        logger.info("a click is answered", access=access, outcome=outcome, **more)

    def _trace(self, access: Access, outcome: Outcome) -> None:
        ticket = access.ticket
        course = ticket.place.course
        self._traces.click(ticket.access, ticket.asked, outcome=outcome, course=course)

    def _is_first(self, access: Access) -> bool:
        was_told, access.was_told = access.was_told, True
        return not was_told
