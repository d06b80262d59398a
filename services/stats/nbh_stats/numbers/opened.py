"""Which notebooks were opened by whom, from sums where they reach and from rows where not. Pure.

A range is whole weeks, or quarters of an hour, of which there are sums (see `summing`), and what
is left at both ends, of which the rows are read. Who is left out is taken off in the end: off sets
of students by name, off counts by what those few did.
"""

from collections.abc import Callable

from nbh_stats.numbers.number import STEP
from nbh_stats.numbers.spans import beside, within
from nbh_stats.summing import QUARTER, WEEK, summed_as

OPENED = "course = {course} AND kind = 'access.opened'"
_IN_RANGE = "at >= {since} AND at < {until}"

_NOBODY = "bitmapBuild(CAST([], 'Array(UInt32)'))"
_LEFT_OUT = "bitmapBuild({left_out})"


IN_WEEKS, BESIDE_WEEKS = within("weeks", WEEK), beside("weeks")
_IN_QUARTERS, _BESIDE_QUARTERS = within("quarters", QUARTER), beside("quarters")
_QUARTER_S_BEGIN = f"toDateTime64({QUARTER} * 900, 0, 'UTC')"
_BY_QUARTER = "opens_by_quarter"
_FIRST_QUARTER = QUARTER.replace("at)", "{since})")


def _summed(
    group: Callable[[str], str], sums: str, at: str, beside: str, names: str, kept: str
) -> str:
    """``each``, a set of students, and ``opens`` of each group; a group may come several times."""
    return f"""
        SELECT {group(at)}, groupBitmapState(who) AS each, toInt64(count()) AS opens
        FROM events WHERE {OPENED} AND {sums} GROUP BY {names} {summed_as(kept)}
        UNION ALL
        SELECT {group("at")}, groupBitmapState(who) AS each, toInt64(count()) AS opens
        FROM events WHERE {OPENED} AND {beside} GROUP BY {names}
        UNION ALL
        SELECT {group("at")}, {_NOBODY} AS each, -toInt64(count()) AS opens
        FROM events WHERE {OPENED} AND {_IN_RANGE} AND who IN {{left_out}} GROUP BY {names}
    """


def _counted(summed: str, names: str) -> str:
    return f"""
        SELECT {names}, bitmapAndnot(groupBitmapMergeState(each), {_LEFT_OUT}) AS seen,
            toUInt64(sum(summed.opens)) AS opens
        FROM ({summed}) AS summed GROUP BY {names} HAVING opens > 0
    """


_BY_WEEK = "opens_by_week_and_notebook"
BY_NOTEBOOK = _counted(
    _summed(lambda _: "stem", IN_WEEKS, "at", BESIDE_WEEKS, "stem", _BY_WEEK), "stem"
)
"""For each notebook: ``stem``, ``seen``, the set of those who opened it, and ``opens``."""


_MONDAY = f"({WEEK} * 604800 - 259200)"
_BY_STEP = f"""
    SELECT stem, {_MONDAY} AS began, groupBitmapState(who) AS each FROM events
    WHERE {OPENED} AND {IN_WEEKS} GROUP BY stem, began {summed_as(_BY_WEEK)}
    UNION ALL
    SELECT stem, {STEP} AS began, groupBitmapState(who) AS each FROM events
    WHERE {OPENED} AND {BESIDE_WEEKS} GROUP BY stem, began
"""
BY_NOTEBOOK_AND_STEP = f"""
    SELECT stem, began, bitmapAndnot(groupBitmapMergeState(each), {_LEFT_OUT}) AS seen
    FROM ({_BY_STEP}) GROUP BY stem, began
"""
"""``seen``: who opened a notebook (``stem``) in the step that ``began`` then. Of steps of a week
there are sums; of others there are no whole weeks (see `summing.Span`)."""


def by_time(names: str, group: Callable[[str], str]) -> str:
    """The same for each group of instants: ``group`` says which columns ``names`` follow from an
    instant, and they must not differ within a quarter of an hour."""
    summed = _summed(group, _IN_QUARTERS, _QUARTER_S_BEGIN, _BESIDE_QUARTERS, names, _BY_QUARTER)
    return _counted(summed, names)


BEFORE = f"""
    SELECT bitmapAndnot(groupBitmapMergeState(each), {_LEFT_OUT}) AS seen
    FROM (
        SELECT groupBitmapState(who) AS each FROM events
        WHERE {OPENED} AND {QUARTER} < {_FIRST_QUARTER} {summed_as(_BY_QUARTER)}
        UNION ALL
        SELECT groupBitmapState(who) AS each FROM events
        WHERE {OPENED} AND at < {{since}}
          AND at >= toDateTime64({_FIRST_QUARTER} * 900, 0, 'UTC')
    )
"""
"""``seen``: who opened anything before the range, in one row."""

FIRSTS = f"""
    SELECT min(at) AS begin FROM events WHERE {OPENED} AND who NOT IN {{left_out}}
    GROUP BY who HAVING begin < {{until}} {summed_as("first_opens")}
"""
"""``begin``: when each student opened something for the first time."""
