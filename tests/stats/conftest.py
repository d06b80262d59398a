"""ClickHouse in both forms that the service knows, and the service itself."""

import asyncio

import pytest

from nbh_stats import clickhouse, migrations
from nbh_stats.events import Events
from nbh_stats.live import Live
from nbh_stats.students import Students
from tests import memory
from tests.stats.service import Service, front
from tests.stats.world import World


@pytest.fixture(scope="session")
def server():
    """The URL of what stands for a ClickHouse server, for all tests."""
    with memory.folder() as folder, front(folder / "clickhouse") as url:
        yield url


@pytest.fixture(params=["chdb", "server"])
def door(request, in_memory):
    """A connection to ClickHouse; a test that asks for it runs on the engine and on a server."""
    url = request.getfixturevalue("server") if request.param == "server" else ""
    with clickhouse.opened(url, in_memory / "clickhouse") as opened:
        yield opened
        asyncio.run(opened.use(_drop_tables))


def _drop_tables(client):
    for table in ("events", "events_typed", "students", "places", "erased", "migrations"):
        client.command(f"DROP TABLE IF EXISTS {table}")


@pytest.fixture
async def world(door):
    """The service's parts on tables that are there, and empty."""
    await door.use(migrations.migrate)
    return World(door)


@pytest.fixture
async def events(door, students):
    """The table of events, empty."""
    await door.use(migrations.migrate)
    return Events(door, door, students, Live(door))


@pytest.fixture
def students():
    """Their numbers; none yet."""
    return Students()


@pytest.fixture
def open_folder():
    """A folder that other users can reach too: pytest closes its own to all but root."""
    with memory.folder() as folder:
        folder.chmod(0o755)
        yield folder


@pytest.fixture
def service(open_folder, nats_url):
    """The service, not yet running, with the embedded engine."""
    return Service(open_folder, nats_url)
