"""Which notebooks were opened by whom, from sums where they reach and from rows where not. Pure.

A range is whole weeks, or quarters of an hour, of which there are sums (see `summing`), and what
is left at both ends, of which the rows are read. Who is left out is taken off in the end: off sets
of students by name, off counts by what those few did.
"""

from collections.abc import Callable

from nbh_stats.summing import QUARTER, WEEK

_OPENED = "course = {course} AND kind = 'access.opened'"
_IN_RANGE = "at >= {since} AND at < {until}"

NOBODY = "bitmapBuild(CAST([], 'Array(UInt32)'))"
_LEFT_OUT = "bitmapBuild({left_out})"


def _micro(instant: str) -> str:
    return f"toUnixTimestamp64Micro({instant})"


_IN_WEEKS = (
    f"{WEEK} >= intDiv({_micro('{weeks_from}')}, 604800000000)"
    f" AND {WEEK} < intDiv({_micro('{weeks_to}')}, 604800000000)"
)
_BESIDE_WEEKS = "(at >= {since} AND at < {weeks_from} OR at >= {weeks_to} AND at < {until})"
_IN_QUARTERS = (
    f"{QUARTER} >= intDiv({_micro('{quarters_from}')}, 900000000)"
    f" AND {QUARTER} < intDiv({_micro('{quarters_to}')}, 900000000)"
)
_BESIDE_QUARTERS = (
    "(at >= {since} AND at < {quarters_from} OR at >= {quarters_to} AND at < {until})"
)
_QUARTER_S_BEGIN = f"toDateTime64({QUARTER} * 900, 0, 'UTC')"
_FIRST_QUARTER = f"intDiv({_micro('{since}')}, 900000000)"


def _summed(group: Callable[[str], str], sums: str, at: str, beside: str, names: str) -> str:
    """``each``, a set of students, and ``opens`` of each group; a group may come several times."""
    return f"""
        SELECT {group(at)}, groupBitmapState(who) AS each, toInt64(count()) AS opens
        FROM events WHERE {_OPENED} AND {sums} GROUP BY {names}
        UNION ALL
        SELECT {group("at")}, groupBitmapState(who) AS each, toInt64(count()) AS opens
        FROM events WHERE {_OPENED} AND {beside} GROUP BY {names}
        UNION ALL
        SELECT {group("at")}, {NOBODY} AS each, -toInt64(count()) AS opens
        FROM events WHERE {_OPENED} AND {_IN_RANGE} AND who IN {{left_out}} GROUP BY {names}
    """


def _counted(summed: str, names: str) -> str:
    return f"""
        SELECT {names}, bitmapAndnot(groupBitmapMergeState(each), {_LEFT_OUT}) AS seen,
            toUInt64(sum(summed.opens)) AS opens
        FROM ({summed}) AS summed GROUP BY {names} HAVING opens > 0
    """


BY_NOTEBOOK = _counted(_summed(lambda _: "stem", _IN_WEEKS, "at", _BESIDE_WEEKS, "stem"), "stem")
"""For each notebook: ``stem``, ``seen``, the set of those who opened it, and ``opens``."""


def by_time(names: str, group: Callable[[str], str]) -> str:
    """The same for each group of instants: ``group`` says which columns ``names`` follow from an
    instant, and they must not differ within a quarter of an hour."""
    summed = _summed(group, _IN_QUARTERS, _QUARTER_S_BEGIN, _BESIDE_QUARTERS, names)
    return _counted(summed, names)


BEFORE = f"""
    SELECT bitmapAndnot(groupBitmapMergeState(each), {_LEFT_OUT}) AS seen
    FROM (
        SELECT groupBitmapState(who) AS each FROM events
        WHERE {_OPENED} AND {QUARTER} < {_FIRST_QUARTER}
        UNION ALL
        SELECT groupBitmapState(who) AS each FROM events
        WHERE {_OPENED} AND at < {{since}}
          AND at >= toDateTime64({_FIRST_QUARTER} * 900, 0, 'UTC')
    )
"""
"""``seen``: who opened anything before the range, in one row."""

FIRSTS = f"""
    SELECT min(at) AS begin FROM events WHERE {_OPENED} AND who NOT IN {{left_out}}
    GROUP BY who HAVING begin < {{until}}
"""
"""``begin``: when each student opened something for the first time."""
