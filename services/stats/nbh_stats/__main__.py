"""The stats service: ``python -m nbh_stats --config nbhosting.toml``."""

import argparse
import asyncio
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import structlog
from clickhouse_connect.driver.exceptions import ClickHouseError

from nbh_kit import batching, bus, http, run
from nbh_kit import config as configuration
from nbh_kit.config import BadConfig, Config
from nbh_proto.stats import FindEvents, FindNotebooksUsed
from nbh_proto.streams import EVENTS
from nbh_stats import clickhouse, memory, migrations
from nbh_stats.api import Api
from nbh_stats.app import app
from nbh_stats.clickhouse import Door
from nbh_stats.courses import Courses
from nbh_stats.events import Events
from nbh_stats.exclusion import Rules
from nbh_stats.finding import Finding
from nbh_stats.leaving_out import LeavingOut
from nbh_stats.migrations import NewerSchema
from nbh_stats.students import Students
from nbh_stats.viewers import by_secret

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
        secrets = Secrets(config.password_of("stats"), _secret(config))
        folder = config.site.data / "clickhouse"
        clickhouse.import_engine(config.stats.clickhouse, folder)
        run.drop_privileges(config.uid_of("stats"))
        asyncio.run(run.until_stopped(_serve(config, secrets, folder)))
    except (BadConfig, NewerSchema) as e:
        sys.exit(str(e))


class Secrets(NamedTuple):
    """What is read while we may."""

    nats: str
    viewers: str


class Tables(NamedTuple):
    """Connections to tables that are up to date."""

    writing: Door
    reading: Door
    students: Students


def _secret(config: Config) -> str:
    try:
        return (config.site.data / "secrets" / "stats").read_text().strip()
    except FileNotFoundError:
        return ""


async def _serve(config: Config, secrets: Secrets, folder: Path) -> None:
    given = config.stats
    with ExitStack() as doors:
        tables = await _opened(doors, given.clickhouse, folder)
        events = Events(tables.writing, tables.reading, tables.students)
        async with bus.connect(
            config.nats.url, name="stats", user="stats", password=secrets.nats
        ) as b:
            courses = Courses(b)
            rules = Rules(given.test_students, given.short_ids_are_tests)
            leaving_out = LeavingOut(tables.students, courses, rules)
            finding = Finding(tables.reading, courses, leaving_out, given.time_zone)
            web = app(Api(finding), by_secret(secrets.viewers), config.origins.ui)
            async with (
                b.answering(FindEvents, events.find),
                b.answering(FindNotebooksUsed, events.used),
                http.serving(web, given.host, given.port),
                batching.follow(
                    b,
                    EVENTS,
                    "stats",
                    events.keep,
                    events.kept,
                    rows=given.batch_rows,
                    within=given.batch_within,
                ),
            ):
                await asyncio.gather(courses.follow(), run.every(_TIDY_SECONDS, memory.tidy))


async def _opened(doors: ExitStack, server: str, folder: Path) -> Tables:
    """The tables, however long ClickHouse takes: events wait in their stream meanwhile (R-14)."""
    while True:
        try:
            writing = doors.enter_context(clickhouse.opened(server, folder))
            reading = doors.enter_context(clickhouse.opened(server, folder))
            await writing.use(migrations.migrate)
            students = Students()
            await writing.use(students.load)
            return Tables(writing, reading, students)
        except (ClickHouseError, OSError) as e:
            logger.warning("waiting for ClickHouse", error=str(e).partition("\n")[0])
            doors.close()
            await asyncio.sleep(_RETRY_SECONDS)


if __name__ == "__main__":
    main()
