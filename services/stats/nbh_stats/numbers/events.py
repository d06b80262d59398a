"""What became of clicks and labs (T1, T14): how fast, what failed and why, what was asked for."""

from nbh_stats.numbers.number import Column, Number
from nbh_stats.numbers.opened import BESIDE_WEEKS, BY_NOTEBOOK, FIRSTS, IN_WEEKS, OPENED
from nbh_stats.summing import summed_as

_IN_RANGE = "course = {course} AND at >= {since} AND at < {until}"
_STUDENTS = Column("students", "count", "different students")

# Durations are counted by their pace: hundredths of their logarithms, which lie 1 % apart.
_PACES = "quantilesExactWeighted(0.5, 0.95, 0.99)(pace, toUInt64(many))"
_QUANTILES = ", ".join(
    f"if(sum(many) = 0, NULL, round(exp({_PACES}[{n}] / 100), 6)) AS {name}"
    for n, name in enumerate(("p50", "p95", "p99"), 1)
)
_QUANTILE_COLUMNS = (
    Column("p50", "real", "half of them took no longer, to 1 %", "s"),
    Column("p95", "real", "95 of 100 took no longer, to 1 %", "s"),
    Column("p99", "real", "99 of 100 took no longer, to 1 %", "s"),
)


_PACED = f"""
    SELECT how, pace, count() AS many FROM events
    WHERE {OPENED} AND {IN_WEEKS} GROUP BY how, pace {summed_as("opens_by_week_and_pace")}
    UNION ALL
    SELECT how, pace, count() AS many FROM events
    WHERE {OPENED} AND {BESIDE_WEEKS} GROUP BY how, pace
"""
"""How ``many`` clicks were of which ``pace``, for each way (``how``)."""

STARTS = Number(
    "starts",
    "course",
    "How long a click took until the notebook was usable, by the way its lab came to be there.",
    (
        Column("way", "text", "running, thawed, pool or cold; all for all of them"),
        Column("opens", "count", "how many clicks"),
        *_QUANTILE_COLUMNS,
    ),
    f"""
    SELECT if(grouping(how) = 1, 'all', how) AS way, sum(many) AS opens, {_QUANTILES}
    FROM ({_PACED}) WHERE how != ''
    GROUP BY ROLLUP(how) HAVING opens > 0 ORDER BY way
    """,
    people=False,
)

STARTS_BY_DAY = Number(
    "starts-by-day",
    "course",
    "The same for each day, whatever the way.",
    (
        Column("day", "day", "a day on which somebody clicked"),
        Column("opens", "count", "how many clicks"),
        *_QUANTILE_COLUMNS,
    ),
    f"""
    SELECT day, sum(many) AS opens, {_QUANTILES}
    FROM (
        SELECT toDate(at, {{zone}}) AS day, pace, count() AS many
        FROM events WHERE {_IN_RANGE} AND kind = 'access.opened' AND how != ''
        GROUP BY day, pace
    )
    GROUP BY day ORDER BY day
    """,
    people=False,
)

THAWS = Number(
    "thaws",
    "course",
    "How long frozen labs took to go on, by what thawed them.",
    (
        Column("by", "text", "click, request or restart"),
        Column("thaws", "count", "how many"),
        *_QUANTILE_COLUMNS,
    ),
    f"""
    SELECT how AS by, sum(many) AS thaws, {_QUANTILES}
    FROM (
        SELECT how, pace, count() AS many
        FROM events WHERE {_IN_RANGE} AND kind = 'lab.thawed' GROUP BY how, pace
    )
    GROUP BY how ORDER BY by
    """,
    people=False,
)

