"""Everything that can die does, one part after the other, while a class works (R-2)."""

import pytest

from tests.chaos.run import chaos
from tests.chaos.settings import STUDENTS, WITH_POOL
from tests.system import running_system

pytestmark = pytest.mark.podman

SECONDS = 40.0
"""Each part has its turn once, and some twice; `make chaos` goes on for longer."""


async def test_nothing_is_lost_or_doubled_or_left_over(tmp_path, lab_images):
    async with running_system(tmp_path, engine="podman", settings=WITH_POOL) as system:
        await system.new_course("lesson")
        report = await chaos(system, seconds=SECONDS, students=STUDENTS, seed="each once")
    print(report)
    assert report.complaints == []
