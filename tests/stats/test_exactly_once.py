"""Every event is counted once, wherever the service is killed (R-14)."""

import asyncio
import contextlib
import os
import shutil
from collections import Counter

import pytest

from nbh_kit.bus import BusAway
from nbh_kit.testing import eventually
from nbh_proto import AccessOpened
from tests.stats.service import found
from tests.tracing import killed_at

KILLS = {
    "where a new student is numbered": (1, 6, 11, 12, 13),
    "where the batch is being written": (14, 20, 25),
    "where it is in the table and not acknowledged": (26, 27) * 6,
}
"""An insert of students syncs eleven files, renames its part into the table, then syncs the folder
twice; one of events syncs twelve files, and so on: at the 26th and the 27th the batch is in the
table and not acknowledged."""

TIMES = range(int(os.environ.get("NBH_TIMES", "1")))
"""`make chaos` has five of them, so that it is killed a hundred times (R-14)."""


@pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")
@pytest.mark.parametrize("time", TIMES)
async def test_killed_twenty_times_around_an_insert_it_counts_exactly(service, bus, time):
    told: list[str] = []
    for nth in (kill for kills in KILLS.values() for kill in kills):
        async with service.running(*killed_at("fdatasync", nth)) as process:
            await asyncio.wait_for(_tell_until_it_dies(bus, process, told), 40)
    async with service.running():
        counted = await eventually(lambda: _all_of(bus, told), within=20)
    assert counted == Counter(told)


async def _tell_until_it_dies(bus, process, told):
    while process.returncode is None:
        await _nothing_is_double(bus)
        for _ in range(5):
            await bus.tell(_opened(len(told)))
            told.append(f"student-{len(told)}")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), 0.1)


def _opened(n):
    given = {"access": "a", "course": "py", "notebook": "n.md"}
    return AccessOpened(**given, student=f"student-{n}", way="pool", seconds=0.1)


async def _nothing_is_double(bus):
    # At any instant, not in the end: ClickHouse's merges would hide it after a while.
    with contextlib.suppress(BusAway):
        assert set((await _counted(bus)).values()) <= {1}


async def _all_of(bus, told):
    counted = await _counted(bus)
    assert counted.keys() >= set(told)
    return counted


async def _counted(bus):
    return Counter(event.student for event in await found(bus))
