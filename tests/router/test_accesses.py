"""What a router remembers of an access while somebody waits for it."""

import asyncio
import time

import pytest

from nbh_kit.bus import BusAway
from nbh_kit.links import Place
from nbh_kit.traces import Traces
from nbh_proto import AccessDenied, AccessProgress, AccessReady
from nbh_router.accesses import Access, Accesses
from nbh_router.patience import Forecast
from nbh_router.ticket import Ticket


def ticket(access="a"):
    place = Place(course="py", notebook="n1", student="ada")
    now = time.time()
    return Ticket(
        access=access, place=place, action="open", platform="m", asked=now, until=now + 60
    )


def progress(stage="booting", about="a"):
    return AccessProgress(about=about, stage=stage)


READY = AccessReady(about="a", capability="1" * 40, notebook="n1.md")


async def test_what_came_before_one_waits_is_not_missed():
    access = Access(ticket())
    seen = access.heard
    access.hear(progress())
    assert await asyncio.wait_for(access.news(seen, 60), 1)


async def test_waiting_ends_when_nothing_comes():
    access = Access(ticket())
    assert not await access.news(access.heard, 0.01)


async def test_everybody_who_waits_is_told():
    access = Access(ticket())
    waiting = [asyncio.create_task(access.news(access.heard, 60)) for _ in range(3)]
    await asyncio.sleep(0)
    access.hear(READY)
    assert await asyncio.wait_for(asyncio.gather(*waiting), 1) == [True] * 3


async def test_what_has_ended_does_not_change_any_more():
    access = Access(ticket())
    access.hear(READY)
    access.hear(AccessDenied(about="a", reason="internal"))
    access.hear(progress())
    assert (access.outcome, access.progress) == (READY, None)


async def test_without_a_bus_nothing_can_be_asked_and_nothing_is_remembered():
    accesses = Accesses(Forecast(), Traces("router"))
    for _ in range(2):
        with pytest.raises(BusAway):
            await accesses.ask(ticket())


async def test_an_access_is_asked_for_once(provisioner):
    accesses = Accesses(Forecast(), Traces("router"))
    async with accesses.connected(provisioner.bus):
        one = ticket()
        both = await asyncio.gather(accesses.ask(one), accesses.ask(one))
        assert both[0] is both[1]
        await accesses.ask(ticket("b"))
        await provisioner.hears(2)
    assert [a.access for a in provisioner.heard] == ["a", "b"]


async def test_a_start_is_remembered_for_the_next_one_and_a_running_lab_is_not(provisioner):
    forecast = Forecast()
    accesses = Accesses(forecast, Traces("router"))
    async with accesses.connected(provisioner.bus):
        await accesses.ask(ticket())
        accesses.hear(READY)
        assert forecast.longest("py") is None
        await accesses.ask(ticket("b"))
        accesses.hear(progress(about="b"))
        accesses.hear(AccessReady(about="b", capability="1" * 40, notebook="n1.md"))
        assert forecast.longest("py") is not None
