"""What is summed up as events are stored, for courses with millions of them. Pure.

Sums are projections of the table of events: ClickHouse keeps them in each part beside its rows, so
they are there when the rows are and go when the rows go, whatever dies in between. A query that
groups by the same expressions reads sums instead of rows.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

from nbh_stats.asked import BEGIN

WEEK = "intDiv(toUnixTimestamp64Micro(at), 604800000000)"
"""Weeks since 1970, in UTC; they begin on a Thursday."""

QUARTER = "intDiv(toUnixTimestamp64Micro(at), 900000000)"
"""Quarters of an hour since 1970. ClickHouse knows no finer change of clocks: the days
of every zone are made of whole ones."""

PACE = "toInt16(round(log(greatest(seconds, 1e-6)) * 100))"
"""A duration by the hundredths of its logarithm, which lie 1 % apart."""

PROJECTIONS = {
    "by_week_and_notebook": f"""
        SELECT course, kind, stem, {WEEK}, groupBitmapState(who), count()
        GROUP BY course, kind, stem, {WEEK}
    """,
    "by_quarter": f"""
        SELECT course, kind, {QUARTER}, groupBitmapState(who), count()
        GROUP BY course, kind, {QUARTER}
    """,
    "by_student": "SELECT course, kind, who, min(at) GROUP BY course, kind, who",
    "rows_by_student": "SELECT course, kind, who, at, stem ORDER BY course, kind, who, at",
}

_A_WEEK = timedelta(weeks=1)
_A_QUARTER = timedelta(minutes=15)


class Whole(NamedTuple):
    """The part of a range that is whole weeks, or quarters; both are its end if there are none."""

    begin: datetime
    end: datetime


def whole_weeks(since: datetime, until: datetime) -> Whole:
    """The weeks that lie in a range."""
    return _whole(since, until, _A_WEEK)


def whole_quarters(since: datetime, until: datetime) -> Whole:
    """The quarters of an hour that lie in a range."""
    return _whole(since, until, _A_QUARTER)


def _whole(since: datetime, until: datetime, unit: timedelta) -> Whole:
    begin = BEGIN - (BEGIN - since) // unit * unit
    end = BEGIN + (until - BEGIN) // unit * unit
    return Whole(begin, end) if begin < end else Whole(until, until)
