"""What tests of the dashboard share."""

import pytest

from nbh_stats import clickhouse, migrations
from tests.dashboard.site import Site


@pytest.fixture
async def site(tmp_path, bus):
    """A site that is furnished and served."""
    with clickhouse.opened("", tmp_path / "clickhouse") as door:
        await door.use(migrations.migrate)
        there = Site(tmp_path, bus, door)
        await there.furnish()
        async with there.served():
            yield there
