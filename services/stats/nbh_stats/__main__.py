"""The stats service: ``python -m nbh_stats --config nbhosting.toml``."""

import argparse
import asyncio
import sys
from contextlib import ExitStack
from pathlib import Path

import structlog
from clickhouse_connect.driver.exceptions import ClickHouseError

from nbh_kit import batching, bus, run
from nbh_kit import config as configuration
from nbh_kit.config import BadConfig, Config
from nbh_proto.stats import FindEvents, FindNotebooksUsed
from nbh_proto.streams import EVENTS
from nbh_stats import clickhouse, memory, migrations
from nbh_stats.events import Events
from nbh_stats.migrations import NewerSchema

_RETRY_SECONDS = 2.0
_TIDY_SECONDS = 60.0

logger = structlog.get_logger(__name__)


def main() -> None:
    """Read the configuration and the secrets as who we are, then become who we need be (S-5)."""
    arguments = argparse.ArgumentParser(prog="nbh_stats")
    arguments.add_argument("--config", type=Path, default=Path("nbhosting.toml"))
    try:
        config = configuration.load(arguments.parse_args().config)
        run.configure_logging("stats", config.site.log_level)
        password = config.password_of("stats")
        folder = config.site.data / "clickhouse"
        clickhouse.import_engine(config.stats.clickhouse, folder)
        run.drop_privileges(config.uid_of("stats"))
        asyncio.run(_serve(config, password, folder))
    except (BadConfig, NewerSchema) as e:
        sys.exit(str(e))


async def _serve(config: Config, password: str, folder: Path) -> None:
    with ExitStack() as doors:
        events = await _opened(doors, config.stats.clickhouse, folder)
        async with (
            bus.connect(config.nats.url, name="stats", user="stats", password=password) as b,
            b.answering(FindEvents, events.find),
            b.answering(FindNotebooksUsed, events.used),
            batching.follow(
                b,
                EVENTS,
                "stats",
                events.keep,
                events.kept,
                rows=config.stats.batch_rows,
                within=config.stats.batch_within,
            ),
        ):
            await run.until_stopped(run.every(_TIDY_SECONDS, memory.tidy))


async def _opened(doors: ExitStack, server: str, folder: Path) -> Events:
    """The table, however long ClickHouse takes: events wait in their stream meanwhile (R-14)."""
    while True:
        try:
            writing = doors.enter_context(clickhouse.opened(server, folder))
            reading = doors.enter_context(clickhouse.opened(server, folder))
            await writing.use(migrations.migrate)
            return Events(writing, reading)
        except (ClickHouseError, OSError) as e:
            logger.warning("waiting for ClickHouse", error=str(e).partition("\n")[0])
            doors.close()
            await asyncio.sleep(_RETRY_SECONDS)


if __name__ == "__main__":
    main()
