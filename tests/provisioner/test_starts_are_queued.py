"""Starts at once are bounded, first come first served (R-18)."""

import asyncio
import contextlib

import pytest

from nbh_provisioner.starts import Starts


class Start:
    """One start, held in its place until it is let go."""

    def __init__(self, starts):
        self.positions = []
        self.has_place = asyncio.Event()
        self._over = asyncio.Event()
        self.task = asyncio.create_task(self._run(starts))

    async def _run(self, starts):
        async with starts.place(self.positions.append):
            self.has_place.set()
            await self._over.wait()

    async def end(self):
        self._over.set()
        await self.task


@pytest.fixture
async def begun():
    """Begins starts, one after the other."""
    made = []

    async def begin(starts, number):
        new = [Start(starts) for _ in range(number)]
        made.extend(new)
        await asyncio.sleep(0)
        return new

    yield begin
    for start in made:
        start.task.cancel()
    await asyncio.gather(*(s.task for s in made), return_exceptions=True)


async def test_places_are_given_in_order(begun):
    starts = await begun(Starts(2), 5)
    assert [s.has_place.is_set() for s in starts] == [True, True, False, False, False]
    await starts[1].end()
    await starts[2].has_place.wait()
    assert not starts[3].has_place.is_set()


async def test_who_waits_hears_each_new_position(begun):
    starts = await begun(Starts(1), 4)
    for start in starts:
        await start.has_place.wait()
        await start.end()
    assert [s.positions for s in starts] == [[], [0], [1, 0], [2, 1, 0]]


async def test_who_gives_up_leaves_the_queue(begun):
    starts = await begun(Starts(1), 3)
    starts[1].task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await starts[1].task
    assert starts[2].positions == [1, 0]
    await starts[0].end()
    await starts[2].has_place.wait()


async def test_a_place_given_to_who_gives_up_at_that_instant_is_not_lost(begun):
    queue = Starts(1)
    starts = await begun(queue, 3)
    starts[0]._over.set()
    await asyncio.sleep(0)  # the place is given to the second now
    starts[1].task.cancel()
    await asyncio.wait_for(starts[2].has_place.wait(), 30)


async def test_a_start_that_fails_gives_its_place_back():
    queue = Starts(1)
    for _ in range(3):
        with pytest.raises(ValueError, match="broken"):
            async with queue.place(lambda _: None):
                raise ValueError("broken")
    async with asyncio.timeout(1), queue.place(lambda _: None):
        pass
