"""When the node's memory runs short, labs that are nobody's end, then frozen ones, the longest
frozen first; no others. Nobody's lab is started into what is left for those who are there."""

import asyncio
from datetime import timedelta

import msgspec
import psutil
import pytest

from nbh_kit import settings
from nbh_kit.testing import eventually
from nbh_proto import AccessReady, CommandDone
from nbh_provisioner import memory
from nbh_provisioner.engines.memory import MemoryEngine
from nbh_provisioner.head_room import LAB_BYTES, HeadRoom
from nbh_provisioner.memory import Memory
from nbh_provisioner.relief import next_to_end
from tests.provisioner import pooling, world
from tests.provisioner.lives import NOW, fresh

GIB = 1024**3


def frozen(student, minutes):
    since = NOW - timedelta(minutes=minutes)
    return msgspec.structs.replace(fresh(), student=student, state="frozen", since=since)


def test_the_longest_frozen_lab_ends_first():
    lab = next_to_end([frozen("ada", 5), frozen("bea", 50), frozen("cyd", 20)])
    assert lab is not None
    assert lab.student == "bea"
    assert next_to_end([]) is None


@pytest.mark.parametrize(
    ("available", "share", "to_start", "of_pool", "left"),
    [
        pytest.param(20, 0.9, 1, 0, 10, id="enough"),
        pytest.param(10, 0.9, 1, 0, 0, id="just enough"),
        pytest.param(9, 0.9, 1, 0, -1, id="more is in use than may be"),
        pytest.param(20, 0.9, 30, 0, -10, id="not enough for one lab more"),
        pytest.param(20, 0.9, 1, 50, -30, id="not enough for labs that are nobody's"),
        pytest.param(20, 0.5, 1, 10, -30, id="nobody's labs have no more than others"),
    ],
)
def test_what_is_left_is_what_no_lab_must_go_for(available, share, to_start, of_pool, left):
    given = settings.Provisioner(memory_share=share, free_memory=to_start)
    room = HeadRoom(lambda: Memory(100, available), given)
    assert room.left(of_pool) == pytest.approx(left)


async def test_those_who_start_at_once_do_not_count_on_the_same_memory():
    given = settings.Provisioner(free_memory=GIB)
    room = HeadRoom(lambda: Memory(10 * GIB, GIB + LAB_BYTES), given)
    inside: list[int] = []
    most, told = 0, []

    async def start(number):
        nonlocal most

        async def waits():
            told.append(number)

        async with room.one_more(waits):
            inside.append(number)
            most = max(most, len(inside))
            if len(told) < 2:
                await eventually(lambda: len(told) == 2)
            inside.remove(number)

    await asyncio.gather(*(start(number) for number in range(4)))
    assert (most, len(told)) == (2, 2)


def test_what_the_kernel_tells_is_read():
    there, known = memory.read(), psutil.virtual_memory()
    assert there.total == known.total
    assert abs(there.available - known.available) < known.total / 10


async def test_frozen_labs_end_one_after_another_until_there_is_enough(
    data, nats_url, course, router, bus, ask
):
    site = world.config(data, nats_url, provisioner={"memory_share": 0.6})
    is_full = False

    def read():
        """Each lab takes a quarter of it."""
        used = 25 * len(world.entries(data / "labs")) if is_full else 0
        return Memory(100, 100 - used)

    async with world.running(site, MemoryEngine({world.IMAGE}), read):
        for student in ("ada", "bea", "cyd", "dan"):
            await router.opened(student=student)
        for student in ("cyd", "bea", "dan"):
            assert isinstance(await ask(student=student), CommandDone)
        is_full = True
        assert await eventually(lambda: _have_ended(bus, 2))
        stopped = await world.events(bus, "lab.stopped")
        assert [(e["student"], e["reason"]) for e in stopped] == [
            ("cyd", "memory"),
            ("bea", "memory"),
        ]
        assert (await router.lab("ada")).state == "ready"
        assert (await router.lab("dan")).state == "frozen"
        assert (await router.opened(student="cyd")).capability


async def test_labs_that_are_nobodys_end_before_those_that_students_left(
    data, nats_url, course, router, bus, ask
):
    site = pooling.with_pool(data, nats_url, 2, provisioner={"memory_share": 0.5})
    is_short = False

    def read():
        """Each lab takes a quarter of it, once there is something else besides."""
        used = 25 * len(world.entries(data / "labs")) if is_short else 0
        return Memory(100 * GIB, (100 - used) * GIB)

    async with world.running(site, MemoryEngine({world.IMAGE}), read):
        await pooling.pooled(router, 2)
        await router.opened()
        assert isinstance(await ask(), CommandDone)
        await pooling.pooled(router, 2)
        is_short = True
        await pooling.pooled(router, 1, within=10)
        # 50 of 100 are in use, which may be; and no other is booted into what is free
        assert (await router.lab()).state == "frozen"
        assert await world.events(bus, "lab.stopped") == []


async def test_who_comes_waits_until_frozen_labs_have_made_room(
    data, nats_url, course, router, bus, ask
):
    site = world.config(data, nats_url, provisioner={"memory_share": 1, "free_memory": 30})

    def read():
        """Each lab takes forty."""
        return Memory(100, 100 - 40 * len(list((data / "labs").glob("*"))))

    async with world.running(site, MemoryEngine({world.IMAGE}), read):
        for student in ("ada", "bea"):
            await router.opened(student=student)
        waiting = asyncio.create_task(router.hear(student="cyd"))
        await eventually(lambda: _queued(bus, waiting))
        assert isinstance(await ask(student="ada"), CommandDone)
        *_, last = await waiting
        assert isinstance(last, AccessReady)
        (stopped,) = await world.events(bus, "lab.stopped")
        assert (stopped["student"], stopped["reason"]) == ("ada", "memory")
        assert (await router.lab("bea")).state == "ready"


async def test_where_no_memory_is_left_who_comes_is_told_and_who_is_there_works_on(
    data, nats_url, course, router, bus
):
    given = {"free_memory": 50, "memory_back_within": 0.3}
    engine = MemoryEngine({world.IMAGE})
    available = 100
    async with world.running(
        world.config(data, nats_url, provisioner=given), engine, lambda: Memory(100, available)
    ):
        ada = await router.opened(student="ada")
        available = 40
        *before, denied = await router.hear(student="bob")
        assert denied.reason == "no-memory"
        assert [(p.stage, p.position) for p in before] == [("queued", 0)]
        # nobody waits again for what has not come back
        *before, denied = await router.hear(student="cyd")
        assert (before, denied.reason) == ([], "no-memory")
        assert (await router.opened(student="ada")).capability == ada.capability
        assert engine.starts == 1
        (failed, _) = await world.events(bus, "lab.failed")
        assert (failed["student"], failed["reason"]) == ("bob", "no-memory")
        assert "50 are wanted" in failed["detail"]
        available = 60
        assert isinstance(await router.open(student="bob"), AccessReady)


async def _queued(bus, waiting):
    assert not waiting.done()
    return len(await world.events(bus, "lab.starting")) == 3


async def _have_ended(bus, count):
    return len(await world.events(bus, "lab.stopped")) == count
