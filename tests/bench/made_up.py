"""Events of a course that nobody held, as many as one likes: ``python -m tests.bench.made_up``.

ClickHouse makes them itself, ten million in seconds, and tells what reading each click once takes.
In a process of its own, so that what it needs is nobody else's memory; in the order of time, into
the service's own tables.
"""

import asyncio
import statistics
import sys
import time
from pathlib import Path
from typing import NamedTuple

import msgspec
from clickhouse_connect.driver.client import Client

from nbh_kit import run
from nbh_stats import clickhouse, migrations

COURSE = "python"
NOTEBOOKS = 240
"""As many as flotpython has."""

STAFF = 20
DAYS = 180
_A_STUDENT_DOES = 1000
_BLOCK = 200_000
_ROUNDS = 5

_NUMBER_STUDENTS = """
INSERT INTO students
SELECT toUInt32(number + 1), concat('student-', toString(number + 1))
FROM numbers({students:UInt32})
"""

# What classes tell, in shares of a thousand: a click is two events, an hour of a lab 12 samples.
# A lab is there for a sitting of an hour and a half, and is sampled eighteen times.
# Which one an event is, whose and of what follows from its number, so every run has the same. The
# notebook at rank n is opened n times less often than the first (Zipf).
_TELL = """
INSERT INTO events
    (stream, sequence, at, kind, course, student, notebook, id, detail,
     node, who, stem, how, seconds, generation, gauges)
WITH
    cityHash64(number) % 1000 AS share,
    intDiv(number * {days:UInt32} * 16, {events:UInt64}) AS sitting,
    cityHash64(number, 'who') AS whoever,
    multiIf(share >= 680 AND share < 960, cityHash64(sitting, whoever % {labs:UInt64}), whoever)
        % {students:UInt64} + 1 AS someone,
    cityHash64(number, 'what') / pow(2, 64) AS place,
    cityHash64(number, 'how') AS chance,
    least(toUInt32(pow({notebooks:UInt32} + 1, place)), {notebooks:UInt32}) AS rank,
    multiIf(share < 340, 'access.opened', share < 680, 'access.requested',
            share < 900, 'lab.sampled', share < 920, 'lab.stopped', share < 960, 'lab.thawed',
            share < 980, 'node.sampled', share < 985, 'access.failed',
            share < 990, 'access.refused', 'notebook.reset') AS said,
    said = 'node.sampled' AS of_node,
    said LIKE 'access.%' OR said = 'notebook.reset' AS of_notebook
SELECT
    toDateTime64('2026-01-01 00:00:00', 6, 'UTC'),
    number + 1,
    toDateTime64('2026-01-05 00:00:00', 6, 'UTC')
        + toIntervalMicrosecond(toInt64(number * ({days:UInt32} * 86400e6 / {events:UInt64}))),
    said,
    if(of_node AND chance % 2, '', {course:String}),
    if(of_node, '', concat('student-', toString(someone))),
    if(of_notebook, concat('w', toString(intDiv(rank, 20)), '/n', toString(rank), '.md'), ''),
    lower(hex(cityHash64(number, 'id'))),
    concat('{"access":"', lower(hex(chance)), '"}'),
    if(of_node OR said LIKE 'lab.%', concat('n', toString(intDiv(chance, 2) % 2)), ''),
    if(of_node, 0, someone),
    if(of_notebook, concat('w', toString(intDiv(rank, 20)), '/n', toString(rank)), ''),
    multiIf(
        said = 'access.opened', ['running', 'running', 'thawed', 'pool', 'cold'][chance % 5 + 1],
        said = 'lab.thawed', ['click', 'request'][chance % 2 + 1],
        said = 'lab.stopped', ['idle', 'age', 'asked'][chance % 3 + 1],
        said IN ('access.failed', 'access.refused'), ['lab-slow', 'expired'][chance % 2 + 1],
        ''
    ),
    if(said IN ('access.opened', 'lab.thawed'), exp(5 * chance / pow(2, 64) - 3), 0),
    if(said LIKE 'lab.%', sitting + 1, 0),
    multiIf(
        said = 'lab.sampled',
        map('cpu_seconds', toFloat64(number % 100000), 'memory', toFloat64(chance % 1e9),
            'disk', toFloat64(chance % 1e8)),
        of_node,
        map('load1', (chance % 400) / 100, 'memory_total', 64e9,
            'memory_free', toFloat64(chance % 1e10), 'memory_available', 3e10,
            'data_free_percent', 40., 'data_free_mib', 4e5, 'running', toFloat64(chance % 300),
            'frozen', 100., 'kernels', toFloat64(chance % 500), 'students', 9000.),
        map()
    )
FROM numbers({first:UInt64}, {many:UInt64})
"""

_READ_EACH_OPEN_ONCE = f"""
SELECT count(), max(at), max(who) FROM events
WHERE course = '{COURSE}' AND kind = 'access.opened'
"""


class MadeUp(NamedTuple):
    """What it took."""

    make_seconds: float
    read_seconds: float
    """To read when and by whom each notebook was opened, once: the median."""


def stem(rank: int) -> str:
    """The notebook at a rank from 1 to `NOTEBOOKS`, without its suffix."""
    return f"w{rank // 20}/n{rank}"


def make(client: Client, events: int) -> MadeUp:
    """Fill empty tables."""
    began = time.perf_counter()
    given = {"events": events, "days": DAYS, "notebooks": NOTEBOOKS, "course": COURSE}
    given["students"] = max(events // _A_STUDENT_DOES, STAFF)
    given["labs"] = max(events * 22 // 100 // (DAYS * 16 * 18), 1)
    client.command(_NUMBER_STUDENTS, parameters=given)
    for first in range(0, events, _BLOCK):
        block = {"first": first, "many": min(_BLOCK, events - first)}
        client.command(_TELL, parameters=given | block, settings=_IN_ONE_PART)
    return MadeUp(time.perf_counter() - began, _seconds_to_read(client))


_IN_ONE_PART = {"max_block_size": _BLOCK, "min_insert_block_size_rows": _BLOCK}


def _seconds_to_read(client: Client) -> float:
    took = []
    for _ in range(_ROUNDS):
        began = time.perf_counter()
        client.query(_READ_EACH_OPEN_ONCE)
        took.append(time.perf_counter() - began)
    return statistics.median(took)


def main(folder: Path, events: int) -> None:
    """Say on standard output what it took."""

    run.configure_logging("bench", "warning")

    def work(client: Client) -> MadeUp:
        migrations.migrate(client)
        return make(client, events)

    with clickhouse.opened("", folder) as door:
        sys.stdout.buffer.write(msgspec.json.encode(asyncio.run(door.use(work))))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
