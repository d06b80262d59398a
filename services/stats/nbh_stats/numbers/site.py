"""All courses at one look (P1, and the list with sparklines)."""

from nbh_stats.numbers.number import Column, Number

_OPENS = """
    SELECT course, at, who FROM events
    WHERE kind = 'access.opened' AND course != '' AND at >= {since} AND at < {until}
      AND ({any_course} OR course IN {courses})
      AND who NOT IN {left_out} AND (course, who) NOT IN arrayZip({staff_of}, {staff})
"""
_COURSE = Column("course", "text", "the course")
_STUDENTS = Column("students", "count", "different students")

COURSES = Number(
    "courses",
    "site",
    "The courses in which somebody opened something.",
    (
        _COURSE,
        _STUDENTS,
        Column("opens", "count", "how often anything was opened"),
        Column("last", "instant", "the last time"),
    ),
    f"""
    SELECT course, uniqExact(who) AS students, count() AS opens, max(at) AS last
    FROM ({_OPENS}) GROUP BY course ORDER BY course
    """,
)

COURSES_BY_DAY = Number(
    "courses-by-day",
    "site",
    "Students of each course on each day.",
    (_COURSE, Column("day", "day", "a day on which somebody came"), _STUDENTS),
    f"""
    SELECT course, toDate(at, {{zone}}) AS day, uniqExact(who) AS students
    FROM ({_OPENS}) GROUP BY course, day ORDER BY course, day
    """,
)

ALL = (COURSES, COURSES_BY_DAY)
