"""Puts events into their table: each once, however often it is said."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from heapq import nlargest
from itertools import pairwise
from typing import NamedTuple

from clickhouse_connect.driver.client import Client

from nbh_kit.batching import Batch, Refusal
from nbh_stats import rows
from nbh_stats.rows import Row
from nbh_stats.students import Students

_TOGETHER = timedelta(minutes=1)
_MOST_CLUSTERS = 4
"""Events that lie no further apart are looked for in one go, and so are others beyond so many."""

_THERE = """
SELECT id FROM events
WHERE course IN {courses:Array(String)} AND kind IN {kinds:Array(String)}
  AND at >= {first:DateTime64(6, 'UTC')} AND at <= {last:DateTime64(6, 'UTC')}
"""


class Kept(NamedTuple):
    """What became of a batch."""

    rows: list[Row]
    """Those that are in the table now and were not before."""

    refused: list[Refusal]


def keep(client: Client, students: Students, batch: Batch) -> Kept:
    """Store a batch, whole or not at all.

    Raises:
        clickhouse_connect.driver.exceptions.Error: ClickHouse cannot or will not.
    """
    made, refused = _rows(batch)
    return Kept(store(client, students, made), refused)


def store(client: Client, students: Students, made: Sequence[Row]) -> list[Row]:
    """Store rows, all or none, but those that are there already; return the ones that were not.

    Raises:
        clickhouse_connect.driver.exceptions.Error: ClickHouse cannot or will not.
    """
    wanted = [row for row in made if not students.is_erased(row.student, row.at)]
    new = _without_doubles(client, wanted)
    if not new:
        return []
    students.register(client, (row.student for row in new))
    lines = b"\n".join(rows.encoded(row, students.number(row.student)) for row in new)
    client.raw_insert("events", rows.COLUMNS, lines, fmt="JSONCompactEachRow")
    return new


def _rows(batch: Batch) -> tuple[list[Row], list[Refusal]]:
    made: list[Row] = []
    refused: list[Refusal] = []
    for event in batch.messages:
        try:
            made += rows.rows(event, batch.stream)
        except rows.BadEvent as e:
            refused.append(Refusal(event, str(e)))
    return made, refused


def _without_doubles(client: Client, made: Sequence[Row]) -> list[Row]:
    there: set[str] = set()
    for some in _clusters(made):
        there |= _ids(client, some)
    new = []
    for row in made:
        if row.id not in there:
            there.add(row.id)
            new.append(row)
    return new


def _ids(client: Client, some: Sequence[Row]) -> set[str]:
    asked = {
        "courses": sorted({row.course for row in some}),
        "kinds": sorted({row.kind for row in some}),
        "first": some[0].at,
        "last": some[-1].at,
    }
    return {id_ for (id_,) in client.query(_THERE, parameters=asked).result_rows}


def _clusters(made: Sequence[Row]) -> Iterator[list[Row]]:
    """Rows by their instants, in a few groups: one that is late makes nobody look through all the
    time until it."""
    ordered = sorted(made, key=lambda row: row.at)
    gaps = ((after.at - row.at, n) for n, (row, after) in enumerate(pairwise(ordered), 1))
    widest = nlargest(_MOST_CLUSTERS - 1, (gap for gap in gaps if gap[0] > _TOGETHER))
    cuts = [0, *sorted(n for _, n in widest), len(ordered)]
    for begin, end in pairwise(cuts):
        if begin < end:
            yield ordered[begin:end]
