"""All parts of the service, wired and run."""

import asyncio
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import structlog
from clickhouse_connect.driver.exceptions import ClickHouseError

from nbh_kit import batching, bus, http, run
from nbh_kit import health as healths
from nbh_kit.bus import Bus
from nbh_kit.config import Config
from nbh_kit.consuming import consume
from nbh_kit.metrics import Metrics
from nbh_kit.sessions import Sessions
from nbh_proto.stats import (
    EraseStudent,
    ExportTables,
    FindEvents,
    FindNotebooksUsed,
    ImportLines,
)
from nbh_proto.streams import COMMANDS, EVENTS
from nbh_stats import clickhouse, memory, migrations
from nbh_stats.api import Api
from nbh_stats.app import Endpoints, app
from nbh_stats.clickhouse import Door
from nbh_stats.copying import Copying, take_back
from nbh_stats.courses import Courses
from nbh_stats.dashboard.dashboard import Dashboard
from nbh_stats.dashboard.pages import Pages
from nbh_stats.events import Events
from nbh_stats.exclusion import Rules
from nbh_stats.finding import Finding
from nbh_stats.following import Following
from nbh_stats.forgetting import Forgetting
from nbh_stats.gauging import Ingestion, Streams, Users
from nbh_stats.importing import Importing
from nbh_stats.leaving_out import LeavingOut
from nbh_stats.live import Live
from nbh_stats.old_addresses import OldAddresses
from nbh_stats.students import Students
from nbh_stats.viewers import anybody_known

_RETRY_SECONDS = 2.0
_TIDY_SECONDS = 15.0
_DROP_SECONDS = 3600.0
_COUNT_SECONDS = 300.0

logger = structlog.get_logger(__name__)


class Secrets(NamedTuple):
    """What is read while we may: secrets, and the dashboard's files."""

    nats: str
    viewers: str
    pages: Pages


class Tables(NamedTuple):
    """Connections to tables that are up to date."""

    writing: Door
    reading: Door
    students: Students


def secrets(config: Config) -> Secrets:
    """What `nbh up` made for us; empty where it did not."""
    try:
        viewers = (config.site.data / "secrets" / "stats").read_text().strip()
    except FileNotFoundError:
        viewers = ""
    return Secrets(config.password_of("stats"), viewers, Pages())


def folder(config: Config) -> Path:
    """Where the embedded engine has its tables."""
    return config.site.data / "clickhouse"


async def serve(config: Config, known: Secrets, metrics: Metrics) -> None:
    """Keep events and answer until cancelled."""
    with ExitStack() as doors:
        needs = ("nats", "clickhouse")
        async with healths.answering(config, "stats", *needs, metrics=metrics) as health:
            connecting = bus.connect(
                config.nats.url,
                name="stats",
                user="stats",
                password=known.nats,
                metrics=metrics,
            )
            async with connecting as b:
                health.look("nats", lambda: b.is_connected)
                # which may be away for long: that it is must not look as if NATS were
                tables = await _opened(doors, config)
                health.ask("clickhouse", lambda: _answers(tables.reading))
                await _work(config, known, tables, b)


async def _work(config: Config, known: Secrets, tables: Tables, b: Bus) -> None:
    given = config.stats
    live = Live(tables.reading)
    events = Events(tables.writing, tables.reading, tables.students, live)
    ingestion = Ingestion(events, b.metrics)
    users = Users(tables.reading, tables.students, b.metrics)
    Streams(b, b.metrics)
    importing = Importing(tables.writing, tables.students, live)
    copying = Copying(tables.writing, folder(config))
    forgetting = Forgetting(b, tables.writing, tables.students, live, given.keep_days)
    courses = Courses(b)
    rules = Rules(given.test_students, given.short_ids_are_tests)
    leaving_out = LeavingOut(tables.students, courses, rules)
    finding = Finding(tables.reading, courses, leaving_out, given.time_zone)
    recognise = anybody_known(known.viewers, Sessions(b))
    endpoints = Endpoints(
        Api(finding),
        Following(live, finding, recognise),
        OldAddresses(finding),
        Dashboard(known.pages, finding, courses),
    )
    web = app(endpoints, recognise, config.origins.ui)
    async with (
        b.answering(FindEvents, events.find),
        b.answering(FindNotebooksUsed, events.used),
        b.answering(ImportLines, importing.lines),
        b.answering(ExportTables, copying.export),
        consume(b, COMMANDS, "stats", [EraseStudent], forgetting.handle),
        http.serving(web, given.host, given.port, b.metrics) as server,
        batching.follow(
            b,
            EVENTS,
            "stats",
            ingestion.keep,
            events.kept,
            rows=given.batch_rows,
            within=given.batch_within,
        ),
    ):
        try:
            await _for_ever(courses, forgetting, users)
        finally:
            # While the tables are still there for those who wait.
            live.leave()
            await server.stop()


async def _for_ever(courses: Courses, forgetting: Forgetting, users: Users) -> None:
    async with asyncio.TaskGroup() as loops:
        loops.create_task(courses.follow())
        loops.create_task(run.every(_TIDY_SECONDS, memory.tidy))
        loops.create_task(run.every(_COUNT_SECONDS, users.count))
        loops.create_task(run.every(_DROP_SECONDS, forgetting.drop_what_is_old))


async def _answers(door: Door) -> bool:
    return await door.use(lambda client: client.query("SELECT 1").result_rows == [(1,)])


async def _opened(doors: ExitStack, config: Config) -> Tables:
    """The tables, however long ClickHouse takes: events wait in their stream meanwhile (R-14)."""
    server = config.stats.clickhouse
    while True:
        try:
            writing = doors.enter_context(clickhouse.opened(server, folder(config)))
            reading = doors.enter_context(clickhouse.opened(server, folder(config)))
            await writing.use(lambda client: take_back(client, folder(config)))
            await writing.use(migrations.migrate)
            students = Students()
            await writing.use(students.load)
            return Tables(writing, reading, students)
        except (ClickHouseError, OSError) as e:
            logger.warning("waiting for ClickHouse", error=str(e).partition("\n")[0])
            doors.close()
            await asyncio.sleep(_RETRY_SECONDS)
