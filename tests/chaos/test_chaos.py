"""A minute in which everything that can die does, again and again, while a class works (R-2)."""

import pytest

from tests.chaos.run import chaos
from tests.chaos.settings import STUDENTS, WITH_POOL
from tests.system import running_system

pytestmark = pytest.mark.podman

SECONDS = 60.0


async def test_nothing_is_lost_or_doubled_or_left_over(tmp_path, lab_images):
    async with running_system(tmp_path, engine="podman", settings=WITH_POOL) as system:
        await system.new_course("lesson")
        report = await chaos(system, seconds=SECONDS, students=STUDENTS, seed="a minute")
    print(report)
    assert report.complaints == []
