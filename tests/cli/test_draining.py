"""`nbh drain` on a system that runs: what students see, what an operator reads (E-6)."""

import os
import signal
from datetime import UTC, datetime, timedelta

import httpx2
import pytest

from nbh_cli.commands.drain import when
from nbh_cli.sorry import Sorry
from nbh_kit.testing import eventually
from tests.e2e.student import Student
from tests.system import Failed, running_system

AT = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)


async def status_of(url):
    async with httpx2.AsyncClient(trust_env=False, timeout=30) as browser:
        return (await browser.get(url)).status_code


async def test_nobody_new_gets_a_lab_whatever_is_started_again_until_it_is_over(tmp_path):
    async with running_system(tmp_path, engine="memory") as system:
        await system.new_course("lesson")
        ada, bob = (system.link("lesson", "w1/first", who) for who in ("ada", "bob"))
        there = Student(ada)
        await there.open()
        said = await system.nbh("drain", "--reason", "a new disk", "--back", "2h")
        assert "node1 gives labs to nobody new. Labs that go on: 1." in said
        assert await eventually(lambda: _is(503, bob))
        screen = await system.nbh("status")
        assert "node1  nobody new since" in screen
        assert "a new disk" in screen
        for part in ("nats", "router", "provisioner", "reaper"):
            await _kill(system, part)
        assert await eventually(lambda: _is(302, ada), within=30)
        assert await status_of(bob) == 503
        await there.open()
        await there.close()
        with pytest.raises(Failed, match="there is no node 'x'; there is node1"):
            await system.nbh("drain", "x")
        assert "takes everybody again" in await system.nbh("drain", "--off")
        assert await eventually(lambda: _is(302, bob), within=30)
        assert "it was not being drained" in await system.nbh("drain", "--off")


async def _is(status, url):
    return await status_of(url) == status


async def _kill(system, part):
    before = system.pid(part)
    os.kill(before, signal.SIGKILL)
    await eventually(lambda: system.pid(part) not in (None, before), within=30)


@pytest.mark.parametrize(
    ("text", "later"),
    [("2h", 2 * 60), ("90m", 90), ("2026-11-27T10:30+00:00", 90), ("2026-11-28T09:00Z", 1440)],
)
def test_when_it_should_be_over_is_read_as_people_write_it(text, later):
    assert when(text, AT) == AT + timedelta(minutes=later)


def test_a_time_of_day_is_the_next_one_on_this_machines_clock():
    for minutes in (5, -5):
        local = (AT + timedelta(minutes=minutes)).astimezone()
        found = when(f"{local:%H:%M}", AT)
        assert found.astimezone().time() == local.time()
        assert timedelta() < found - AT <= timedelta(days=1)


@pytest.mark.parametrize("text", ["soon", "25:00", "2026-11-27T08:00Z", "1 fortnight"])
def test_what_is_no_time_to_come_is_refused(text):
    with pytest.raises(Sorry):
        when(text, AT)
