"""What students did: who came, what they opened, where they stopped (T5 to T10)."""

from nbh_stats.numbers.number import Column, Number
from nbh_stats.numbers.opened import BEFORE, BY_NOTEBOOK, BY_NOTEBOOK_AND_STEP, FIRSTS, by_time

_OPENS = """
    SELECT at, who, stem FROM events
    WHERE course = {course} AND kind = 'access.opened'
      AND at >= {since} AND at < {until} AND who NOT IN {left_out}
"""

_EVER = """
    SELECT at, who, stem FROM events
    WHERE course = {course} AND kind = 'access.opened'
      AND at < {until} AND who NOT IN {left_out}
"""
"""Also what was before the range: who is new is not whoever is seen first in it."""

_MOST = f"""
    (
        SELECT groupArray(who) FROM (
            SELECT who FROM (SELECT who, count() AS opens FROM ({_OPENS}) GROUP BY who) AS each
            INNER JOIN students ON students.number = each.who
            ORDER BY opens DESC, student LIMIT {{limit}}
        )
    ) AS most
"""
"""Who opened most: asked once, and then a constant by which rows are found."""


def _day(at: str) -> str:
    return f"toDate({at}, {{zone}}) AS day"


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

NOTEBOOKS_PER_STUDENT = Number(
    "notebooks-per-student",
    "course",
    "How many students opened exactly so many notebooks.",
    (Column("notebooks", "count", "how many different notebooks"), _STUDENTS),
    f"""
    SELECT notebooks, count() AS students
    FROM (
        SELECT count() AS notebooks
        FROM (SELECT arrayJoin(bitmapToArray(seen)) AS who FROM ({BY_NOTEBOOK}))
        GROUP BY who
    )
    GROUP BY notebooks ORDER BY notebooks
    """,
    source="T7",
)


STUDENTS_BY_DAY = Number(
    "students-by-day",
    "course",
    "Students who showed up: each day, for the first time, and in all.",
    (
        _DAY,
        _STUDENTS,
        Column("new", "count", "of them, who opened something of this course for the first time"),
        Column("total", "count", "who ever did, from the course's begin to the end of the day"),
    ),
    f"""
    SELECT day, students, new, total
    FROM (
        SELECT day, students, total - lagInFrame(total) OVER (ORDER BY day) AS new, total
        FROM (
            SELECT day, bitmapCardinality(seen) AS students,
                groupBitmapMerge(seen) OVER (ORDER BY day) AS total
            FROM (
                SELECT toDate(0) AS day, seen FROM ({BEFORE})
                UNION ALL
                SELECT day, seen FROM ({by_time("day", _day)})
            )
        )
    )
    WHERE day != toDate(0)
    ORDER BY day WITH FILL INTERPOLATE (total)
    """,
    source="T8",
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

MAP = Number(
    "map",
    "course",
    "Who opened what how often: those who opened most first, then by name.",
    (
        Column("student", "text", "the student's id"),
        _NOTEBOOK,
        Column("opens", "count", "how often they opened it"),
        Column("total", "count", "how often they opened anything"),
    ),
    f"""
    WITH {_MOST}
    SELECT student, stem AS notebook, opens, sum(opens) OVER (PARTITION BY who) AS total
    FROM (
        SELECT who, stem, count() AS opens FROM ({_OPENS})
        WHERE who IN (SELECT arrayJoin(most)) GROUP BY who, stem
    ) AS cells
    INNER JOIN students ON students.number = cells.who
    ORDER BY total DESC, student, notebook
    """,
    options=("limit",),
    source="T10",
)

STUDENTS = Number(
    "students",
    "course",
    "Who opened how much: those who opened most first, then by name.",
    (
        Column("student", "text", "the student's id"),
        Column("notebooks", "count", "how many different notebooks they opened"),
        Column("opens", "count", "how often they opened anything"),
        Column("first", "instant", "the first time in the range"),
        Column("last", "instant", "the last time in it"),
    ),
    f"""
    WITH {_MOST}
    SELECT student, notebooks, opens, first, last
    FROM (
        SELECT who, uniqExact(stem) AS notebooks, count() AS opens, min(at) AS first,
            max(at) AS last
        FROM ({_OPENS}) WHERE who IN (SELECT arrayJoin(most)) GROUP BY who
    ) AS details
    INNER JOIN students ON students.number = details.who
    ORDER BY opens DESC, student
    """,
    options=("limit",),
)


def _hour(at: str) -> str:
    return f"toDayOfWeek({at}, 0, {{zone}}) AS weekday, toHour({at}, {{zone}}) AS hour"


HOURS = Number(
    "hours",
    "course",
    "At which hours of the week notebooks are opened.",
    (
        Column("weekday", "count", "1 for Monday to 7 for Sunday"),
        Column("hour", "count", "0 to 23"),
        Column("opens", "count", "how often anything was opened"),
    ),
    f"""
    SELECT weekday, hour, opens FROM ({by_time("weekday, hour", _hour)}) ORDER BY weekday, hour
    """,
)


def _week(at: str) -> str:
    return f"toMonday(toDate({at}, {{zone}})) AS monday"


RETURN_VISITS = Number(
    "return-visits",
    "course",
    "Of the students who came first in one week, how many came again in each week after it.",
    (
        Column("cohort", "day", "the Monday of the week in which they came first"),
        Column("week", "count", "how many weeks later; 0 is that week itself"),
        _STUDENTS,
    ),
    f"""
    SELECT cohort, week, count() AS students
    FROM (
        SELECT min(monday) AS cohort, intDiv(arrayJoin(groupArray(monday)) - cohort, 7) AS week
        FROM (
            SELECT monday, arrayJoin(bitmapToArray(bitmapAndnot(seen, before))) AS who
            FROM ({by_time("monday", _week)}) AS visits
            CROSS JOIN (SELECT seen AS before FROM ({BEFORE})) AS earlier
        )
        GROUP BY who
    )
    GROUP BY cohort, week ORDER BY cohort, week
    """,
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

ALL = (
    NOTEBOOKS,
    NOTEBOOKS_OVER_TIME,
    NOTEBOOKS_PER_STUDENT,
    STUDENTS_BY_DAY,
    NOTEBOOKS_BY_DAY,
    GROWTH,
    STUDENTS,
    MAP,
    HOURS,
    RETURN_VISITS,
    FUNNEL,
)
