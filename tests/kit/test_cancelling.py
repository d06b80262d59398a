"""A task that is told to end ends, whatever it waits for."""

import asyncio

import pytest

from nbh_kit import bus as buses
from nbh_kit import cancelling


async def waiting(awaited, timeout=5.0):
    """Wait in a task, until it does."""
    task = asyncio.create_task(cancelling.wait_for(awaited, timeout))
    await asyncio.sleep(0)
    return task


async def test_a_cancellation_that_comes_with_the_answer_is_heeded():
    answer = asyncio.get_running_loop().create_future()
    task = await waiting(answer)
    answer.set_result("late")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_an_answer_in_time_is_returned():
    answer = asyncio.get_running_loop().create_future()
    task = await waiting(answer)
    answer.set_result("in time")
    assert await task == "in time"
    assert await cancelling.wait_for(asyncio.sleep(0, "no limit"), None) == "no limit"


@pytest.mark.parametrize("timeout", [0, -1, 0.001])
async def test_what_takes_longer_is_cancelled(timeout):
    never = asyncio.get_running_loop().create_future()
    with pytest.raises(TimeoutError):
        await cancelling.wait_for(never, timeout)
    assert never.cancelled()


async def test_what_is_there_already_needs_no_time():
    there = asyncio.get_running_loop().create_future()
    there.set_result("there")
    assert await cancelling.wait_for(there, 0) == "there"


async def test_who_speaks_to_nats_waits_so(nats_url):
    async with buses.connect(nats_url, name="test"):
        answer = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(asyncio.wait_for(answer, 30))
        await asyncio.sleep(0)
        answer.set_result("late")
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
