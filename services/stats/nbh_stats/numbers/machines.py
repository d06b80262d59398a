"""What goes on in machines (T2, T11, T12), as it was sampled. Nobody is left out of these."""

from nbh_stats.numbers.number import STEP, Column, Number
from nbh_stats.numbers.spans import beside, within
from nbh_stats.summing import DAY, summed_as

_SAMPLED = "kind = 'node.sampled' AND at >= {since} AND at < {until}"
_INSTANT = "toDateTime(step, 'UTC')"
_DAY_S_STEP = f"(intDiv({DAY} * 86400 + 259200, {{step}}) * {{step}} - 259200)"
"""`STEP`, of a day."""

_AT = Column("at", "instant", "the begin of the step")
_COUNTS = ("running", "frozen", "pooled", "kernels", "students")


_EACH = ", ".join(f"toUInt64(maxMap(most)['{name}']) AS {name}" for name in _COUNTS)


def _sampled(where: str, of: str = "node") -> str:
    """Of each ``step`` and what the samples are ``of``: the ``most`` and the ``least`` of each
    gauge. A step may come twice, at the ends of a range."""
    return f"""
        SELECT {_DAY_S_STEP} AS step, {of}, maxMap(gauges) AS most, minMap(gauges) AS least
        FROM events WHERE {where} AND kind = 'node.sampled' AND {within("days", DAY)}
        GROUP BY step, {of} {summed_as("machines_by_day")}
        UNION ALL
        SELECT {STEP} AS step, {of}, maxMap(gauges) AS most, minMap(gauges) AS least
        FROM events WHERE {where} AND kind = 'node.sampled' AND {beside("days")}
        GROUP BY step, {of}
    """


_SITE, _COURSE = "sampled.course = ''", "sampled.course != ''"
_BOTH = _sampled("course IN ('', {course})", "course, node")
"""A machine, which has no course, and what of it was the course's: read together."""


def _together(name: str, whose: str) -> str:
    """The most of one node, and these of all nodes together."""
    return f"sumIf(sampled.{name}, {whose})"


_HERE = ", ".join(f"{_together(name, _COURSE)} AS {name}" for name in _COUNTS)
_EVERYWHERE = ", ".join(f"{_together(name, _SITE)} AS all_{name}" for name in _COUNTS)


_COUNT_COLUMNS = (
    Column("running", "count", "labs that run"),
    Column("frozen", "count", "labs that are frozen"),
    Column("pooled", "count", "labs that wait for somebody"),
    Column("kernels", "count", "kernels"),
    Column("students", "count", "who have files"),
)

LABS = Number(
    "labs",
    "course",
    "Labs and kernels, of the course and of all courses: the most in each step.",
    (
        _AT,
        *_COUNT_COLUMNS,
        *(Column(f"all_{c.name}", c.type, f"{c.what}, of all courses") for c in _COUNT_COLUMNS),
    ),
    f"""
    SELECT {_INSTANT} AS at, {_HERE}, {_EVERYWHERE}
    FROM (SELECT step, course, {_EACH} FROM ({_BOTH}) GROUP BY step, course, node) AS sampled
    GROUP BY step ORDER BY at
    """,
    people=False,
    options=("step",),
    source="T11",
)

_MACHINE = (
    ("load1", "max", Column("load1", "real", "processes that ran or waited, in a minute")),
    ("load5", "max", Column("load5", "real", "the same in five minutes")),
    ("load15", "max", Column("load15", "real", "the same in fifteen")),
    ("memory_total", "max", Column("memory_total", "count", "memory", "bytes")),
    ("memory_free", "min", Column("memory_free", "count", "memory in no use", "bytes")),
    (
        "memory_available",
        "min",
        Column("memory_available", "count", "memory that can be had", "bytes"),
    ),
    *(
        (f"{disk}_{gauge}", "min", Column(f"{disk}_{gauge}", "real", f"free where {where}", unit))
        for disk, where in (
            ("data", "students' files are"),
            ("containers", "containers are"),
            ("system", "/ is"),
        )
        for gauge, unit in (("free_percent", "%"), ("free_mib", "MiB"))
    ),
)


def _there(gauge: str, worst: str) -> str:
    """The worst that was sampled, if it was."""
    return f"if(mapContains({worst}, '{gauge}'), {worst}['{gauge}'], NULL)"


