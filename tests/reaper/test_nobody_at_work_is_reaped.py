"""Scripted trials of those who are easily taken for idle; `make bench` runs a thousand."""

from tests.reaper import trials


async def test_a_hundred_labs_at_work_are_left_alone_and_reaped_after_it():
    assert await trials.run(100, speed=1000) == 0
