"""How a course's material was used: which notebooks, when first, how far (T5, T6, T8, T9)."""

from nbh_stats.numbers.number import Column, Number
from nbh_stats.numbers.opened import BY_NOTEBOOK, BY_NOTEBOOK_AND_STEP, FIRSTS

_EVER = """
    SELECT at, who, stem FROM events
    WHERE course = {course} AND kind = 'access.opened'
      AND at < {until} AND who NOT IN {left_out}
"""
"""Also what was before the range: who is new is not whoever is seen first in it."""

_STUDENTS = Column("students", "count", "different students")
_NOTEBOOK = Column("notebook", "text", "its path without the suffix")
_DAY = Column("day", "day", "a day; those between the first and the last are all there")

NOTEBOOKS = Number(
    "notebooks",
    "course",
    "How many students opened each notebook.",
    (_NOTEBOOK, _STUDENTS, Column("opens", "count", "how often it was opened")),
    f"""
    SELECT stem AS notebook, bitmapCardinality(seen) AS students, opens
    FROM ({BY_NOTEBOOK}) ORDER BY notebook
    """,
    source="T5",
)

NOTEBOOKS_OVER_TIME = Number(
    "notebooks-over-time",
    "course",
    "The same as it grew: a row where a notebook's number changed within a step.",
    (
        Column("until", "instant", "the end of the step"),
        _NOTEBOOK,
        Column("students", "count", "different students from the range's begin until then"),
    ),
    f"""
    SELECT toDateTime(began + {{step}}, 'UTC') AS until, stem AS notebook, so_far AS students
    FROM (
        SELECT began, stem, so_far,
            so_far - lagInFrame(so_far) OVER (PARTITION BY stem ORDER BY began) AS new
        FROM (
            SELECT began, stem,
                groupBitmapMerge(seen) OVER (PARTITION BY stem ORDER BY began) AS so_far
            FROM ({BY_NOTEBOOK_AND_STEP})
        )
    )
    WHERE new > 0
    ORDER BY until, notebook
    """,
    options=("step",),
    most_steps=60,
    source="T6",
)

NOTEBOOKS_BY_DAY = Number(
    "notebooks-by-day",
    "course",
    "Notebooks that were opened: each day, for the first time, and in all.",
    (
        _DAY,
        Column("notebooks", "count", "different notebooks"),
        Column("new", "count", "of them, which nobody had opened before"),
        Column("total", "count", "ever opened, from the course's begin to the end of the day"),
    ),
    f"""
    SELECT day, notebooks, new, total
    FROM (
        SELECT day, sum(seen) AS notebooks, sum(first) AS new,
            sum(new) OVER (ORDER BY day) AS total
        FROM (
            SELECT
                arrayJoin(arrayConcat(
                    arrayMap(day -> (day, 1, 0), days),
                    [(if(begin < {{since}}, toDate(0), toDate(begin, {{zone}})), 0, 1)]
                )) AS found,
                found.1 AS day, found.2 AS seen, found.3 AS first
            FROM (
                SELECT groupUniqArrayIf(toDate(at, {{zone}}), at >= {{since}}) AS days,
                    min(at) AS begin
                FROM ({_EVER}) GROUP BY stem
            )
        )
        GROUP BY day
    )
    WHERE day != toDate(0)
    ORDER BY day WITH FILL INTERPOLATE (total)
    """,
    source="T9",
)

GROWTH = Number(
    "growth",
    "course",
    "The instants at which a student or a notebook was the first time there.",
    (
        Column("at", "instant", "to the second"),
        Column("students", "count", "who ever opened something, from the course's begin"),
        Column("notebooks", "count", "that ever were opened"),
    ),
    f"""
    SELECT second AS at, max(so_many) AS students, max(so_many_notebooks) AS notebooks
    FROM (
        SELECT
            begin, toDateTime(begin, 'UTC') AS second,
            sum(student) OVER (ORDER BY begin) AS so_many,
            sum(notebook) OVER (ORDER BY begin) AS so_many_notebooks
        FROM (
            SELECT begin, 1 AS student, 0 AS notebook FROM ({FIRSTS})
            UNION ALL SELECT min(at), 0, 1 FROM ({_EVER}) GROUP BY stem
        )
    )
    WHERE begin >= {{since}} GROUP BY second ORDER BY at
    """,
    source="T8, T9",
)

FUNNEL = Number(
    "funnel",
    "course",
    "Where students stop in a track, in its order.",
    (
        Column("position", "count", "from 1"),
        Column("section", "text", "the track's section"),
        _NOTEBOOK,
        Column("title", "text", "the notebook's title"),
        Column("students", "count", "who opened it"),
        Column("reached", "count", "who opened it or one after it"),
        Column("stopped", "count", "who opened it and none after it"),
    ),
    f"""
    SELECT position, section, notebook, title, bitmapCardinality(some) AS students,
        so_far AS reached, so_far - lagInFrame(so_far) OVER (ORDER BY position DESC) AS stopped
    FROM (
        SELECT position, section, notebook, title, opened.seen AS some,
            groupBitmapMerge(opened.seen) OVER (ORDER BY position DESC) AS so_far
        FROM (
            SELECT step.1 AS position, step.2 AS section, step.3 AS notebook, step.4 AS title
            FROM (
                SELECT arrayJoin(arrayZip(
                    arrayEnumerate({{sections}}), {{sections}}, {{track}}, {{titles}}
                )) AS step
            )
        ) AS along
        LEFT JOIN ({BY_NOTEBOOK}) AS opened ON opened.stem = along.notebook
    )
    ORDER BY position
    """,
    options=("track",),
)

ALL = (NOTEBOOKS, NOTEBOOKS_OVER_TIME, NOTEBOOKS_BY_DAY, GROWTH, FUNNEL)
