"""What labs used of a processor, of memory and of disks, as it was sampled."""

from nbh_stats.numbers.number import Column, Number
from nbh_stats.summing import summed_as

_INSIDE = "at >= {since} AND at < {until}"
_CUT_BEFORE = "first < {since} AND last >= {since}"
_CUT_AFTER = "first < {until} AND last >= {until}"
_HAS_ENDS = "({since} > toDateTime64(0, 6, 'UTC') OR {until} <= now64(6, 'UTC'))"


def _labs(which: str, lab: str) -> str:
    return f"""
        SELECT
            {lab}, min(at) AS first, max(at) AS last, max(cpu) AS cpu_most,
            sum(memory) AS memory_sum, count(memory) AS memory_samples,
            max(memory) AS memory_most, max(disk) AS disk_most
        FROM events WHERE {which} AND kind = 'lab.sampled' GROUP BY {lab} {summed_as("labs")}
    """


def _cut(which: str, lab: str) -> str:
    """Labs that were there before and after an end of the range: when those at its begin and those
    at its end were there, and which they are. Their rows are read, where of others there are
    sums."""
    return f"""
    (
        SELECT (
            minOrNullIf(first, {_CUT_BEFORE}), maxOrNullIf(last, {_CUT_BEFORE}),
            minOrNullIf(first, {_CUT_AFTER}), maxOrNullIf(last, {_CUT_AFTER}),
            groupArrayIf(({lab}), {_CUT_BEFORE} OR {_CUT_AFTER})
        )
        FROM ({_labs(f"{which} AND {_HAS_ENDS}", lab)})
    )
    """


def _used(which: str, lab: str) -> str:
    """Of each ``lab``, which are the columns that tell it from others. What it used of a processor
    is sampled as a sum since its start, so what it had used before the range goes off."""
    return f"""
    WITH {_cut(which, lab)} AS cut
    SELECT {lab}, cpu_most AS cpu, memory_sum, memory_samples,
        ifNull(memory_most, 0) AS memory_most, disk_most
    FROM ({_labs(which, lab)}) WHERE first >= {{since}} AND last < {{until}}
    UNION ALL
    SELECT
        {lab},
        maxIf(cpu, at < {{until}}) - maxIf(cpu, at < {{since}}) AS cpu,
        sumIf(memory, {_INSIDE}) AS memory_sum,
        countIf(memory IS NOT NULL AND {_INSIDE}) AS memory_samples,
        ifNull(maxIf(memory, {_INSIDE}), 0) AS memory_most,
        maxIf(disk, {_INSIDE}) AS disk_most
    FROM events
    WHERE {which} AND kind = 'lab.sampled'
      AND (at >= cut.1 AND at <= cut.2 OR at >= cut.3 AND at <= cut.4)
      AND ({lab}) IN (SELECT arrayJoin(cut.5))
    GROUP BY {lab} HAVING countIf({_INSIDE}) > 0
    """


_VISIBLE = "({any_course} OR course IN {courses})"

_USAGE_COLUMNS = (
    Column("labs", "count", "how many labs there were"),
    Column("cpu_seconds", "real", "what they used of a processor", "s"),
    Column("memory_mean", "count", "memory of a lab, the mean of its samples", "bytes"),
    Column("memory_most", "count", "memory of a lab, the most that was sampled", "bytes"),
)
_USAGE = """
    count() AS labs, round(sum(cpu), 3) AS cpu_seconds,
    toUInt64(if(sum(memory_samples) = 0, 0, sum(memory_sum) / sum(memory_samples))) AS memory_mean,
    toUInt64(max(used.memory_most)) AS memory_most
"""

USAGE = Number(
    "usage",
    "course",
    "What each student's labs used, those who used most of a processor first.",
    (
        Column("student", "text", "the student's id"),
        *_USAGE_COLUMNS,
        Column("disk_most", "count", "their files, the most that was sampled", "bytes"),
    ),
    f"""
    SELECT student, labs, cpu_seconds, memory_mean, memory_most, disk_most
    FROM (
        SELECT who, {_USAGE}, toUInt64(max(used.disk_most)) AS disk_most
        FROM ({_used("course = {course}", "who, generation")}) AS used GROUP BY who
    ) AS each
    INNER JOIN students ON students.number = each.who
    ORDER BY cpu_seconds DESC, student LIMIT {{limit}}
    """,
    people=False,
    options=("limit",),
)

USAGE_BY_COURSE = Number(
    "usage",
    "site",
    "What each course's labs used.",
    (Column("course", "text", "the course"), *_USAGE_COLUMNS),
    f"""
    SELECT course, {_USAGE} FROM ({_used(_VISIBLE, "course, who, generation")}) AS used
    GROUP BY course ORDER BY cpu_seconds DESC, course
    """,
    people=False,
)

ALL = (USAGE, USAGE_BY_COURSE)
