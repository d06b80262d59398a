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

PROJECTIONS = {
    "by_monday_and_notebook": f"""
        SELECT course, kind, stem, {WEEK}, groupBitmapState(who), count()
        GROUP BY course, kind, stem, {WEEK}
    """,
    "by_week_and_pace": f"""
        SELECT course, kind, how, pace, {WEEK}, count()
        GROUP BY course, kind, how, pace, {WEEK}
    """,
    "by_quarter": f"""
        SELECT course, kind, {QUARTER}, groupBitmapState(who), count()
        GROUP BY course, kind, {QUARTER}
    """,
    "by_day_and_node": f"""
        SELECT course, kind, node, {DAY}, maxMap(gauges), minMap(gauges)
        GROUP BY course, kind, node, {DAY}
    """,
    "by_lab": """
        SELECT course, kind, who, generation,
            min(at), max(at), max(cpu), sum(memory), count(memory), max(memory), max(disk)
        GROUP BY course, kind, who, generation
    """,
    "by_student": "SELECT course, kind, who, min(at) GROUP BY course, kind, who",
    "rows_by_student": "SELECT course, kind, who, at, stem ORDER BY course, kind, who, at",
}
"""The latest step of `steps` makes those that the ones before it do not: whoever changes one
writes another step, and the old words into the old one."""


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


SPANS: Mapping[str, Span] = {
    "weeks": Span(timedelta(weeks=1), BEGIN - timedelta(days=3)),
    "days": Span(timedelta(days=1)),
    "quarters": Span(timedelta(minutes=15)),
}
"""By the name that their begin and end have in `nbh_stats.numbers.number.PARAMETERS`."""
