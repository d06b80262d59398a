"""The machine's clock jumps, as where it was wrong and is set right (TRUST.md 3.4, clock): nobody
loses a lab for it, and who comes gets one."""

import shutil
import tempfile
from datetime import datetime
from pathlib import Path

import msgspec
import pytest

from nbh_kit.testing import eventually
from tests.e2e.student import Student
from tests.shifted_clock import ShiftedClock
from tests.system import running_system

HOUR = 3600
LOOKS = 3


@pytest.fixture
def clock():
    folder = Path(tempfile.mkdtemp(prefix="nbh-clock-"))
    folder.chmod(0o755)
    yield ShiftedClock(folder)
    shutil.rmtree(folder)


async def click(system, student, clock):
    """From a page of the platform's, whose clock is as wrong as ours."""
    clicking = Student(system.link("lesson", "w1/first", student, seconds=clock.ahead + 600))
    try:
        return await clicking.open()
    finally:
        await clicking.close()


async def opened_by(system, student):
    return await system.events("access.opened", student=student)


async def looks(system):
    return len(await system.events("lab.sampled", student="ada"))


async def looked_at(system, since):
    return await looks(system) >= since + LOOKS


async def lives(system):
    return {lab.student: (lab.generation, lab.state) for lab in await system.labs()}


@pytest.mark.parametrize("hours", [3, -3, 48], ids=["on", "back", "two days on"])
async def test_nobody_loses_a_lab_and_who_comes_gets_one(tmp_path, clock, hours):
    settings = {"reaper": {"period": 1}}
    async with running_system(
        tmp_path, engine="memory", settings=settings, environment=clock.environment
    ) as system:
        await system.new_course("lesson")
        await click(system, "ada", clock)
        before = await lives(system)
        clock.jump(hours * HOUR)
        since = await looks(system)
        await click(system, "bob", clock)
        await click(system, "ada", clock)
        await eventually(lambda: looked_at(system, since), within=60)
        seen = await lives(system)
        assert seen.items() >= before.items()
        assert seen["bob"][1] == before["ada"][1]
        assert not await system.events("lab.stopped")
        status = msgspec.json.decode(await system.nbh("status", "--json"))
        assert all(each["lives"] and not each["missing"] for each in status["services"]), status
        (first, _), (others,) = [
            [datetime.fromisoformat(each["at"]) for each in await opened_by(system, student)]
            for student in ("ada", "bob")
        ]
        jumped = (others - first).total_seconds() - hours * HOUR
        assert 0 < jumped < HOUR, "the services read the clock that jumped"
