"""What tests of the dashboard share."""

import pytest

from nbh_stats import clickhouse, migrations
from tests.dashboard.site import Site


@pytest.fixture
async def site(tmp_path, in_memory, bus):
    """A site that is furnished and served."""
    with clickhouse.opened("", in_memory / "clickhouse") as door:
        await door.use(migrations.migrate)
        there = Site(tmp_path, bus, door)
        await there.furnish()
        async with there.served():
            yield there
