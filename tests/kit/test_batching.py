"""The promises of following a stream in batches, on a real nats-server."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from nbh_kit import bus as buses
from nbh_kit.batching import Batch, Refusal, follow
from nbh_kit.testing import eventually, free_port, nats_server
from nbh_proto import CoursePublished, DeadLetter
from nbh_proto.streams import DEAD, EVENTS


def published(n: int) -> CoursePublished:
    return CoursePublished(course="py", commit=f"{n:040}", notebooks=n, seconds=0.5)


async def tell(bus, numbers):
    for n in numbers:
        await bus.tell(published(n))


class Store:
    """Keeps whole batches by the stream they are of, and says how far it has come."""

    def __init__(self):
        self.streams = {}
        self.sizes = []
        self.trouble = []
        """Raised one by one, before a batch is kept."""
        self.lost = []
        """Raised one by one, after a batch is kept: the follower does not hear that it was."""
        self.refuses = ()

    async def keep(self, batch: Batch):
        if self.trouble:
            raise self.trouble.pop()
        self.streams.setdefault(batch.stream, []).extend(m.sequence for m in batch.messages)
        self.sizes.append(len(batch.messages))
        if self.lost:
            raise self.lost.pop()
        return [Refusal(m, "not wanted") for m in batch.messages if m.sequence in self.refuses]

    async def kept(self, stream) -> int:
        return max(self.streams.get(stream, [0]))

    @property
    def all(self):
        return [sequence for kept in self.streams.values() for sequence in kept]


@pytest.fixture
def store():
    return Store()


def following(bus, store, rows=10, within=0.01):
    return follow(bus, EVENTS, "test", store.keep, store.kept, rows=rows, within=within)


async def test_every_message_is_handed_over_once_and_in_order(bus, store):
    await tell(bus, range(25))
    async with following(bus, store):
        await eventually(lambda: len(store.all) == 25)
        await tell(bus, range(25, 60))
        await eventually(lambda: len(store.all) == 60)
    assert store.all == list(range(1, 61))


async def test_a_batch_has_no_more_than_was_asked_for(bus, store):
    await tell(bus, range(25))
    async with following(bus, store):
        await eventually(lambda: len(store.all) == 25)
    assert store.sizes == [10, 10, 5]


async def test_one_who_comes_back_goes_on_after_what_is_kept(bus, store):
    await tell(bus, range(12))
    async with following(bus, store):
        await eventually(lambda: len(store.all) == 12)
    await tell(bus, range(12, 20))
    async with following(bus, store):
        await eventually(lambda: len(store.all) == 20)
    assert store.all == list(range(1, 21))


async def test_a_store_that_was_emptied_is_filled_again(bus, store):
    await tell(bus, range(12))
    async with following(bus, store):
        await eventually(lambda: len(store.all) == 12)
    store.streams.clear()
    async with following(bus, store):
        await eventually(lambda: len(store.all) == 12)
    assert store.all == list(range(1, 13))


async def test_a_batch_that_could_not_be_kept_comes_again(bus, store):
    store.trouble = [OSError("disk full"), OSError("disk full")]
    await tell(bus, range(25))
    async with following(bus, store):
        await eventually(lambda: len(store.all) == 25)
    assert store.all == list(range(1, 26))


async def test_a_batch_that_was_kept_though_it_seemed_not_comes_no_second_time(bus, store):
    store.lost = [TimeoutError("no answer")]
    await tell(bus, range(25))
    async with following(bus, store):
        await eventually(lambda: len(store.all) >= 25)
    assert store.all == list(range(1, 26))


async def test_what_is_refused_becomes_a_dead_letter_with_its_reason(bus, store):
    store.refuses = (2,)
    await tell(bus, range(3))
    dead = await bus.js.pull_subscribe(DeadLetter.pattern(), stream=DEAD.name)
    async with following(bus, store):
        (raw,) = await dead.fetch(1, timeout=5)
        await eventually(lambda: len(store.all) == 3)
    assert b'"reason":"not wanted"' in raw.data
    assert b'"sequence":2' in raw.data


async def test_the_server_knows_how_far_the_follower_is(bus, store):
    await tell(bus, range(12))
    async with following(bus, store):

        async def caught_up():
            info = await bus.js.consumer_info(EVENTS.name, "test")
            return info.num_pending == 0 and info.num_ack_pending == 0

        await eventually(caught_up)


async def test_the_server_is_told_once_a_batch_is_kept_and_not_before(bus, store):
    may_end, keep = asyncio.Event(), store.keep

    async def keep_late(batch):
        await may_end.wait()
        return await keep(batch)

    async def waiting():
        return (await bus.js.consumer_info(EVENTS.name, "test")).num_ack_pending

    store.keep = keep_late
    await tell(bus, range(3))
    async with following(bus, store):
        await eventually(waiting)
        await bus.client.flush()  # what was said is heard by now
        assert await waiting() == 3
        may_end.set()
        await eventually(lambda: _is_zero(waiting))


async def _is_zero(number):
    return await number() == 0


async def test_a_restart_of_nats_loses_nothing(tmp_path, store):
    port = free_port()
    async with AsyncExitStack() as stack:
        async with nats_server(tmp_path, port=port) as url:
            bus = await stack.enter_async_context(buses.connect(url, name="test"))
            await stack.enter_async_context(following(bus, store))
            await tell(bus, range(15))
            await eventually(lambda: len(store.all) == 15)
        async with nats_server(tmp_path, port=port):
            await eventually(lambda: bus.is_connected)
            await tell(bus, range(15, 30))
            await eventually(lambda: len(store.all) == 30)
            assert store.all == list(range(1, 31))
            await stack.aclose()


async def test_a_stream_that_was_lost_and_made_again_is_followed_from_its_start(tmp_path, store):
    port = free_port()
    async with AsyncExitStack() as stack:
        async with nats_server(tmp_path / "lost", port=port) as url:
            bus = await stack.enter_async_context(buses.connect(url, name="test"))
            await stack.enter_async_context(following(bus, store))
            await tell(bus, range(15))
            await eventually(lambda: len(store.all) == 15)
        async with nats_server(tmp_path / "new", port=port):
            await eventually(lambda: bus.is_connected)
            await eventually(lambda: bus.js.stream_info(EVENTS.name))
            await tell(bus, range(100, 103))
            await eventually(lambda: len(store.all) == 18)
            assert list(store.streams.values()) == [list(range(1, 16)), [1, 2, 3]]
            await stack.aclose()
