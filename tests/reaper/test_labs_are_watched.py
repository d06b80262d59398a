"""The reaper watches stub labs (which say what a test tells them) with a clock that runs fast."""

from datetime import timedelta

import msgspec
import pytest

from nbh_kit.testing import eventually
from nbh_proto import FreezeLab, LabStopAnnounced, LabStopWithdrawn, StopLab
from tests.reaper.clocks import FastClock
from tests.reaper.stub import StubLab
from tests.reaper.watching import HOUR, LIMITS, MINUTE, repeating, watching


@pytest.fixture
def clock():
    """Fifty minutes in a second."""
    return FastClock(3000)


async def until(clock, at):
    """The clock shows so many seconds."""
    await eventually(lambda: clock.now().at >= at, within=60)


async def test_a_lab_that_nobody_uses_is_frozen_when_it_is_due():
    clock = FastClock(300)
    stub = StubLab(clock)
    stub.run(busy=False)
    began = clock.now().at
    async with watching(clock, stub) as seen:
        [(at, command)] = await eventually(lambda: seen.of(FreezeLab))
    assert command.reason == "idle"
    assert abs((command.idle_since - stub.last_activity).total_seconds()) < 1
    assert 10 * MINUTE <= at - began < 10 * MINUTE + 0.2 * clock.speed


async def test_a_frozen_lab_is_asked_nothing_and_stopped_when_its_idle_time_is_over(clock):
    stub = StubLab(clock)
    stub.run(busy=False)
    began = clock.now().at
    async with watching(clock, stub) as seen:
        await eventually(lambda: seen.of(FreezeLab))
        asked = stub.asked
        [(at, command)] = await eventually(lambda: seen.of(StopLab), within=60)
        assert stub.asked == asked
        assert command.reason == "idle"
        assert command.generation == 1
        assert at - began >= 2 * HOUR
        first, last = (told for told, _ in seen.of(LabStopAnnounced))
        assert at - first == pytest.approx(10 * MINUTE, abs=120)
        assert at - last == pytest.approx(MINUTE, abs=120)


async def test_a_busy_kernel_is_left_alone_though_its_page_is_closed(clock):
    stub = StubLab(clock)
    stub.run(busy=True)
    async with watching(clock, stub) as seen:
        await until(clock, 3 * HOUR)
        assert seen.told == []
        stub.run(busy=False)
        await eventually(lambda: seen.of(FreezeLab))


async def test_an_open_terminal_is_left_alone(clock):
    stub = StubLab(clock)
    stub.open_terminal()
    async with watching(clock, stub) as seen:
        await until(clock, 3 * HOUR)
        assert seen.told == []


async def test_an_upload_is_activity(clock):
    stub = StubLab(clock)
    stub.run(busy=False)
    stub.connect()
    with repeating(clock, MINUTE, stub.save):
        async with watching(clock, stub) as seen:
            await until(clock, 3 * HOUR)
            assert seen.told == []


async def test_a_page_that_is_merely_open_is_warned_and_its_lab_stopped(clock):
    stub = StubLab(clock)
    stub.run(busy=False)
    stub.connect()
    async with watching(clock, stub) as seen:
        with repeating(clock, MINUTE, stub.use):
            await eventually(lambda: seen.of(StopLab), within=30)
        assert seen.stopped() == ["idle"]
        assert [said.last for said in seen.announced()] == [False, True]
        assert seen.of(FreezeLab) == []


async def test_who_comes_back_is_not_stopped(clock):
    stub = StubLab(clock)
    stub.run(busy=False)
    stub.connect()
    async with watching(clock, stub) as seen:
        await eventually(lambda: seen.announced(), within=30)
        stub.run(busy=False)
        await eventually(lambda: seen.of(LabStopWithdrawn))
        assert seen.stopped() == []


