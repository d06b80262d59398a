"""What is summed up as events are stored, for courses with millions of them. Pure.

Sums are projections of the table of events: ClickHouse keeps them in each part beside its rows, so
they are there when the rows are and go when the rows go, whatever dies in between. A query that
groups by the same expressions reads sums instead of rows.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from nbh_stats.asked import BEGIN

WEEK = "intDiv(toUnixTimestamp64Micro(at) + 259200000000, 604800000000)"
"""Weeks, in UTC, from the Monday before 1970."""

QUARTER = "intDiv(toUnixTimestamp64Micro(at), 900000000)"
"""Quarters of an hour since 1970. ClickHouse knows no finer change of clocks: the days
of every zone are made of whole ones."""

DAY = "intDiv(toUnixTimestamp64Micro(at), 86400000000)"
"""Days since 1970, in UTC, as the steps of what is sampled are."""

PACE = "toInt16(round(log(greatest(seconds, 1e-6)) * 100))"
"""A duration by the hundredths of its logarithm, which lie 1 % apart."""

SAMPLED = {
    "cpu": ("Float64", "gauges['cpu_seconds']"),
    "memory": ("Nullable(Float64)", "if(mapContains(gauges, 'memory'), gauges['memory'], NULL)"),
    "disk": ("Float64", "gauges['disk']"),
}
"""What is sampled of a lab, in columns: what is in a map is not summed up."""


class Projection(NamedTuple):
    """What ClickHouse keeps beside the rows it is of."""

    kind: str
    """The events that it sums up: others cost it nothing."""

    keys: str
    kept: str
    """What it keeps of each group of the keys; of each row, if it keeps rows ordered by them."""

    granularity: int = 8192
    """How many of its rows are read at least: ClickHouse reads what it thinks are fewer granules,
    of sums or of rows, so fewer rows are for sums that are few."""

    sums: bool = True

    @property
    def statement(self) -> str:
        """As it is added to a table."""
        keys = f"course, kind, {self.keys}"
        by = "GROUP" if self.sums else "ORDER"
        return (
            f"(SELECT {keys}, {self.kept} WHERE kind = '{self.kind}' {by} BY {keys})"
            f" WITH SETTINGS (index_granularity = {self.granularity})"
        )


PROJECTIONS = {
    "opens_by_week_and_notebook": Projection(
        "access.opened", f"{WEEK}, stem", "groupBitmapState(who), count()", 256
    ),
    "opens_by_week_and_pace": Projection("access.opened", f"{WEEK}, how, pace", "count()"),
    "opens_by_quarter": Projection("access.opened", QUARTER, "groupBitmapState(who), count()"),
    "opens_by_student": Projection("access.opened", "who, at", "stem", sums=False),
    "first_opens": Projection("access.opened", "who", "min(at)"),
    "machines_by_day": Projection(
        "node.sampled", f"{DAY}, node", "maxMap(gauges), minMap(gauges)", 256
    ),
    "labs": Projection(
        "lab.sampled",
        "who, generation",
        "min(at), max(at), max(cpu), sum(memory), count(memory), max(memory), max(disk)",
    ),
}
"""The latest step of `steps` makes them: whoever changes one writes another step, and the old
words into the old one."""


def summed_as(name: str) -> str:
    """Of which sums a query is: the only ones that ClickHouse then looks at. Parts without them,
    or a query that they do not fit, are read as rows, so this is never wrong."""
    assert name in PROJECTIONS
    return f"SETTINGS preferred_optimize_projection_name = '{name}'"


class Whole(NamedTuple):
    """The part of a range that is whole weeks, or days, or quarters of an hour; both are the
    range's end if there are none."""

    begin: datetime
    end: datetime


class Span(NamedTuple):
    """What is summed up together."""

    length: timedelta
    first: datetime = BEGIN
    """Where one of them begins."""

    def whole(self, since: datetime, until: datetime, step: int = 0) -> Whole:
        """Those that lie in a range: none, if each is cut up by a step of so many seconds."""
        begin = self.first - (self.first - since) // self.length * self.length
        end = self.first + (until - self.first) // self.length * self.length
        fits = not step % self.length.total_seconds()
        return Whole(begin, end) if fits and begin < end else Whole(until, until)

    def number(self, at: datetime) -> int:
        """Which one an instant is in, as ClickHouse numbers them."""
        return (at - self.first) // self.length


SPANS: Mapping[str, Span] = {
    "weeks": Span(timedelta(weeks=1), BEGIN - timedelta(days=3)),
    "days": Span(timedelta(days=1)),
    "quarters": Span(timedelta(minutes=15)),
}
"""By the name that their begin and end have in `nbh_stats.numbers.number.PARAMETERS`."""
