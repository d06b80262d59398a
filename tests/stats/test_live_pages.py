"""An open page hears which numbers are other ones now (E-10)."""

import asyncio
from contextlib import aclosing

import msgspec
import pytest

from nbh_proto import AccessOpened, LabStopped, NodeSampled
from nbh_proto.sample import Counts, NodeMeasured
from nbh_stats import live
from nbh_stats.live import Live
from tests.stats.world import STREAM


def opened(course="py"):
    return AccessOpened(
        access="a", course=course, student="ada", notebook="n.md", way="pool", seconds=0.5
    )


def sampled():
    machine = NodeMeasured(
        load1=1, load5=1, load15=1, memory_total=1, memory_free=1, memory_available=1
    )
    return NodeSampled(node="n1", machine=machine, total=Counts(), courses={"py": Counts()})


@pytest.fixture
async def world(world):
    assert await world.events.kept(STREAM) == 0
    return world


class Page:
    """One that listens; what it hears is told as (id, data)."""

    def __init__(self, world, tell, last_id=""):
        async def may_still():
            return self.allowed

        self.allowed = True
        self.stream = world.live.follow(tell, last_id, may_still)

    async def next(self):
        async for chunk in self.stream:
            if chunk.startswith(b"event: changed"):
                lines = dict(line.split(b": ", 1) for line in chunk.strip().split(b"\n"))
                return lines[b"id"].decode(), msgspec.json.decode(lines[b"data"])
        return None


async def listening(world, page):
    """Ask for the next event; return once the page is known to be there."""
    task = asyncio.create_task(page.next())
    while not world.live.listeners:
        await asyncio.sleep(0)
    return task


async def test_a_page_hears_of_its_course_and_of_no_other(world):
    page = Page(world, live.of_course("py"))
    async with aclosing(page.stream):
        task = await listening(world, page)
        await world.say(opened("other"))
        await world.say(
            LabStopped(node="n1", course="py", student="ada", generation=1, reason="idle")
        )
        _, told = await asyncio.wait_for(task, 30)
    assert told == {"numbers": ["stops"]}


async def test_what_is_opened_changes_what_is_made_of_it(world):
    page = Page(world, live.of_course("py"))
    async with aclosing(page.stream):
        task = await listening(world, page)
        await world.say(opened())
        id_, told = await asyncio.wait_for(task, 30)
    assert {"notebooks", "students-by-day", "map", "starts", "summary"} <= set(told["numbers"])
    assert "stops" not in told["numbers"]
    assert live.place_of(id_) == (STREAM, 1)


async def test_a_sample_of_a_machine_changes_its_labs(world):
    page = Page(world, live.of_course("never-sampled"))
    async with aclosing(page.stream):
        task = await listening(world, page)
        await world.say(sampled())
        _, told = await asyncio.wait_for(task, 30)
    assert told == {"numbers": ["labs", "counts"]}


async def test_who_comes_back_hears_what_they_missed(world):
    page = Page(world, live.of_course("py"))
    async with aclosing(page.stream):
        task = await listening(world, page)
        await world.say(opened())
        id_, _ = await asyncio.wait_for(task, 30)
    assert not world.live.listeners
    await world.say(LabStopped(node="n1", course="py", student="ada", generation=1, reason="idle"))
    page = Page(world, live.of_course("py"), id_)
    async with aclosing(page.stream):
        _, told = await asyncio.wait_for(page.next(), 30)
    assert told == {"numbers": ["stops"]}


@pytest.mark.parametrize("last_id", ["1.1", "x", "9" * 30, "99999999999999999.1", "-1.5"])
async def test_who_was_in_another_stream_hears_that_all_may_be_changed(world, last_id):
    page = Page(world, live.of_course("py"), last_id)
    async with aclosing(page.stream):
        _, told = await asyncio.wait_for(page.next(), 30)
    assert {"notebooks", "stops", "labs", "usage"} <= set(told["numbers"])


async def test_a_list_hears_of_the_courses_that_may_be_seen(world):
    page = Page(world, live.of_site(lambda course: course == "py", machines=False))
    async with aclosing(page.stream):
        task = await listening(world, page)
        await world.say(opened("secret"), sampled())
        await world.say(opened("py"))
        _, told = await asyncio.wait_for(task, 30)
    assert told["courses"] == ["py"]
    assert told["nodes"] == []
    assert "courses" in told["numbers"]


async def test_staff_hear_of_machines_too(world):
    page = Page(world, live.of_site(lambda course: True, machines=True))
    async with aclosing(page.stream):
        task = await listening(world, page)
        await world.say(sampled())
        _, told = await asyncio.wait_for(task, 30)
    assert told["nodes"] == ["n1"]
    assert told["numbers"] == ["nodes"]


async def test_much_in_short_is_told_once(world):
    page = Page(world, live.of_course("py"))
    async with aclosing(page.stream):
        task = await listening(world, page)
        await world.say(opened())
        await asyncio.wait_for(task, 30)
        began = asyncio.get_running_loop().time()
        task = asyncio.create_task(page.next())
        for _ in range(20):
            await world.say(opened())
        await asyncio.wait_for(task, 30)
        # the first was told somewhat before it was heard
        assert asyncio.get_running_loop().time() - began >= live.AT_MOST_EVERY_SECONDS / 2


async def test_a_stream_ends_when_its_viewer_may_listen_no_more(world):
    page = Page(world, live.of_course("py"))
    page.allowed = False
    assert await asyncio.wait_for(page.next(), 30) is None


async def test_streams_end_when_the_service_does(world):
    page = Page(world, live.of_course("py"))
    task = await listening(world, page)
    world.live.leave()
    assert await asyncio.wait_for(task, 30) is None


async def test_what_nobody_hears_for_a_while_is_kept_alive(door, monkeypatch):
    monkeypatch.setattr(live, "KEEP_ALIVE_SECONDS", 0.01)
    said = []

    async def may_still():
        return len(said) < 3

    async for chunk in Live(door).follow(live.of_course("py"), "", may_still):
        said.append(chunk)
    assert said == [b"retry: 1000\n\n", b": still here\n\n", b": still here\n\n"]