async def test_an_old_lab_is_stopped_whatever_it_does_and_was_announced(clock):
    stub = StubLab(clock)
    stub.run(busy=True)
    limits = msgspec.structs.replace(LIMITS, age=HOUR)
    async with watching(clock, stub, limits=limits) as seen:
        [(at, _)] = await eventually(lambda: seen.of(StopLab), within=30)
        assert seen.stopped() == ["age"]
        assert at >= HOUR
        assert [said.reason for said in seen.announced()] == ["age", "age"]


async def test_a_lab_that_is_gone_without_a_word_is_asked_twice_and_stopped():
    clock = FastClock(60)
    stub = StubLab(clock)
    async with watching(clock) as seen:
        stub.address = "127.0.0.1:1"
        began = clock.now().at
        seen.show(stub)
        [(at, _)] = await eventually(lambda: seen.of(StopLab))
        assert seen.stopped() == ["unreachable"]
        assert at - began >= LIMITS.grace


async def test_when_most_labs_are_silent_none_is_stopped_for_it(clock):
    stubs = [StubLab(clock, student=f"s{n}") for n in range(10)]
    async with watching(clock) as seen:
        for stub in stubs:
            stub.address = "127.0.0.1:1"
            seen.show(stub)
        await until(clock, clock.now().at + HOUR)
        assert seen.told == []


@pytest.mark.parametrize("hours", [1, -1])
async def test_a_clock_that_jumps_makes_no_lab_idle_earlier_or_later(hours):
    clock = FastClock(300)
    stubs = [StubLab(clock, student=f"s{n}") for n in range(5)]
    for stub in stubs:
        stub.run(busy=False)
    async with watching(clock, *stubs) as seen:
        for stub in stubs:  # they have been running for a day, nearly
            seen.show(stub, generation=2, since=clock.now().day - timedelta(hours=20))
        await eventually(
            lambda: all(k.generation == 2 and k.seen for _, k in seen.reaper.labs()), within=5
        )
        clock.jump(hours=hours)
        seen.reaper.reconsider()
        await eventually(lambda: len(seen.of(FreezeLab)) == 5)
    for at, _ in seen.told:
        assert at == pytest.approx(10 * MINUTE, abs=MINUTE)


async def test_nothing_is_decided_right_after_a_clock_has_jumped():
    clock = FastClock(60)
    stub = StubLab(clock)
    stub.run(busy=False)
    limits = msgspec.structs.replace(LIMITS, freeze=20.0)
    async with watching(clock, stub, limits=limits) as seen:
        await eventually(lambda: stub.asked >= 4)
        clock.jump(hours=1)
        jumped = clock.now().at
        seen.reaper.reconsider()
        [(at, _)] = await eventually(lambda: seen.of(FreezeLab))
        assert at - jumped >= 30


async def test_a_mass_of_stops_is_spread_over_minutes():
    clock = FastClock(600)
    stubs = [StubLab(clock, student=f"s{n}") for n in range(30)]
    limits = msgspec.structs.replace(LIMITS, age=20 * MINUTE)
    async with watching(clock, *stubs, limits=limits, stops_a_minute=5) as seen:
        await eventually(lambda: len(seen.of(StopLab)) == 30, within=30)
    times = [at for at, _ in seen.of(StopLab)]
    assert all(sum(at <= other < at + 59 for other in times) <= 5 for at in times)


async def test_limits_that_change_hold_at_once(clock):
    stub = StubLab(clock)
    stub.run(busy=False)
    async with watching(clock, stub) as seen:
        await eventually(lambda: stub.asked > 2)
        seen.limits = msgspec.structs.replace(LIMITS, freeze=MINUTE)
        seen.reaper.reconsider()
        [(at, _)] = await eventually(lambda: seen.of(FreezeLab))
        assert at < 5 * MINUTE


async def test_a_lab_of_the_pool_is_not_asked(clock):
    stub = StubLab(clock)
    async with watching(clock) as seen, stub.serving():
        seen.show(stub, state="pooled", student="")
        await until(clock, clock.now().at + HOUR)
        assert stub.asked == 0
        assert seen.told == []
