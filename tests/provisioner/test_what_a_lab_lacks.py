"""The kernel's counters of what it refused to a lab, where control groups are of version 2.

Ordinary files stand for the kernel's: they change, and say so, in the same way. The machines that
test this have version 1; `test_engines` has the real thing there.
"""

import asyncio
from contextlib import aclosing

import pytest

from nbh_provisioner.engine import Shortage
from nbh_provisioner.engines.shortage import MEMORY, PROCESSES, Counter, Tally
from nbh_provisioner.engines.shortages import Shortages


class Group:
    """A control group of a lab, and one below it, as Linux before 6.11 counts in them."""

    def __init__(self, folder):
        self.own, self.below = folder / "lab", folder / "lab/container"
        self.below.mkdir(parents=True)
        for place in (self.own, self.below):
            (place / "memory.events").write_text("low 0\nmax 7\noom 3\noom_kill 2\n")
            (place / "pids.events").write_text("max 0\n")
        (self.own / "memory.max").write_text("1073741824\n")
        (self.own / "pids.max").write_text("512\n")

    def tally(self):
        return Tally(self._counter(kind) for kind in (MEMORY, PROCESSES))

    def _counter(self, kind):
        files = tuple(place / kind.counts[0] for place in (self.below, self.own))
        return Counter(kind, files, self.own / kind.limits[0])


@pytest.fixture
def group(tmp_path):
    return Group(tmp_path)


@pytest.fixture
async def shortages():
    shortages = Shortages()
    yield shortages
    shortages.close()


async def test_what_was_refused_before_is_not_told_and_what_comes_is(group, shortages):
    async with aclosing(shortages.of(group.tally())) as found:
        coming = asyncio.ensure_future(anext(found))
        await asyncio.wait({coming}, timeout=0.2)
        assert not coming.done()
        (group.own / "memory.events").write_text("low 0\nmax 9\noom 4\noom_kill 3\n")
        short = await asyncio.wait_for(coming, 30)
        assert short == Shortage(of="memory", limit=2**30, times=3)


async def test_where_the_group_below_counts_it_is_heard_too(group, shortages):
    async with aclosing(shortages.of(group.tally())) as found:
        coming = asyncio.ensure_future(anext(found))
        await asyncio.sleep(0)
        (group.below / "pids.events").write_text("max 40\n")
        short = await asyncio.wait_for(coming, 30)
        assert short == Shortage(of="processes", limit=512, times=40)


async def test_what_happens_while_nobody_waits_is_told_as_one(group, shortages):
    async with aclosing(shortages.of(group.tally())) as found:
        coming = asyncio.ensure_future(anext(found))
        await asyncio.sleep(0)
        (group.own / "pids.events").write_text("max 1\n")
        assert (await asyncio.wait_for(coming, 30)).times == 1
        for times in (2, 3, 4):
            (group.own / "pids.events").write_text(f"max {times}\n")
        assert (await asyncio.wait_for(anext(found), 30)).times == 4


async def test_a_lab_that_is_gone_lacks_nothing(group, shortages):
    async with aclosing(shortages.of(group.tally())) as found:
        coming = asyncio.ensure_future(anext(found))
        await asyncio.sleep(0)
        for file in (*group.below.iterdir(), group.own / "memory.events"):
            file.unlink()
        with pytest.raises(StopAsyncIteration):
            await asyncio.wait_for(coming, 30)


async def test_of_a_lab_that_cannot_be_seen_nothing_is_heard(shortages):
    with pytest.raises(StopAsyncIteration):
        await anext(shortages.of(Tally([])))
