"""The tables, as numbered steps that are taken once, in order, and never changed (R-22)."""

from collections.abc import Sequence

import structlog
from clickhouse_connect.driver.client import Client

from nbh_stats.steps import ALL, Migration

logger = structlog.get_logger(__name__)


class NewerSchema(RuntimeError):
    """The tables were made by a later release; this one would misread them."""

    def __init__(self, found: int, known: int) -> None:
        super().__init__(
            f"ClickHouse's tables are at step {found}, this release knows {known}: "
            "run the release that made them, or a later one"
        )
        self.found = found
        self.known = known


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
    found = number(client)
    check(found, steps)
    for step in steps:
        if step.number > found:
            _take(client, step)


def check(found: int, steps: Sequence[Migration] = ALL) -> None:
    """Make sure that tables which have gone so far are none of a later release.

    Raises:
        NewerSchema: they are.
    """
    known = max(step.number for step in steps)
    if found > known:
        raise NewerSchema(found, known)


def number(client: Client) -> int:
    """The last step that the tables went through; 0 for none.

    Raises:
        clickhouse_connect.driver.exceptions.Error: ClickHouse cannot or will not.
    """
    return int(client.query("SELECT max(number) FROM migrations").result_rows[0][0])


def _take(client: Client, step: Migration) -> None:
    for statement in step.statements:
        client.command(statement)
    client.command(
        "INSERT INTO migrations (number, name) VALUES ({number:UInt32}, {name:String})",
        parameters={"number": step.number, "name": step.name},
    )
    logger.info("migration taken", number=step.number, name=step.name)
