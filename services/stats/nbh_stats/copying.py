"""Writes all tables down, for a backup, and takes them back from one (R-21).

As files in ClickHouse's own format, not by its BACKUP: the same for chDB and a server, and from
one to the other. A month of events is a file of its own: when it is over, it stays the same.
"""

import gzip
import shutil
from collections.abc import Generator, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import msgspec
import structlog
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from nbh_proto.stats import EXPORTED, RESTORED, ExportTables, TableFile, TablesExported
from nbh_stats import migrations
from nbh_stats.clickhouse import Door
from nbh_stats.steps import ALL

logger = structlog.get_logger(__name__)

_LIST = "tables.json"
_PIECE = 1024**2
_QUICK = 1
"""Events shrink to a tenth by it, and a machine with two cores has other things to do."""

_SPARING = {"min_insert_block_size_rows": 100_000, "min_insert_block_size_bytes": 64 * 1024**2}
"""A month of events is more than the engine may have in memory; sums are made of it too."""

_MONTHS = "SELECT DISTINCT toYYYYMM(at) FROM events ORDER BY 1"
_OF_MONTH = "at >= {first:DateTime64(6, 'UTC')} AND at < {past:DateTime64(6, 'UTC')}"
_MOVE = """
INSERT INTO places
SELECT {now:DateTime64(6, 'UTC')}, greatest(
    (SELECT max(sequence) FROM events WHERE stream = {was:DateTime64(6, 'UTC')}),
    (SELECT max(sequence) FROM places WHERE stream = {was:DateTime64(6, 'UTC')})
)
"""
"""Without it all that the stream holds is read again, and none of it counted again."""

_SMALL = {"students": "number", "places": "stream, sequence", "erased": "digest, until"}
"""The other tables, and the order in which they are written."""


class Part(NamedTuple):
    """What becomes one file."""

    table: str
    file: str
    where: str
    order: str
    parameters: dict[str, datetime]


class Copying:
    """The answer to `ExportTables`. Nothing is stored meanwhile: all is of one instant."""

    def __init__(self, writing: Door, folder: Path) -> None:
        self._writing = writing
        self._folder = folder

    async def export(self, _: ExportTables) -> TablesExported:
        """Write them down in the place of what was written the last time."""
        try:
            return await self._writing.use(lambda client: export(client, self._folder / EXPORTED))
        except (ClickHouseError, OSError) as e:
            logger.exception("the tables were not written down")
            return TablesExported(error=str(e).partition("\n")[0])


def export(client: Client, folder: Path) -> TablesExported:
    """Write all tables down in a folder of their own; what is in it goes.

    Raises:
        clickhouse_connect.driver.exceptions.Error: ClickHouse cannot or will not.
        OSError: the disk takes no more.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    files = tuple(_write(client, folder, part) for part in _parts(client))
    return TablesExported(step=migrations.number(client), files=files)


def take_back(client: Client, folder: Path) -> None:
    """Have the tables be what was put into a folder for that; nothing is done without one.

    It is done from the beginning where it was broken off.

    Raises:
        clickhouse_connect.driver.exceptions.Error: ClickHouse cannot or will not.
        nbh_stats.migrations.NewerSchema: a later release wrote them down.
        OSError: a file cannot be read.
    """
    place = folder / RESTORED
    try:
        given = msgspec.json.decode((place / _LIST).read_bytes(), type=TablesExported)
    except FileNotFoundError:
        return
    migrations.check(given.step)
    migrations.migrate(client, [step for step in ALL if step.number <= given.step])
    for table in ("events", *_SMALL):
        client.command(f"TRUNCATE TABLE {table}")
    for file in filter(lambda file: file.rows, given.files):
        client.raw_insert(
            file.table, insert_block=_unpacked(place / file.file), settings=_SPARING, fmt="Native"
        )
    for stream in given.moved:
        client.command(_MOVE, parameters={"was": stream.was, "now": stream.now})
    # what is no more named is not taken back again
    (place / _LIST).unlink()
    shutil.rmtree(place)
    logger.info("the tables are those of a backup", events=_events(given))


def _events(given: TablesExported) -> int:
    return sum(file.rows for file in given.files if file.table == "events")


def _parts(client: Client) -> Iterator[Part]:
    for (month,) in client.query(_MONTHS).result_rows:
        first = date(month // 100, month % 100, 1)
        yield Part(
            "events",
            f"events-{first:%Y-%m}.native.gz",
            _OF_MONTH,
            "course, kind, at",
            {"first": _midnight(first), "past": _midnight(_next_month(first))},
        )
    for table, order in _SMALL.items():
        yield Part(table, f"{table}.native.gz", "true", order, {})


def _write(client: Client, folder: Path, part: Part) -> TableFile:
    count = f"SELECT count() FROM {part.table} WHERE {part.where}"
    rows = int(client.query(count, parameters=part.parameters).result_rows[0][0])
    select = f"SELECT * FROM {part.table} WHERE {part.where} ORDER BY {part.order}"
    with (
        client.raw_stream(select, parameters=part.parameters, fmt="Native") as source,
        (folder / part.file).open("wb") as out,
    ):
        _pack(source, out)
    return TableFile(table=part.table, file=part.file, rows=rows)


def _pack(source: Any, out: BinaryIO) -> None:
    # without a time in it: the same rows are the same file
    with gzip.GzipFile(fileobj=out, mode="wb", compresslevel=_QUICK, mtime=0, filename="") as file:
        while piece := source.read(_PIECE):
            file.write(piece)


def _unpacked(file: Path) -> Generator[bytes, None, None]:
    with gzip.open(file) as source:
        while piece := source.read(_PIECE):
            yield piece


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _next_month(first: date) -> date:
    return date(first.year + first.month // 12, first.month % 12 + 1, 1)
