"""What has lately been wanted of each course: when students came, and how long a boot took."""

from collections import defaultdict, deque

from nbh_provisioner import pool_policy
from nbh_provisioner.pool_policy import Demand

_MOST = 2000
"""Arrivals remembered of a course: far more than any pool holds."""

_FIRST_GUESS = 2.0
_WEIGHT = 0.3


class Demands:
    """Of all courses of this node."""

    def __init__(self) -> None:
        self._arrivals: defaultdict[str, deque[float]] = defaultdict(lambda: deque(maxlen=_MOST))
        self._boots: dict[str, float] = {}

    def came(self, course: str, now: float) -> None:
        """A student came who had no lab."""
        self._arrivals[course].append(now)

    def booted(self, course: str, seconds: float) -> None:
        """A lab for the pool answered after so many seconds."""
        last = self._boots.get(course, seconds)
        self._boots[course] = last + _WEIGHT * (seconds - last)

    def courses(self, now: float) -> set[str]:
        """Those that somebody came to lately; the others are forgotten."""
        for course in list(self._arrivals):
            if not pool_policy.recent(self._arrivals[course], now):
                del self._arrivals[course]
        return set(self._arrivals)

    def of(self, course: str, least: int, most: int) -> Demand:
        """What the policy needs to know."""
        arrivals = tuple(self._arrivals[course]) if course in self._arrivals else ()
        return Demand(arrivals, self._boots.get(course, _FIRST_GUESS), least, most)