def _worst(gauge: str, how: str, column: Column) -> str:
    there = _there(gauge, "maxMap(most)" if how == "max" else "minMap(least)")
    return f"{f'toUInt64({there})' if column.type == 'count' else there} AS {gauge}"


MACHINE = Number(
    "machine",
    "node",
    "Load, memory and disks of a machine: the worst in each step.",
    (_AT, *(column for _, _, column in _MACHINE)),
    f"""
    SELECT {_INSTANT} AS at, {", ".join(_worst(*each) for each in _MACHINE)}
    FROM ({_sampled("course = '' AND node = {node}")}) GROUP BY step ORDER BY at
    """,
    people=False,
    options=("step",),
    source="T12",
)

_COUNTED = (
    ("load1", "max", Column("load1", "count", "a machine's load in a minute, times 100")),
    ("load5", "max", Column("load5", "count", "the same in five minutes")),
    ("load15", "max", Column("load15", "count", "the same in fifteen")),
    *(
        (gauge, "min", Column(f"{old}_ds_{part}", "count", f"free where {where}", unit))
        for disk, old, where in (
            ("containers", "container", "containers are"),
            ("data", "nbhosting", "students' files are"),
            ("system", "system", "/ is"),
        )
        for gauge, part, unit in (
            (f"{disk}_free_percent", "percent", "%"),
            (f"{disk}_free_mib", "free", "MiB"),
        )
    ),
    ("memory_total", "max", Column("memory_total", "count", "memory", "bytes")),
    ("memory_free", "min", Column("memory_free", "count", "memory in no use", "bytes")),
    (
        "memory_available",
        "min",
        Column("memory_available", "count", "memory that can be had", "bytes"),
    ),
)


def _counted(gauge: str, how: str, column: Column) -> str:
    worst = "maxMapIf(top" if how == "max" else "minMapIf(bottom"
    there = _there(gauge, f"{worst}, {_SITE})")
    times = " * 100" if gauge.startswith("load") else ""
    return f"toInt64(round({there}{times})) AS {column.name}"


COUNTS = Number(
    "counts",
    "course",
    "What the original's monitor counted, under its names: the most, or the least that is free, in"
    " each step.",
    (
        _AT,
        Column("running_container", "count", "the course's labs that run"),
        Column("frozen_container", "count", "the course's labs that are frozen"),
        Column("running_kernel", "count", "the course's kernels"),
        Column("student_home", "count", "who have files in the course"),
        *(column for _, _, column in _COUNTED),
        Column("system_container", "count", "labs of all courses, frozen or not"),
        Column("system_kernel", "count", "kernels of all courses"),
    ),
    f"""
    SELECT
        {_INSTANT} AS at, {_together("running", _COURSE)} AS running_container,
        {_together("frozen", _COURSE)} AS frozen_container,
        {_together("kernels", _COURSE)} AS running_kernel,
        {_together("students", _COURSE)} AS student_home,
        {", ".join(_counted(*each) for each in _COUNTED)},
        {_together("running", _SITE)} + {_together("frozen", _SITE)} AS system_container,
        {_together("kernels", _SITE)} AS system_kernel
    FROM (
        SELECT step, course, {_EACH}, maxMap(most) AS top, minMap(least) AS bottom
        FROM ({_BOTH}) GROUP BY step, course, node
    ) AS sampled
    GROUP BY step HAVING countIf({_COURSE}) > 0 AND countIf({_SITE}) > 0
    ORDER BY at
    """,
    people=False,
    options=("step",),
    source="T2",
)

NODE_LABS = Number(
    "labs",
    "node",
    "Labs and kernels on a machine, of all courses: the most in each step.",
    (_AT, *_COUNT_COLUMNS),
    f"""
    SELECT {_INSTANT} AS at, {_EACH}
    FROM ({_sampled("course = '' AND node = {node}")}) GROUP BY step ORDER BY at
    """,
    people=False,
    options=("step",),
    source="T11",
)

NODES = Number(
    "nodes",
    "site",
    "The machines that were sampled.",
    (
        Column("node", "text", "the machine's name"),
        Column("first", "instant", "its first sample in the range"),
        Column("last", "instant", "its last one"),
    ),
    f"""
    SELECT node, min(at) AS first, max(at) AS last
    FROM events WHERE course = '' AND {_SAMPLED} GROUP BY node ORDER BY node
    """,
    people=False,
)

ALL = (LABS, COUNTS, MACHINE, NODE_LABS, NODES)
