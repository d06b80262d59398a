"""What goes on in machines (T2, T11, T12), as it was sampled. Nobody is left out of these."""

from nbh_stats.numbers.number import STEP, Column, Number
from nbh_stats.numbers.spans import beside, within
from nbh_stats.summing import DAY

_SAMPLED = "kind = 'node.sampled' AND at >= {since} AND at < {until}"
_INSTANT = "toDateTime(step, 'UTC')"
_DAY_S_STEP = f"(intDiv({DAY} * 86400 + 259200, {{step}}) * {{step}} - 259200)"
"""`STEP`, of a day."""

_AT = Column("at", "instant", "the begin of the step")
_COUNTS = ("running", "frozen", "pooled", "kernels", "students")


_EACH = ", ".join(f"toUInt64(maxMap(most)['{name}']) AS {name}" for name in _COUNTS)

_TOGETHER = ", ".join(f"sum({name}) AS {name}" for name in _COUNTS)


def _sampled(where: str) -> str:
    """Of each ``step`` and ``node``: the ``most`` and the ``least`` of each gauge. A step may come
    twice, at the ends of a range."""
    return f"""
        SELECT {_DAY_S_STEP} AS step, node, maxMap(gauges) AS most, minMap(gauges) AS least
        FROM events WHERE {where} AND kind = 'node.sampled' AND {within("days", DAY)}
        GROUP BY step, node
        UNION ALL
        SELECT {STEP} AS step, node, maxMap(gauges) AS most, minMap(gauges) AS least
        FROM events WHERE {where} AND kind = 'node.sampled' AND {beside("days")}
        GROUP BY step, node
    """


def _most(course: str) -> str:
    """Of each step: the most of one node, and these of all nodes together."""
    return f"""
        SELECT step, {_TOGETHER}
        FROM (
            SELECT step, node, {_EACH} FROM ({_sampled(f"course = {course}")})
            GROUP BY step, node
        )
        GROUP BY step
    """


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
    SELECT {_INSTANT} AS at, {", ".join(f"here.{name} AS {name}" for name in _COUNTS)},
        {", ".join(f"everywhere.{name} AS all_{name}" for name in _COUNTS)}
    FROM ({_most("''")}) AS everywhere
    FULL OUTER JOIN ({_most("{course}")}) AS here USING step
    ORDER BY at
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


def _there(gauge: str, how: str) -> str:
    """The worst that was sampled, if it was."""
    found = "maxMap(most)" if how == "max" else "minMap(least)"
    return f"if(mapContains({found}, '{gauge}'), {found}['{gauge}'], NULL)"


def _worst(gauge: str, how: str, column: Column) -> str:
    there = _there(gauge, how)
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
    there = _there(gauge, how)
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
        {_INSTANT} AS at, here.running AS running_container, here.frozen AS frozen_container,
        here.kernels AS running_kernel, here.students AS student_home,
        {", ".join(f"everywhere.{column.name} AS {column.name}" for _, _, column in _COUNTED)},
        everywhere.running + everywhere.frozen AS system_container,
        everywhere.kernels AS system_kernel
    FROM ({_most("{course}")}) AS here
    INNER JOIN (
        SELECT step, {_TOGETHER}, {", ".join(_counted(*each) for each in _COUNTED)}
        FROM (
            SELECT step, top AS most, bottom AS least, {", ".join(_COUNTS)}
            FROM (
                SELECT step, node, maxMap(most) AS top, minMap(least) AS bottom, {_EACH}
                FROM ({_sampled("course = ''")}) GROUP BY step, node
            )
        )
        GROUP BY step
    ) AS everywhere USING step
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
