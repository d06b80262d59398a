"""ClickHouse with nothing of ours around it: ``python -m tests.bench.bare_clickhouse``.

Says on standard output how many seconds it took. In a process of its own, for a process has one
engine.
"""

import asyncio
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from clickhouse_connect.driver.client import Client

from nbh_kit import run
from nbh_stats import clickhouse, migrations, rows

_TABLE = "CREATE TABLE bare ENGINE = MergeTree ORDER BY tuple() AS SELECT * FROM events LIMIT 0"

_SPLIT = """
CREATE TABLE bare ENGINE = MergeTree ORDER BY tuple() AS
SELECT
    parseDateTimeBestEffort(words[1], 'UTC') AS at, words[2] AS course, words[3] AS student,
    words[4] AS notebook, words[5] AS action, words[6] AS port
FROM (
    SELECT splitByWhitespace(line) AS words
    FROM file({file:String}, 'LineAsString', 'line String')
)
"""


def insert(client: Client, file: Path, many: int) -> float:
    """Rows of a file, so many at once, into a table in no order; the seconds it took."""
    migrations.migrate(client)
    client.command(_TABLE)
    began = time.perf_counter()
    for batch in _batches(file.read_bytes().split(b"\n"), many):
        client.raw_insert("bare", rows.COLUMNS, b"\n".join(batch), fmt="JSONCompactEachRow")
    return time.perf_counter() - began


def split(client: Client, file: Path) -> float:
    """Lines of an ``events.raw``, split at blanks, into a table; the seconds it took."""
    began = time.perf_counter()
    client.command(_SPLIT, parameters={"file": str(file)})
    return time.perf_counter() - began


def _batches(lines: list[bytes], many: int) -> Iterator[list[bytes]]:
    left = iter(lines)
    while batch := list(islice(left, many)):
        yield batch


def main(what: str, folder: Path, file: Path, many: int) -> None:
    """Do one of both."""
    run.configure_logging("bench", "warning")

    def work(client: Client) -> float:
        return insert(client, file, many) if what == "insert" else split(client, file)

    with clickhouse.opened("", folder) as door:
        sys.stdout.write(str(asyncio.run(door.use(work))))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]))
