"""Whether a student looks at a blank frame a little longer, or at the progress page. Pure.

A page that flashes by is worse than a wait below a second, and a blank frame beyond a second is
worse than a page (E-17). So the router waits for the redirect only while it has a reason to
believe that it comes in time: the lab runs, one of the pool does, or starts of this course have
lately been quick.
"""

from collections import deque

from nbh_proto import AccessProgress

FIRST_WORD = 0.1
"""Seconds. That a lab starts is told at once; who has heard nothing of use by now is shown the
page, well within the 200 ms of E-17."""

_LATELY = 8


class Forecast:
    """How long starts have taken lately, course by course."""

    def __init__(self) -> None:
        self._seconds: dict[str, deque[float]] = {}

    def took(self, course: str, seconds: float) -> None:
        """A start of this course's lab took so long, from the click to the answer."""
        self._seconds.setdefault(course, deque(maxlen=_LATELY)).append(seconds)

    def longest(self, course: str) -> float | None:
        """The longest of the last few; None if none was seen."""
        return max(self._seconds[course]) if course in self._seconds else None


def patience(
    heard: AccessProgress | None, *, is_there: bool, longest: float | None, limit: float
) -> float:
    """How long, in seconds, a redirect is waited for before the page is shown.

    Counted from when the access was stored: a slow disk says nothing about the lab. ``is_there``
    is whether the student's lab is known to run, or one of the pool is; ``longest`` what
    `Forecast` says.
    """
    if heard is None:
        return limit if is_there else min(FIRST_WORD, limit)
    match heard.stage:
        case "queued" if heard.position > 0:
            return 0.0
        case "queued" | "copying":
            return min(FIRST_WORD, limit)
        case "starting" | "booting":
            return limit if longest is not None and longest <= limit else 0.0
