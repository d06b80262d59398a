"""The tables, as numbered steps that are taken once, in order, and never changed (R-22)."""

from collections.abc import Sequence
from typing import NamedTuple

import structlog
from clickhouse_connect.driver.client import Client

logger = structlog.get_logger(__name__)


class Migration(NamedTuple):
    """One step. Each statement is idempotent: a step that was interrupted is taken again."""

    number: int
    name: str
    statements: tuple[str, ...]


class NewerSchema(RuntimeError):
    """The tables were made by a later release; this one would misread them."""

    def __init__(self, found: int, known: int) -> None:
        super().__init__(
            f"ClickHouse's tables are at step {found}, this release knows {known}: "
            "run the release that made them, or a later one"
        )
        self.found = found
        self.known = known


ALL = (
    Migration(
        1,
        "events",
        (
            # One part for each insert (no partitions), synced: a batch is there whole or not at
            # all, also after a power cut, and max(sequence) says where to go on. The key tells
            # the same event said twice, which the stream forgets after two minutes.
            """
            CREATE TABLE IF NOT EXISTS events
            (
                stream   DateTime64(6, 'UTC') CODEC(Delta, ZSTD),
                sequence UInt64 CODEC(Delta, ZSTD),
                at       DateTime64(6, 'UTC') CODEC(Delta, ZSTD),
                kind     LowCardinality(String),
                course   LowCardinality(String),
                student  String CODEC(ZSTD),
                notebook String CODEC(ZSTD),
                id       String CODEC(ZSTD),
                detail   String CODEC(ZSTD(3)),
                INDEX sequences sequence TYPE minmax GRANULARITY 4
            )
            ENGINE = ReplacingMergeTree
            ORDER BY (course, kind, at, id)
            SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
            """,
        ),
    ),
)


def migrate(client: Client, steps: Sequence[Migration] = ALL) -> None:
    """Bring the tables up to date.

    Raises:
        NewerSchema: they are ahead of us.
        clickhouse_connect.driver.exceptions.Error: ClickHouse cannot or will not.
    """
    client.command(
        "CREATE TABLE IF NOT EXISTS migrations "
        "(number UInt32, name String, taken DateTime64(3, 'UTC') DEFAULT now64(3)) "
        "ENGINE = MergeTree ORDER BY number"
    )
    found = _number(client)
    known = max(step.number for step in steps)
    if found > known:
        raise NewerSchema(found, known)
    for step in steps:
        if step.number > found:
            _take(client, step)


def _number(client: Client) -> int:
    return int(client.query("SELECT max(number) FROM migrations").result_rows[0][0])


def _take(client: Client, step: Migration) -> None:
    for statement in step.statements:
        client.command(statement)
    client.command(
        "INSERT INTO migrations (number, name) VALUES ({number:UInt32}, {name:String})",
        parameters={"number": step.number, "name": step.name},
    )
    logger.info("migration taken", number=step.number, name=step.name)
