"""What students did: who came and when, who opened how much (T7, T8, T10)."""

from nbh_stats.numbers.number import Column, Number
from nbh_stats.numbers.opened import BEFORE, BY_NOTEBOOK, by_time

_OPENS = """
    SELECT at, who, stem FROM events
    WHERE course = {course} AND kind = 'access.opened'
      AND at >= {since} AND at < {until} AND who NOT IN {left_out}
"""

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

ALL = (NOTEBOOKS_PER_STUDENT, STUDENTS_BY_DAY, STUDENTS, MAP, HOURS, RETURN_VISITS)
