"""How many labs of each course wait, booted, for whoever comes next. Pure: time is an argument.

As many as are likely to be wanted while one boots: who comes meanwhile takes one that is there.
Arrivals are counted over windows of several lengths and the busiest counts, since a class comes
within a minute, and students at home all evening.
"""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

WINDOWS = (10.0, 60.0, 300.0)
"""Seconds. A course that nobody came to for the longest is idle."""

_DEVIATIONS = 2.0
"""Arrivals at random exceed their mean by so many standard deviations in one of forty boots."""

_CALM = 0.5
"""Seconds without a new student, after which labs are booted for the next ones."""

_IDLE = 0.75
"""Processors that must have nothing to do, too: whoever has just come, their lab does what its
first page asks for (measured: half a second of three, with a browser on the same two)."""

_PATIENCE = 5.0
"""Seconds after which they are booted although students keep coming or the machine is busy."""


class Demand(NamedTuple):
    """What one course is likely to want."""

    arrivals: Sequence[float]
    """When students came who had no lab, in seconds of any steady clock, oldest first."""

    boot: float
    """Seconds that a lab takes until it answers, lately."""

    least: int
    most: int


def sizes(demands: Mapping[str, Demand], now: float, room: int) -> dict[str, int]:
    """How many labs of each course should wait.

    Args:
        room: how many there may be in all. What courses are promised comes first; then who has
            the smallest share of what it wants is next.
    """
    wanted = {course: size(demand, now) for course, demand in demands.items()}
    promised = {course: min(wanted[course], demands[course].least) for course in wanted}
    shares = _filled(dict.fromkeys(wanted, 0), promised, room)
    return _filled(shares, wanted, room - sum(shares.values()))


def size(demand: Demand, now: float) -> int:
    """How many labs one course wants, if there is room for all."""
    expected = _rate(demand.arrivals, now) * demand.boot
    likely = math.ceil(expected + _DEVIATIONS * math.sqrt(expected))
    return max(demand.least, min(likely, demand.most))


def has_time(since_a_student: float, short_for: float, idle: float) -> bool:
    """Whether the machine has time to boot what the pool lacks.

    Args:
        since_a_student: seconds since one came who had no lab.
        short_for: seconds since the pool lacks something.
        idle: processors that had nothing to do lately.
    """
    return (since_a_student >= _CALM and idle >= _IDLE) or short_for >= _PATIENCE


def recent(arrivals: Sequence[float], now: float) -> Sequence[float]:
    """Those that still count."""
    return [at for at in arrivals if now - at < WINDOWS[-1]]


def _rate(arrivals: Sequence[float], now: float) -> float:
    """Arrivals a second, in the busiest of the windows that end now."""
    return max(sum(0 <= now - at < window for at in arrivals) / window for window in WINDOWS)


def _filled(shares: dict[str, int], wanted: Mapping[str, int], room: int) -> dict[str, int]:
    """The shares, as far up to what is wanted as there is room."""
    filled = dict(shares)
    for _ in range(room):
        short = [course for course in sorted(wanted) if filled[course] < wanted[course]]
        if not short:
            break
        filled[min(short, key=lambda c: filled[c] / wanted[c])] += 1
    return filled
