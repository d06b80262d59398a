"""Each part is killed with -9 while students open notebooks and work (R-2, R-11, R-12)."""

import asyncio
import os
import signal

import pytest
import pytest_asyncio

from nbh_kit.testing import eventually
from tests.e2e.student import Student

pytestmark = [pytest.mark.podman, pytest.mark.asyncio(loop_scope="session")]

STUDENTS = 10


class Worker:
    """A student with a computation in memory that must not be lost."""

    def __init__(self, system, name: str) -> None:
        self.name = name
        self._system = system
        self._student: Student | None = None
        self._kernel = ""

    async def begin(self) -> None:
        """Open the notebook and put something into a kernel."""
        self._student = await self._opened()
        self._kernel = await self._student.kernel()
        await self._student.run(self._kernel, f"kept = {self.name!r}")

    async def come_back(self) -> None:
        """Open it again: the same lab, and what was in the kernel is there."""
        assert self._student is not None
        again = await self._opened()
        assert again.lab == self._student.lab, f"{self.name} was given another lab"
        assert await again.run(self._kernel, "print(kept)") == f"{self.name}\n"
        await again.close()

    async def leave(self) -> None:
        if self._student is not None:
            await self._student.close()

    async def _opened(self) -> Student:
        student = Student(self._system.link("lesson", "w1/first", self.name))
        # within 60 s in a notebook; a page on the way must be one that goes on by itself
        await student.open(within=60)
        return student


async def killed(system, part):
    """End a part at once, and wait until the supervisor has a new one."""
    was = system.pid(part)
    os.kill(was, signal.SIGKILL)
    await eventually(lambda: system.pid(part) not in (None, was), within=20)


@pytest_asyncio.fixture(loop_scope="session")
async def workers(system):
    """Ten students at work."""
    working = [Worker(system, f"worker-{n}") for n in range(STUDENTS)]
    await asyncio.gather(*[w.begin() for w in working])
    yield working
    for worker in working:
        await worker.leave()


async def test_nobody_loses_work_or_a_click_whichever_part_is_killed(system, workers):
    late: list[Worker] = []
    for part in ("router", "provisioner", "nats", "traefik"):
        new = [Worker(system, f"late-{part}-{n}") for n in range(2)]
        async with asyncio.TaskGroup() as doing:
            for worker in workers:
                doing.create_task(worker.come_back())
            for worker in new:
                doing.create_task(worker.begin())
            doing.create_task(killed(system, part))
        late += new
    await asyncio.gather(*[w.come_back() for w in workers + late])
    for worker in late:
        await worker.leave()

    everybody = {w.name for w in workers + late}
    labs = [lab for lab in await system.labs() if lab.student in everybody]
    assert sorted(lab.student for lab in labs) == sorted(everybody)
    for worker in workers + late:
        assert len(await system.containers("lesson", worker.name)) == 1
