"""Several provisioners at once: one lab for a student, and no click is lost whoever dies (R-3)."""

import asyncio
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path

import msgspec
import pytest

from nbh_kit.testing import eventually
from nbh_provisioner.engines.memory import MemoryEngine
from nbh_provisioner.places import Places
from tests.provisioner import labs, world
from tests.provisioner.process import provisioner

pytestmark = pytest.mark.usefixtures("course")

CLICKS = 100
OTHERS = ("bob", "cleo", "dora")


@pytest.fixture
def site(data, nats_url, podman_site):
    """A site whose labs are real."""
    return podman_site(data, nats_url)


@pytest.fixture
async def three(site, tmp_path):
    """Three provisioners of one node: the same data, podman and consumers."""
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(_provisioner(site, tmp_path / n)) for n in "abc"]


def _provisioner(site, folder):
    folder.mkdir()
    return provisioner(site, folder)


@pytest.mark.podman
@pytest.mark.parametrize("moment", ["created", "ready"])
async def test_a_hundred_clicks_give_one_lab_though_two_of_three_provisioners_die(
    moment, three, site, router, podman_engine
):
    clicks = [asyncio.create_task(router.opened(within=120)) for _ in range(CLICKS)]
    clicks += [asyncio.create_task(router.opened(student=s, within=120)) for s in OTHERS]
    left, most = list(three), Counter()
    for _ in range(2):
        working = await eventually(lambda: _at_work(left, site), within=60)
        await eventually(lambda: _came(moment, router, podman_engine), within=60, pause=0.001)
        await working.kill()
        left.remove(working)
        most |= _labs_of(await podman_engine.labs())
    answers = await asyncio.gather(*clicks)
    found = await podman_engine.labs()
    assert most | _labs_of(found) == Counter({"ada": 1} | dict.fromkeys(OTHERS, 1))
    by_student = {f.labels["nbh.student"]: f.labels["nbh.capability"] for f in found}
    expected = [by_student["ada"]] * CLICKS + [by_student[s] for s in OTHERS]
    assert [a.capability for a in answers] == expected
    assert all(f.running for f in found)
    lab = await router.lab()
    assert (lab.state, lab.capability) == ("ready", by_student["ada"])


@pytest.mark.podman
async def test_whoever_comes_back_waits_behind_who_works(three, site, router, podman_engine):
    before = await router.opened()
    for _ in range(3):
        working = await _at_work(three, site)
        await working.kill()
        await working.start()
        next_one = await eventually(lambda: _at_work(three, site), within=60)
        assert next_one is not working
        assert (await router.opened(within=60)).capability == before.capability
    assert _labs_of(await podman_engine.labs()) == {"ada": 1}


class _LateRemoval(MemoryEngine):
    """One that goes on with the first removal when who asked for it is long dead, as podman does,
    and whose container begins to run after it was seen not to."""

    def __init__(self):
        super().__init__(boots_in=0.5)
        self.removing = asyncio.Event()
        self.may_go_on = asyncio.Event()
        self.gone = asyncio.Event()
        self.is_stale = True

    async def labs(self):
        found = await super().labs()
        return (
            [msgspec.structs.replace(f, running=None) for f in found] if self.is_stale else found
        )

    async def stop(self, name, *, within):
        if not self.removing.is_set():
            self.removing.set()
            self.is_stale = False
            self._late = asyncio.create_task(self._stop_late(name))
            await asyncio.shield(self._late)
        await super().stop(name, within=within)

    async def _stop_late(self, container):
        there = self._labs[container]
        await self.may_go_on.wait()
        if self._labs.get(container) is there:
            await super().stop(container, within=0)
        self.gone.set()

    async def close(self):
        """Labs live on without the provisioner."""


async def test_what_a_killed_provisioner_was_removing_is_not_adopted(router, data, nats_url):
    site, engine = world.config(data, nats_url), _LateRemoval()
    left = labs.spec(site, await engine.image(world.IMAGE))
    await engine.start(left)
    async with world.running(site, engine):
        await asyncio.wait_for(engine.removing.wait(), 30)
    async with world.running(site, engine):
        opening = asyncio.create_task(router.opened())
        await eventually(lambda: _has_lease(router))
        engine.may_go_on.set()
        await engine.gone.wait()
        ready = await opening
        assert ready.capability != labs.capability(left)
        (found,) = await engine.labs()
        assert found.running
        assert found.labels["nbh.capability"] == ready.capability


async def _has_lease(router):
    return await router.lab() is not None


async def _came(moment, router, engine):
    if moment == "created":
        return any(f.labels["nbh.student"] == "ada" for f in await engine.labs())
    lab = await router.lab()
    return lab is not None and lab.state == "ready"


async def _at_work(processes, site):
    """The one that holds the node's lock, as the kernel tells it."""
    inode = Places(site.site.data).lock.stat().st_ino
    table = Path("/proc/locks").read_text().splitlines()
    owners = {int(row.split()[4]) for row in table if f":{inode} " in row and "->" not in row}
    return next((p for p in processes if p.pid in owners), None)


def _labs_of(found):
    """How many containers each student has."""
    return Counter(f.labels["nbh.student"] for f in found)
