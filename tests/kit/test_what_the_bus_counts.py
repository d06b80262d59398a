"""What is counted of messages, on a real nats-server (E-2)."""

import asyncio

from nbh_kit.batching import follow
from nbh_kit.consuming import consume
from nbh_kit.testing import eventually
from nbh_proto import CoursePublished, PullCourse
from nbh_proto.streams import COMMANDS, EVENTS


def published(**more):
    return CoursePublished(course="py", commit="c" * 40, notebooks=3, seconds=0.5, **more)


def handled(bus, consumer, outcome):
    counter = bus.metrics.counter("nbhosting_messages_handled_total", "", consumer=(), outcome=())
    return counter.value(consumer, outcome)


def waiting(bus, stream, consumer):
    gauge = bus.metrics.gauge("nbhosting_consumer_waiting_messages", "", stream=(), consumer=())
    return gauge.value(stream, consumer)


async def test_what_is_told_is_heard_once_though_it_is_said_again(bus):
    heard = []
    bus.at_each_telling(heard.append)
    event = published()
    for _ in range(3):
        await bus.tell(event)
    await bus.tell(published())
    assert len(heard) == 2
    assert heard[0] == event


async def test_messages_are_counted_by_how_their_handling_ended(bus):
    tries = []

    async def handle(command):
        tries.append(command)
        if len(tries) == 1:
            raise ValueError("once")

    async with consume(bus, COMMANDS, "test", [PullCourse], handle):
        await bus.tell(PullCourse(course="py"))
        await eventually(lambda: handled(bus, "test", "done") == 1)
        assert handled(bus, "test", "failed") == 1
        await bus.client.publish(PullCourse(course="py").address, b"{")
        await eventually(lambda: handled(bus, "test", "buried") == 1)


async def test_a_consumer_says_how_many_messages_wait_for_it(bus):
    release = asyncio.Event()

    async def handle(_):
        await release.wait()

    consuming = consume(
        bus, EVENTS, "slow", [CoursePublished], handle, in_flight=1, look_every=0.05
    )
    async with consuming:
        try:
            for _ in range(4):
                await bus.tell(published())
            await eventually(lambda: waiting(bus, "EVENTS", "slow") == 3)
        finally:
            release.set()
        await eventually(lambda: waiting(bus, "EVENTS", "slow") == 0)


async def test_who_follows_in_batches_says_how_many_wait_for_the_next_one(bus):
    for _ in range(5):
        await bus.tell(published())
    release, kept = asyncio.Event(), []

    async def keep(batch):
        await release.wait()
        kept.extend(batch.messages)
        return []

    async def resume_after(_):
        return len(kept)

    async with follow(bus, EVENTS, "test", keep, resume_after, rows=2, within=0.01):
        try:
            await eventually(lambda: waiting(bus, "EVENTS", "test") == 3)
        finally:
            release.set()
        await eventually(lambda: waiting(bus, "EVENTS", "test") == 0)
        await eventually(lambda: len(kept) == 5)
