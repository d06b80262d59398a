"""When the node's memory runs short, frozen labs end, the longest frozen first; no others."""

from datetime import timedelta

import msgspec
import psutil
import pytest

from nbh_kit.testing import eventually
from nbh_proto import CommandDone
from nbh_provisioner import memory
from nbh_provisioner.engines.memory import MemoryEngine
from nbh_provisioner.memory import Memory
from nbh_provisioner.relief import next_to_end
from tests.provisioner import world
from tests.provisioner.lives import NOW, fresh


def frozen(student, minutes):
    since = NOW - timedelta(minutes=minutes)
    return msgspec.structs.replace(fresh(), student=student, state="frozen", since=since)


@pytest.mark.parametrize(
    ("available", "ended"),
    [(20, None), (10, None), (9, "bea"), (0, "bea")],
    ids=["enough", "just enough", "short", "none"],
)
def test_the_longest_frozen_lab_ends_first_when_memory_is_short(available, ended):
    labs = [frozen("ada", 5), frozen("bea", 50), frozen("cyd", 20)]
    lab = next_to_end(labs, Memory(100, available), 0.9)
    assert (lab.student if lab else None) == ended


def test_without_a_frozen_lab_none_ends():
    assert next_to_end([], Memory(100, 0), 0.9) is None


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
        assert await eventually(lambda: _have_ended(bus, 2), within=10)
        stopped = await world.events(bus, "lab.stopped")
        assert [(e["student"], e["reason"]) for e in stopped] == [
            ("cyd", "memory"),
            ("bea", "memory"),
        ]
        assert (await router.lab("ada")).state == "ready"
        assert (await router.lab("dan")).state == "frozen"
        assert (await router.opened(student="cyd")).capability


async def _have_ended(bus, count):
    return len(await world.events(bus, "lab.stopped")) == count
