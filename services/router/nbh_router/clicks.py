"""What is counted of clicks (E-2): each once, when its student is told how it ended."""

import time
from typing import Literal, get_args

from nbh_kit.metrics import OTHER, SECONDS, Metrics
from nbh_proto import AccessReady
from nbh_proto.access import Way
from nbh_router.accesses import Access

Outcome = Literal["opened", "failed", "too-slow", "refused", "unavailable", "away"]
"""The notebook was opened, or could not be; it took too long; nobody vouched for the student; its
course cannot be had; NATS was away."""


class Clicks:
    """Of one router."""

    def __init__(self, metrics: Metrics) -> None:
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
            self._outcomes.add("opened")
            seconds = max(0.0, time.time() - access.ticket.asked)
            self._seconds.observe(seconds, ready.way or OTHER)

    def ended(self, access: Access, outcome: Outcome) -> None:
        """A student is told that it came to nothing."""
        if self._is_first(access):
            self._outcomes.add(outcome)

    def turned_away(self, outcome: Outcome) -> None:
        """A student is told so before anything was asked for."""
        self._outcomes.add(outcome)

    def waits(self) -> None:
        """A student gets the page that says how far it is."""
        self._pages.add()

    def _is_first(self, access: Access) -> bool:
        was_told, access.was_told = access.was_told, True
        return not was_told