FAILURES = Number(
    "failures",
    "course",
    "What did not work, and why.",
    (
        Column(
            "what", "text", "failed (a click), refused (a click), or lab (one that did not start)"
        ),
        Column("reason", "text", "in one word"),
        Column("times", "count", "how often"),
        _STUDENTS,
        Column("last", "instant", "the last time"),
    ),
    f"""
    SELECT
        transform(kind, ['access.failed', 'access.refused'], ['failed', 'refused'], 'lab') AS what,
        how AS reason, count() AS times, uniqExact(who) AS students, max(at) AS last
    FROM events
    WHERE {_IN_RANGE} AND kind IN ('access.failed', 'access.refused', 'lab.failed')
    GROUP BY what, reason ORDER BY times DESC, what, reason
    """,
    people=False,
)

STOPS = Number(
    "stops",
    "course",
    "Why labs ended.",
    (
        Column("reason", "text", "as in LabStopped"),
        Column("stops", "count", "how many labs"),
        _STUDENTS,
    ),
    f"""
    SELECT how AS reason, count() AS stops, uniqExact(who) AS students
    FROM events WHERE {_IN_RANGE} AND kind = 'lab.stopped'
    GROUP BY how ORDER BY stops DESC, reason
    """,
    people=False,
)


def _by_notebook(kind: str, times: str) -> str:
    return f"""
    SELECT stem AS notebook, count() AS {times}, uniqExact(who) AS students
    FROM events WHERE {_IN_RANGE} AND kind = '{kind}' AND who NOT IN {{left_out}}
    GROUP BY stem ORDER BY {times} DESC, notebook
    """


_NOTEBOOK = Column("notebook", "text", "its path without the suffix")

RESETS = Number(
    "resets",
    "course",
    "Notebooks that students put back to the course's original.",
    (_NOTEBOOK, Column("resets", "count", "how often"), _STUDENTS),
    _by_notebook("notebook.reset", "resets"),
)

SHARES = Number(
    "shares",
    "course",
    "Notebooks of which students shared a static version.",
    (_NOTEBOOK, Column("shares", "count", "how often"), _STUDENTS),
    _by_notebook("notebook.shared", "shares"),
)

SUMMARY = Number(
    "summary",
    "course",
    "A course on one line.",
    (
        Column("students", "count", "who opened something"),
        Column("new", "count", "of them, who never had before"),
        Column("notebooks", "count", "different notebooks that were opened"),
        Column("opens", "count", "how often anything was opened"),
        Column("failures", "count", "clicks that failed"),
        Column("resets", "count", "notebooks put back to the original"),
        Column("p50", "real", "half of the clicks took no longer, to 1 %", "s"),
        Column("p95", "real", "95 of 100 took no longer, to 1 %", "s"),
        Column("last", "instant", "when something was last opened; nothing if it never was"),
    ),
    f"""
    SELECT students, new, notebooks, opens, failures, resets, p50, p95, last
    FROM (
        SELECT
            groupBitmapMerge(seen) AS students, count() AS notebooks, sum(each.opens) AS opens
        FROM ({BY_NOTEBOOK}) AS each
    ) AS opened
    CROSS JOIN (
        SELECT maxOrNull(at) AS last FROM (
            SELECT at FROM events
            WHERE {_IN_RANGE} AND kind = 'access.opened' AND who NOT IN {{left_out}}
            ORDER BY course DESC, kind DESC, at DESC LIMIT 1
        )
    ) AS latest
    CROSS JOIN (SELECT count() AS new FROM ({FIRSTS}) WHERE begin >= {{since}}) AS came
    CROSS JOIN (
        SELECT
            countIf(kind = 'access.failed') AS failures,
            countIf(kind = 'notebook.reset') AS resets
        FROM events
        WHERE {_IN_RANGE} AND kind IN ('access.failed', 'notebook.reset')
          AND who NOT IN {{left_out}}
    ) AS other
    CROSS JOIN (
        SELECT {_QUANTILES} FROM ({_PACED}) WHERE how != ''
    ) AS fast
    """,
)

ALL = (STARTS, STARTS_BY_DAY, THAWS, FAILURES, STOPS, RESETS, SHARES, SUMMARY)
