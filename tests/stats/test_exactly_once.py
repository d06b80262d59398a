"""Every event is counted once, wherever the service is killed (R-14)."""

import asyncio
import contextlib
import shutil
from collections import Counter

import pytest

from nbh_kit.bus import BusAway
from nbh_kit.testing import eventually
from nbh_proto import CoursePublished
from tests.stats.service import found

KILLS = (1, 7, 12, 13, 14) * 4
"""An insert syncs twelve files, renames its part into the table, then syncs the folder twice: at
the 13th and the 14th the batch is in the table and not acknowledged."""


@pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")
async def test_killed_twenty_times_around_an_insert_it_counts_exactly(service, bus):
    told: list[str] = []
    for nth in KILLS:
        async with service.running(*_killed_at_sync(nth)) as process:
            await asyncio.wait_for(_tell_until_it_dies(bus, process, told), 40)
    async with service.running():
        counted = await eventually(lambda: _all_of(bus, told), within=20)
    assert counted == Counter(told)


def _killed_at_sync(nth):
    inject = f"inject=fdatasync:signal=KILL:when={nth}"
    return ("strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fdatasync", "-e", inject)


async def _tell_until_it_dies(bus, process, told):
    while process.returncode is None:
        await _nothing_is_double(bus)
        for _ in range(5):
            event = CoursePublished(course="py", commit=str(len(told)), notebooks=0, seconds=1.0)
            await bus.tell(event)
            told.append(event.commit)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), 0.1)


async def _nothing_is_double(bus):
    # At any instant, not in the end: ClickHouse's merges would hide it after a while.
    with contextlib.suppress(BusAway):
        assert set((await _counted(bus)).values()) <= {1}


async def _all_of(bus, told):
    counted = await _counted(bus)
    assert counted.keys() >= set(told)
    return counted


async def _counted(bus):
    return Counter(event.detail["commit"] for event in await found(bus))
